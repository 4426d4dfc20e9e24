package io.millrace.apps.demo;

/** A histogram of times in nanoseconds: 16 steps per power of two, so about 6 % exact. */
final class Latencies {
  private static final int STEPS = 16;
  private final long[] counts = new long[64 * STEPS];
  private long all;

  void add(long nanos) {
    long value = Math.max(STEPS, nanos);
    int power = 63 - Long.numberOfLeadingZeros(value);
    counts[power * STEPS + (int) (value >>> (power - 4) & (STEPS - 1))]++;
    all++;
  }

  /** The time in microseconds within which {@code share} of all were; 0 if there are none. */
  double micros(double share) {
    long wanted = (long) Math.ceil(all * share);
    long sum = 0;
    for (int i = 0; i < counts.length; i++) {
      sum += counts[i];
      if (sum >= wanted && sum > 0) {
        return (double) (1L << (i / STEPS)) * (STEPS + i % STEPS + 1) / STEPS / 1000;
      }
    }
    return 0;
  }
}
