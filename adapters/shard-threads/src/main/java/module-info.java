/** Virtual threads whose scheduler is the shard. */
module io.millrace.threads {
  requires transitive io.millrace.core;

  exports io.millrace.threads;

  provides io.millrace.net.ShardThreadsProvider with
      io.millrace.threads.VirtualThreadsProvider;
}
