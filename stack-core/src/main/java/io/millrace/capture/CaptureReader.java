package io.millrace.capture;

import io.millrace.buf.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads a capture file of Ethernet packets from start to end: pcap (both byte orders, microseconds
 * or nanoseconds) or pcapng (sections of both byte orders, any time resolution; blocks without
 * packets are skipped).
 *
 * <pre>{@code
 * try (CaptureReader in = CaptureReader.open(Path.of("in.pcapng"))) {
 *   while (in.next()) {
 *     in.copyTo(address);
 *   }
 * }
 * }</pre>
 *
 * <p>The file is not trusted: whatever it holds, a method returns or throws an {@link IOException}
 * whose message is one sentence with the file's name and the position. Memory use is bounded, about
 * 1 MiB; reading a packet allocates nothing. <b>Thread:</b> one at a time.
 */
public final class CaptureReader implements AutoCloseable {
  private final CaptureInput input;
  private final CaptureFormat format;

  private CaptureReader(CaptureInput input, CaptureFormat format) {
    this.input = input;
    this.format = format;
  }

  /**
   * Opens a file and reads its header.
   *
   * @throws IOException with one sentence if there is no such file, or it is neither pcap nor
   *     pcapng, or not of Ethernet
   */
  public static CaptureReader open(Path file) throws IOException {
    InputStream in;
    try {
      in = Files.newInputStream(file);
    } catch (NoSuchFileException e) {
      throw new IOException("there is no file " + file, e);
    } catch (AccessDeniedException e) {
      throw new IOException("this user may not read " + file, e);
    } catch (IOException e) {
      throw new IOException("cannot read " + file + ": " + e.getMessage(), e);
    }
    try {
      return of(in, file.toString());
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  /**
   * Reads a capture from a stream, which {@link #close()} closes.
   *
   * @param name what error messages call it
   */
  public static CaptureReader of(InputStream in, String name) throws IOException {
    CaptureInput input = new CaptureInput(in, name);
    if (input.atEnd()) {
      throw input.refused("is empty");
    }
    input.bigEndian(true);
    int magic = (int) input.u32("the file header");
    return new CaptureReader(input, format(input, magic));
  }

  private static CaptureFormat format(CaptureInput input, int magic) throws IOException {
    if (magic == PcapngFormat.SECTION_HEADER) {
      return new PcapngFormat(input);
    }
    boolean little = isPcap(Integer.reverseBytes(magic));
    int own = little ? Integer.reverseBytes(magic) : magic;
    if (!isPcap(own)) {
      throw input.refused("is neither a pcap nor a pcapng file");
    }
    input.bigEndian(!little);
    return new PcapFormat(input, own == PcapFormat.NANOSECONDS);
  }

  private static boolean isPcap(int magic) {
    return magic == PcapFormat.MICROSECONDS || magic == PcapFormat.NANOSECONDS;
  }

  /**
   * Moves to the next packet, which the accessors then describe; false at the end of the file.
   *
   * @throws IOException if the file is damaged or truncated, or cannot be read
   */
  public boolean next() throws IOException {
    return format.next();
  }

  /**
   * When the packet was captured, in nanoseconds since 1970; a packet without time has that of the
   * one before.
   */
  public long time() {
    return format.time;
  }

  /** The bytes that are there, 0 to 262,144. */
  public int length() {
    return format.length;
  }

  /**
   * The bytes that the packet had on the wire, 0 to 2^32-1; more than {@link #length()} if it was
   * cut.
   */
  public long originalLength() {
    return format.originalLength;
  }

  /** Which way the packet went. */
  public Direction direction() {
    return format.direction;
  }

  /** The interface of the present section that captured the packet, from 0. */
  public int interfaceId() {
    return format.interfaceId;
  }

  /** Packets read so far. */
  public long packets() {
    return format.packets;
  }

  /**
   * Copies the packet's {@link #length()} bytes to {@code address}, where the caller has made sure
   * of the room.
   */
  public void copyTo(long address) {
    Bytes.copyIn(format.data, format.offset, address, format.length);
  }

  /** The packet's bytes in a new array. */
  public byte[] toByteArray() {
    return Arrays.copyOfRange(format.data, format.offset, format.offset + format.length);
  }

  @Override
  public void close() throws IOException {
    input.close();
  }
}
