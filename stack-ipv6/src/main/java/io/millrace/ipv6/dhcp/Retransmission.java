package io.millrace.ipv6.dhcp;

import java.util.random.RandomGenerator;

/**
 * When a message is repeated (RFC 8415 §15): after IRT, then twice as long each time up to MRT,
 * each time a tenth more or less by chance; MRC times at most, and not beyond MRD.
 */
final class Retransmission {
  private static final long SECOND = 1_000_000_000;

  private final RandomGenerator random;
  private long first;
  private long most;
  private int count;
  private long end;
  private long wait;
  private int sent;

  Retransmission(RandomGenerator random) {
    this.random = random;
  }

  /**
   * Begins.
   *
   * @param irt seconds to wait at first
   * @param mrt seconds to wait at most, 0 without limit
   * @param mrc messages at most, 0 without limit
   * @param until MRD as a time; {@code Long.MAX_VALUE} without limit
   */
  void begin(int irt, int mrt, int mrc, long until) {
    first = irt * SECOND;
    most = mrt * SECOND;
    count = mrc;
    end = until;
    sent = 0;
    wait = 0;
  }

  /** Sets MRT, in seconds, for the waits to come. */
  void most(int seconds) {
    most = seconds * SECOND;
  }

  /** Whether the message may be sent once more. */
  boolean maySend(long now) {
    return (count == 0 || sent < count) && now < end;
  }

  /**
   * A message is being sent.
   *
   * @param positive whether the first wait must not be shorter than IRT (§18.2.1: for Solicit)
   * @return when to come back
   */
  long sent(long now, boolean positive) {
    if (sent == 0) {
      wait = first + (positive ? Math.abs(tenth(first)) : tenth(first));
    } else {
      wait = 2 * wait + tenth(wait);
      if (most != 0 && wait > most) {
        wait = most + tenth(most);
      }
    }
    sent++;
    return Math.min(end, now + wait);
  }

  /** RAND times the value: between a tenth of it and its negative. */
  private long tenth(long value) {
    return random.nextLong(-value / 10, value / 10 + 1);
  }
}
