package io.millrace.buf;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/**
 * An application's own off-heap memory as a {@link Buffer}, so that it can be sent without a copy:
 * a mapped file, a region of messages, a constant page.
 *
 * <p>The memory must stay valid and unchanged until {@code onReleased} runs, which happens on the
 * shard's thread when the application's own reference and every transport's are gone. The segment
 * is kept reachable until then; an arena that is closed earlier pulls the memory from under the
 * stack.
 */
public final class WrappedBuffer extends Buffer {
  private static final Logger LOG = System.getLogger("io.millrace.buffer");

  private final MemorySegment segment;
  private final Runnable onReleased;

  private WrappedBuffer(MemorySegment segment, Runnable onReleased) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException(
          "only off-heap memory can be sent without a copy; copy the array into a frame");
    }
    if (segment.byteSize() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a buffer holds at most 2^31-1 bytes; wrap slices of the segment");
    }
    this.segment = segment;
    this.onReleased = onReleased;
    this.address = segment.address();
    this.length = (int) segment.byteSize();
    this.references = 1;
  }

  /** Wraps off-heap memory of at most 2^31-1 bytes. The caller holds one reference. */
  public static WrappedBuffer of(MemorySegment segment) {
    return new WrappedBuffer(segment, null);
  }

  /**
   * The same, and runs {@code onReleased} on the shard's thread when the last reference is gone. An
   * exception of it is logged, and goes no further.
   */
  public static WrappedBuffer of(MemorySegment segment, Runnable onReleased) {
    return new WrappedBuffer(segment, onReleased);
  }

  /** The segment that was wrapped. */
  public MemorySegment segment() {
    return segment;
  }

  @Override
  void recycle() {
    if (onReleased == null) {
      return;
    }
    try {
      onReleased.run();
    } catch (RuntimeException | Error e) {
      // Whoever released it, a transport or a driver, must not be torn out of its work.
      LOG.log(Level.ERROR, "exception in the callback of a released buffer", e);
    }
  }
}
