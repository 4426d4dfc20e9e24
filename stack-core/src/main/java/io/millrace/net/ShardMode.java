package io.millrace.net;

/** How a shard spends the time in which nothing happens. */
public enum ShardMode {
  /** Never sleeps: the lowest latency, one core busy for ever. */
  POLL,
  /**
   * Spins for a short while, then sleeps on the driver's descriptor until a frame, a message or a
   * timer is due.
   */
  ADAPTIVE,
  /**
   * Has no thread: a test or simulation calls {@link Shard#step()}, and time is what its clock
   * says.
   */
  DRIVEN
}
