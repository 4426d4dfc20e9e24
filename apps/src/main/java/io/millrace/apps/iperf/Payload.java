package io.millrace.apps.iperf;

import io.millrace.buf.WrappedBuffer;
import java.lang.foreign.Arena;
import java.util.concurrent.ThreadLocalRandom;

/** The bytes that a stream sends, by reference, over and over. They are random and never change. */
final class Payload {
  /**
   * As much as stays in a second-level cache, and long enough that segments of 64 KiB seldom have
   * to be put together from its end and its beginning.
   */
  private static final int SIZE = 512 << 10;

  private final WrappedBuffer buffer;
  private final int blockSize;
  private final int end;
  private int at;

  Payload(int blockSize) {
    this.blockSize = blockSize;
    end = Math.max(1, SIZE / blockSize) * blockSize;
    var segment = Arena.ofAuto().allocate(end, 64);
    byte[] random = new byte[end];
    ThreadLocalRandom.current().nextBytes(random);
    segment.asByteBuffer().put(random);
    buffer = WrappedBuffer.of(segment);
  }

  WrappedBuffer buffer() {
    return buffer;
  }

  /** Where the next block begins in the buffer. */
  int next() {
    int from = at;
    at = from + blockSize == end ? 0 : from + blockSize;
    return from;
  }
}
