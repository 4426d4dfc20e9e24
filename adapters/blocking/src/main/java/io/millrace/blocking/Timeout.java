package io.millrace.blocking;

import java.time.Duration;

/** Durations as nanoseconds. */
final class Timeout {
  private Timeout() {}

  /**
   * Nanoseconds, 0 for ever.
   *
   * @throws IllegalArgumentException if it is negative
   */
  static long nanos(Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("a timeout of " + timeout + " is negative");
    }
    try {
      return timeout.toNanos();
    } catch (ArithmeticException e) {
      return 0; // 292 years
    }
  }
}
