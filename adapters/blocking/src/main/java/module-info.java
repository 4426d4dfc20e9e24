/** TCP and UDP in plain blocking code, best on virtual threads. */
module io.millrace.blocking {
  requires transitive io.millrace.core;
  requires transitive io.millrace.tcp;
  requires transitive io.millrace.udp;
  requires transitive io.millrace.futures;

  exports io.millrace.blocking;

  uses io.millrace.net.ShardThreadsProvider;
}
