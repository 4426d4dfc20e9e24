package io.millrace.ip;

/**
 * Lets through a number of events at once and then so many per second (RFC 1812 §4.3.2.8, RFC 4443
 * §2.4 (f)). <b>Thread:</b> its owner's.
 */
public final class TokenBucket {
  private static final long SECOND = 1_000_000_000;

  private final long interval;
  private final long full;

  /**
   * The time up to which tokens have been taken; it lags behind now by one interval per token that
   * is left.
   */
  private long level;

  /**
   * Creates a full bucket.
   *
   * @param rate events per second in the long run, 0 for none at all
   * @param burst events at once, at least 1
   * @param now the time in nanoseconds, as for {@link #take}
   */
  public TokenBucket(int rate, int burst, long now) {
    interval = rate == 0 ? 0 : Math.max(1, SECOND / rate);
    full = interval * burst;
    level = now - full;
  }

  /** Whether an event is let through now. */
  public boolean take(long now) {
    if (interval == 0) {
      return false;
    }
    level = Math.max(level, now - full);
    if (level + interval > now) {
      return false;
    }
    level += interval;
    return true;
  }
}
