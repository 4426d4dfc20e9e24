/** Packet scripts, and what runs them against the stack. */
module io.millrace.script {
  requires transitive io.millrace.testkit;
  requires io.millrace.core;
  requires io.millrace.ipv6;
  requires io.millrace.tcp;
  requires io.millrace.udp;
  requires transitive org.junit.jupiter.api;

  exports io.millrace.script;
}
