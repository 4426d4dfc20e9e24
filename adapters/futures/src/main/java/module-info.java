/** TCP and UDP with futures, for any thread; and what futures and blocking calls have in common. */
@SuppressWarnings("module") // the module that the operations are exported to is compiled later
module io.millrace.futures {
  requires transitive io.millrace.core;
  requires transitive io.millrace.tcp;
  requires transitive io.millrace.udp;

  exports io.millrace.futures;
  exports io.millrace.futures.op to
      io.millrace.blocking;
}
