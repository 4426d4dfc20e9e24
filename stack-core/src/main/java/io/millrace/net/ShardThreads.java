package io.millrace.net;

/**
 * Virtual threads that a shard's own thread carries, so that blocking code runs on the shard
 * without a lock. At most one for a shard; see {@link Shard#threads(ShardThreads)}.
 */
public interface ShardThreads {
  /**
   * Starts a virtual thread that runs on the shard only. Any thread may call; the new one begins in
   * one of the shard's next duty cycles.
   */
  Thread start(String name, Runnable task);

  /** Any thread: whether the caller is the shard's thread or runs on it. */
  boolean isCurrent();

  /**
   * On one of these threads: lets the shard go on if it has been kept from its packets for longer
   * than a time slice, and returns whether it did. Cheap enough for the inside of a long loop.
   */
  boolean maybeYield();
}
