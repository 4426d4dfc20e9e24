package io.millrace.time;

import java.util.function.LongSupplier;

/**
 * The only reader of time on a shard: read once per duty cycle, then handed down as an argument.
 *
 * <p>Nanoseconds, monotonic, arbitrary origin. <b>Thread:</b> the shard's.
 */
public final class ShardClock {
  private final LongSupplier source;
  private long now;

  private ShardClock(LongSupplier source) {
    this.source = source;
    this.now = source.getAsLong();
  }

  /** The system's monotonic clock. */
  public static ShardClock system() {
    return new ShardClock(System::nanoTime);
  }

  /**
   * A clock that reads {@code nanos}, which never goes back: the virtual clock of a test or
   * simulation.
   */
  public static ShardClock of(LongSupplier nanos) {
    return new ShardClock(nanos);
  }

  /** Reads the source; called by the shard once per duty cycle. Returns the time. */
  public long update() {
    now = source.getAsLong();
    return now;
  }

  /** Reads the source, and leaves the shard's time as it is: to see how long something took. */
  public long read() {
    return source.getAsLong();
  }

  /** The time that {@link #update()} last read. */
  public long now() {
    return now;
  }
}
