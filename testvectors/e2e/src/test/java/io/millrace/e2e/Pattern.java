package io.millrace.e2e;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.WrappedBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/**
 * An endless stream of bytes that anybody can check at any position: random ones, again and again
 * with a period that no packet size divides.
 */
final class Pattern {
  private static final int PERIOD = (1 << 20) + 7;

  private final MemorySegment twice;

  Pattern(long seed) {
    byte[] period = new byte[PERIOD];
    new SplittableRandom(seed).nextBytes(period);
    twice = Arena.ofAuto().allocate(2L * PERIOD);
    MemorySegment once = MemorySegment.ofArray(period);
    twice.asSlice(0, PERIOD).copyFrom(once);
    twice.asSlice(PERIOD).copyFrom(once);
  }

  /**
   * A new buffer over two periods, for one thread: from {@link #offset} on it holds at least one
   * more period of the stream.
   */
  WrappedBuffer buffer() {
    return WrappedBuffer.of(twice);
  }

  /** Where in a {@link #buffer()} the stream's byte at {@code position} is. */
  static int offset(long position) {
    return (int) (position % PERIOD);
  }

  /** The position in the stream of the first wrong byte, or -1 if all are right. */
  long firstWrong(Buffer data, long position) {
    MemorySegment there = Bytes.segment(data.address(), data.length());
    long at = there.mismatch(twice.asSlice(offset(position), data.length()));
    return at < 0 ? -1 : position + at;
  }

  /** A copy of the stream's first bytes. */
  byte[] bytes(long length) {
    byte[] all = new byte[(int) length];
    for (int at = 0; at < all.length; at += PERIOD) {
      int part = Math.min(PERIOD, all.length - at);
      MemorySegment.copy(twice, ValueLayout.JAVA_BYTE, 0, all, at, part);
    }
    return all;
  }
}
