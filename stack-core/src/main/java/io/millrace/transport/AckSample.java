package io.millrace.transport;

/**
 * What one acknowledgement told, for congestion control. One object per shard, filled anew each
 * time.
 */
public final class AckSample {
  /** Bytes that this acknowledgement took off the flight, cumulatively or selectively. */
  public int acked;

  /** Bytes in flight before it arrived. */
  public int flightBefore;

  /** The round-trip time it measured in nanoseconds, or -1. */
  public long rtt = -1;

  /**
   * Whether the sender had been held back by the congestion window rather than by data or the
   * peer's window.
   */
  public boolean windowLimited;

  /** The time it arrived, nanoseconds. */
  public long now;

  /** Creates an empty sample. */
  public AckSample() {}
}
