package io.millrace.apps.http;

import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The bytes of a page or file, off-heap, so that they are sent without a copy: parts of at most 1
 * GiB.
 *
 * <p>A file of at most {@link #SMALL} bytes is read; a larger one is mapped with the size that it
 * has now, so a file that grows is served as it was. A mapped file must not be cut short while it
 * is served: whoever replaces one writes a new file and renames it. (Should it happen, the access
 * faults, the JVM reports it as an error in the shard, and that response breaks off.)
 *
 * <p>Counted like a buffer: the maker holds one reference; the memory goes back when that and all
 * transports' are gone. <b>Thread:</b> the shard's.
 */
final class Content {
  /** Files up to this size in bytes are read into memory. */
  static final int SMALL = 64 << 10;

  private static final long PART = 1L << 30;

  private final long size;
  private final Buffer[] parts;
  private final Arena arena;
  private int references = 1;
  private int partsHeld;

  /**
   * @param arena what to close when the memory is not used any more; null if it stays
   */
  private Content(MemorySegment bytes, Arena arena) {
    this.size = bytes.byteSize();
    this.arena = arena;
    this.parts = new Buffer[(int) ((size + PART - 1) / PART)];
    this.partsHeld = parts.length;
    for (int i = 0; i < parts.length; i++) {
      long from = i * PART;
      MemorySegment part = bytes.asSlice(from, Math.min(PART, size - from));
      parts[i] = WrappedBuffer.of(part, this::partReleased);
    }
  }

  /** Memory that stays valid for as long as the program runs. */
  static Content of(MemorySegment bytes) {
    return new Content(bytes, null);
  }

  /** The file as it is now. */
  static Content open(Path file) throws IOException {
    Arena arena = newArena();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      MemorySegment bytes =
          size <= SMALL
              ? read(channel, arena.allocate(size))
              : channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      return new Content(bytes, arena);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  // It is closed when the last part is released, whichever connection that was lent to.
  @SuppressWarnings("MustBeClosedChecker")
  private static Arena newArena() {
    return Arena.ofShared();
  }

  private static MemorySegment read(FileChannel channel, MemorySegment to) throws IOException {
    ByteBuffer buffer = to.asByteBuffer();
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("the file became shorter while it was read");
      }
    }
    return to;
  }

  /** The size in bytes. */
  long size() {
    return size;
  }

  /** The part that holds byte {@code at}. */
  Buffer part(long at) {
    return parts[(int) (at / PART)];
  }

  /** Where byte {@code at} is in its part. */
  int offsetInPart(long at) {
    return (int) (at % PART);
  }

  void retain() {
    references++;
  }

  void release() {
    if (--references > 0) {
      return;
    }
    if (parts.length == 0 && arena != null) {
      arena.close();
    }
    for (Buffer part : parts) {
      part.release();
    }
  }

  private void partReleased() {
    if (--partsHeld == 0 && arena != null) {
      arena.close();
    }
  }
}
