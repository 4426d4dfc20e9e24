package io.millrace.apps.iperf;

/**
 * Loss, disorder and jitter of numbered datagrams as they arrive, the first of which is number 1.
 * <b>Thread:</b> the shard's.
 */
final class Arrivals {
  private long highest;
  private long received;
  private long late;
  private long expectedBefore;
  private long lastTransit;
  private boolean any;

  /** Sixteen times the jitter in ns. */
  private long jitter16;

  /** A datagram with this number, sent and received at these times by two clocks, in ns. */
  void add(long number, long sent, long arrived) {
    received++;
    if (number > highest) {
      highest = number;
    } else {
      late++;
    }
    long transit = arrived - sent;
    if (any) {
      // RFC 1889 §6.3.1 and A.8: J += (|D| - J) / 16. What the clocks differ by cancels out.
      long distance = Math.abs(transit - lastTransit);
      jitter16 += distance - (jitter16 + 8 >> 4);
    }
    any = true;
    lastTransit = transit;
  }

  /** Counts from here, not from the beginning. */
  void restart() {
    expectedBefore = highest;
    received = 0;
    late = 0;
  }

  /** Datagrams that were sent, as far as can be seen here (RFC 1889 A.3). */
  long expected() {
    return highest - expectedBefore;
  }

  /** Those that have not come; one that came twice makes up for one that did not (A.3). */
  long lost() {
    return Math.max(0, expected() - received);
  }

  long outOfOrder() {
    return late;
  }

  long jitterNanos() {
    return jitter16 >> 4;
  }
}
