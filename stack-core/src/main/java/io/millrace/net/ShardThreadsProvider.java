package io.millrace.net;

/** Makes shards carry virtual threads; found by {@link java.util.ServiceLoader}. */
public interface ShardThreadsProvider {
  /**
   * Makes a shard's threads. Called on the shard's thread.
   *
   * @return null if this JVM does not allow it (the reason is in the log), or the shard is driven
   */
  ShardThreads create(Shard shard);

  /** Any thread: the threads that the caller is one of, or null. */
  ShardThreads current();
}
