/** TCP (RFC 9293 and its extensions) on the seams of the core. */
module io.millrace.tcp {
  requires transitive io.millrace.core;
  requires org.agrona;

  exports io.millrace.tcp;

  provides io.millrace.transport.TransportProvider with
      io.millrace.tcp.TcpProvider;
}
