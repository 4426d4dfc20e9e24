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
 * has now, so a file that grows is served as it was. Whoever replaces a file should write a new one
 * and rename it. A mapped file that is cut short in place must not be read behind its new end,
 * which would fault: {@link #hasShrunk()} is asked before each slice of it goes to TCP. What is
 * queued there at that moment can still fault; the JVM then reports an error in the shard, and the
 * connection ends.
 *
 * <p>Counted like a buffer: the maker holds one reference; the memory goes back when that and all
 * transports' are gone. <b>Thread:</b> the shard's.
 */
final class Content {
  /** Files up to this size in bytes are read into memory. */
  static final int SMALL = 64 << 10;

  private static final long PART = 1L << 30;

  private final long size;
  private final WrappedBuffer[] parts;
  private final Arena arena;

  /** The mapped file, to look at its size; null if it was read. */
  private final FileChannel mapped;

  private int references = 1;
  private int partsHeld;

  /**
   * @param arena what to close when the memory is not used any more; null if it stays
   * @param mapped the file that the memory is, or null; it is closed with the arena
   */
  private Content(MemorySegment bytes, Arena arena, FileChannel mapped) {
    this.size = bytes.byteSize();
    this.arena = arena;
    this.mapped = mapped;
    this.parts = new WrappedBuffer[(int) ((size + PART - 1) / PART)];
    this.partsHeld = parts.length;
    for (int i = 0; i < parts.length; i++) {
      long from = i * PART;
      MemorySegment part = bytes.asSlice(from, Math.min(PART, size - from));
      parts[i] = WrappedBuffer.of(part, this::partReleased);
    }
  }

  /** Memory that stays valid for as long as the program runs. */
  static Content of(MemorySegment bytes) {
    return new Content(bytes, null, null);
  }

  /** The file as it is now. */
  static Content open(Path file) throws IOException {
    Arena arena = newArena();
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      long size = channel.size();
      if (size > SMALL) {
        MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
        return new Content(bytes, arena, channel);
      }
      Content content = new Content(read(channel, arena.allocate(size)), arena, null);
      channel.close();
      return content;
    } catch (IOException | RuntimeException e) {
      arena.close();
      if (channel != null) {
        channel.close();
      }
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

  /** Whether the file has become shorter since it was mapped, so that its end cannot be read. */
  boolean hasShrunk() {
    try {
      return mapped != null && mapped.size() < size;
    } catch (IOException e) {
      return true;
    }
  }

  /** Whether reading it may wait for the disk. */
  boolean isMapped() {
    return mapped != null;
  }

  /** The memory of its first part; it stays for as long as a reference is held. */
  MemorySegment beginning() {
    return parts[0].segment();
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
    if (parts.length == 0) {
      free();
    }
    for (WrappedBuffer part : parts) {
      part.release();
    }
  }

  private void partReleased() {
    if (--partsHeld == 0) {
      free();
    }
  }

  private void free() {
    if (arena != null) {
      arena.close();
    }
    if (mapped != null) {
      try {
        mapped.close();
      } catch (IOException e) {
        // It was only read.
      }
    }
  }
}
