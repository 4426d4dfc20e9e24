package io.millrace.apps.iperf;

/** When the next block may leave, if a stream keeps to a rate. Times are ns. */
final class Pace {
  private static final long SECOND = 1_000_000_000L;

  /** Behind by more than this, it goes on from where it is and does not catch up. */
  private static final long LONGEST_DEBT = SECOND / 10;

  /** Bits times ns per second of one block: the distance of two blocks is this by the bitrate. */
  private final double nanosPerBlock;

  private double next;

  Pace(long bitrate, int blockSize) {
    nanosPerBlock = blockSize * 8.0 * SECOND / bitrate;
  }

  void start(long now) {
    next = now;
  }

  /** Whether a block is due; if so, it is taken as sent. */
  boolean take(long now) {
    if (next > now) {
      return false;
    }
    next = Math.max(next, now - (double) LONGEST_DEBT) + nanosPerBlock;
    return true;
  }

  /** When the next one is due. */
  long next() {
    return (long) next;
  }
}
