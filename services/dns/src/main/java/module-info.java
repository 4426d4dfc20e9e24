/** Name resolution over the stack's own UDP and TCP. */
module io.millrace.dns {
  requires transitive io.millrace.core;
  requires io.millrace.tcp;
  requires io.millrace.udp;
  requires org.dnsjava;

  exports io.millrace.dns;

  provides io.millrace.name.NameServiceProvider with
      io.millrace.dns.DnsProvider;
}
