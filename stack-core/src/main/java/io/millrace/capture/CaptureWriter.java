package io.millrace.capture;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes Ethernet packets to a pcapng file of one interface, with times in nanoseconds and each
 * packet's direction.
 *
 * <p>Packets are collected in 1 MiB of off-heap memory and written when that is full, by {@link
 * #flush()} and by {@link #close()}; only whole blocks are ever written, so the file can be opened
 * while it grows. If the disk is full the file is cut back to its last whole block. <b>Thread:</b>
 * one at a time. Writing a packet allocates nothing.
 */
public final class CaptureWriter implements AutoCloseable {
  /** The most bytes of one packet that are kept. */
  public static final int MAX_SNAP_LENGTH = CaptureFormat.MAX_PACKET;

  private static final int BUFFER = 1 << 20;
  private static final int ENHANCED_PACKET = 6;
  private static final int INTERFACE = 1;

  /** Framing, fixed fields, and the options: flags and the end mark. */
  private static final int PACKET_OVERHEAD = 12 + 20 + 8 + 4;

  private static final int MAX_NAME = 256;

  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
  private final long base = MemorySegment.ofBuffer(buffer).address();
  private final int snapLength;
  private int used;
  private long packets;

  private CaptureWriter(FileChannel channel, int snapLength) {
    this.channel = channel;
    this.snapLength = snapLength;
  }

  /**
   * Creates the file, or empties it, and writes its head.
   *
   * @param interfaceName what Wireshark shows as the packets' interface
   * @param snapLength the most bytes of a packet to keep, 1 to {@link #MAX_SNAP_LENGTH}
   * @throws IOException with one sentence if the file cannot be written
   */
  public static CaptureWriter create(Path file, String interfaceName, int snapLength)
      throws IOException {
    if (snapLength < 1 || snapLength > MAX_SNAP_LENGTH) {
      throw new IllegalArgumentException(
          "snap length " + snapLength + " is not between 1 and " + MAX_SNAP_LENGTH);
    }
    CaptureWriter writer = new CaptureWriter(openChannel(file), snapLength);
    try {
      writer.head(interfaceName);
      writer.flush();
      return writer;
    } catch (IOException e) {
      writer.channel.close();
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  /** Creates the file with the largest snap length. */
  public static CaptureWriter create(Path file, String interfaceName) throws IOException {
    return create(file, interfaceName, MAX_SNAP_LENGTH);
  }

  private static FileChannel openChannel(Path file) throws IOException {
    try {
      return FileChannel.open(
          file,
          StandardOpenOption.WRITE,
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING);
    } catch (NoSuchFileException e) {
      throw new IOException("cannot write " + file + ": there is no such directory", e);
    } catch (AccessDeniedException e) {
      throw new IOException("this user may not write " + file, e);
    } catch (IOException e) {
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private void head(String interfaceName) {
    long start = base;
    long at = start;
    Bytes.put32Native(at, PcapngFormat.SECTION_HEADER);
    Bytes.put32Native(at + 8, 0x1a2b3c4d);
    Bytes.put16Native(at + 12, 1);
    Bytes.put16Native(at + 14, 0);
    Bytes.put64Native(at + 16, -1L); // the section's length is not known
    at = option(at + 24, 4, "Millrace"); // shb_userappl
    start = finish(start, at);

    at = start;
    Bytes.put32Native(at, INTERFACE);
    Bytes.put16Native(at + 8, CaptureFormat.LINK_TYPE_ETHERNET);
    Bytes.put16Native(at + 10, 0);
    Bytes.put32Native(at + 12, snapLength);
    at = option(at + 16, 2, interfaceName); // if_name
    Bytes.put16Native(at, 9); // if_tsresol
    Bytes.put16Native(at + 2, 1);
    Bytes.put32Native(at + 4, 0);
    Bytes.put8(at + 4, 9); // 10^-9 s
    finish(start, at + 8);
  }

  private static long option(long at, int code, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, MAX_NAME);
    Bytes.put16Native(at, code);
    Bytes.put16Native(at + 2, length);
    Bytes.put32Native(at + 4 + (length & ~3), 0);
    Bytes.copyIn(bytes, 0, at + 4, length);
    return at + 4 + padded(length);
  }

  /**
   * Ends the options and the block that began at {@code start}; returns where the next one begins.
   */
  private long finish(long start, long at) {
    Bytes.put32Native(at, 0);
    int total = (int) (at + 8 - start);
    Bytes.put32Native(start + 4, total);
    Bytes.put32Native(at + 4, total);
    used += total;
    return start + total;
  }

  private static int padded(int length) {
    return length + 3 & ~3;
  }

  /**
   * Adds a packet: the frame's bytes and its tail's. The frame stays the caller's.
   *
   * @param time nanoseconds since 1970
   */
  public void write(long time, Direction direction, Frame frame) throws IOException {
    int total = frame.totalLength();
    long data = begin(time, total);
    int own = Math.min(frame.length(), snapLength);
    Bytes.copy(frame.address(), data, own);
    int tail = Math.min(frame.tailLength(), snapLength - own);
    if (tail > 0) {
      Bytes.copy(frame.tailAddress(), data + own, tail);
    }
    end(data, direction, total);
  }

  /**
   * Adds a packet.
   *
   * @param time nanoseconds since 1970
   */
  public void write(long time, Direction direction, long address, int length) throws IOException {
    long data = begin(time, length);
    Bytes.copy(address, data, Math.min(length, snapLength));
    end(data, direction, length);
  }

  /**
   * Adds a packet.
   *
   * @param time nanoseconds since 1970
   */
  public void write(long time, Direction direction, byte[] packet) throws IOException {
    long data = begin(time, packet.length);
    Bytes.copyIn(packet, 0, data, Math.min(packet.length, snapLength));
    end(data, direction, packet.length);
  }

  private long begin(long time, int length) throws IOException {
    int captured = Math.min(length, snapLength);
    if (used + PACKET_OVERHEAD + padded(captured) > BUFFER) {
      flush();
    }
    long at = base + used;
    Bytes.put32Native(at, ENHANCED_PACKET);
    Bytes.put32Native(at + 8, 0);
    Bytes.put32Native(at + 12, (int) (time >>> 32));
    Bytes.put32Native(at + 16, (int) time);
    Bytes.put32Native(at + 20, captured);
    Bytes.put32Native(at + 24, length);
    long data = at + 28;
    for (int i = captured; i < padded(captured); i++) {
      Bytes.put8(data + i, 0);
    }
    return data;
  }

  private void end(long data, Direction direction, int length) {
    long at = data + padded(Math.min(length, snapLength));
    Bytes.put16Native(at, 2); // epb_flags
    Bytes.put16Native(at + 2, 4);
    Bytes.put32Native(at + 4, direction.flags());
    finish(data - 28, at + 8);
    packets++;
  }

  /** Packets added so far. */
  public long packets() {
    return packets;
  }

  /** Whether something was added that the file does not have yet. */
  public boolean hasUnwritten() {
    return used != 0;
  }

  /**
   * Writes what has been collected; afterwards the file is whole.
   *
   * @throws IOException if it cannot be written; what was collected is lost, the file ends with a
   *     whole block
   */
  public void flush() throws IOException {
    if (used == 0) {
      return;
    }
    buffer.clear().limit(used);
    used = 0;
    int before = buffer.position();
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      cutBack(buffer.position() - before, e);
      throw e;
    }
  }

  private void cutBack(int partial, IOException cause) {
    if (partial == 0) {
      return;
    }
    try {
      channel.truncate(channel.position() - partial);
    } catch (IOException e) {
      cause.addSuppressed(e); // A pipe cannot be cut; its reader has the blocks before.
    }
  }

  /** Writes what has been collected and closes the file. */
  @Override
  public void close() throws IOException {
    try {
      flush();
    } finally {
      channel.close();
    }
  }
}
