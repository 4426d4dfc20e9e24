package io.millrace.threads;

/**
 * How a shard divides its time; given to {@code NetStack.builder().with(...)}.
 *
 * @param timeSlice nanoseconds that threads may keep the shard from its packets: no further one is
 *     resumed in a duty cycle, and {@code maybeYield} yields, when so much has passed; at least 1
 * @param runsPerCycle threads that are resumed in a duty cycle at most, at least 1
 */
public record ShardThreadsConfig(long timeSlice, int runsPerCycle) {
  private static final ShardThreadsConfig DEFAULTS = new ShardThreadsConfig(100_000, 256);

  /** Checks the ranges. */
  public ShardThreadsConfig {
    if (timeSlice < 1 || runsPerCycle < 1) {
      throw new IllegalArgumentException(
          "time slice and runs per cycle must be at least 1, not "
              + (timeSlice + " and " + runsPerCycle));
    }
  }

  /** 100 µs and 256 threads. */
  public static ShardThreadsConfig defaults() {
    return DEFAULTS;
  }
}
