/** UDP on top of the Millrace core. */
module io.millrace.udp {
  requires transitive io.millrace.core;

  exports io.millrace.udp;
  exports io.millrace.udp.tunnel;

  provides io.millrace.transport.TransportProvider with
      io.millrace.udp.UdpProvider,
      io.millrace.udp.UdpLiteProvider;
}
