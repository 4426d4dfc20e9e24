/**
 * The centre of the star: memory, time, shards, link layer, and the seams for protocols and
 * drivers.
 */
module io.millrace.core {
  requires transitive jdk.jfr;
  requires org.agrona;

  exports io.millrace.bpf;
  exports io.millrace.buf;
  exports io.millrace.capture;
  exports io.millrace.cc;
  exports io.millrace.diag;
  exports io.millrace.filter;
  exports io.millrace.flow;
  exports io.millrace.ip;
  exports io.millrace.lane;
  exports io.millrace.link;
  exports io.millrace.multicast;
  exports io.millrace.name;
  exports io.millrace.net;
  exports io.millrace.os;
  exports io.millrace.port;
  exports io.millrace.spi;
  exports io.millrace.time;
  exports io.millrace.transport;

  uses io.millrace.ip.IpFamilyProvider;
  uses io.millrace.name.NameServiceProvider;
  uses io.millrace.spi.Driver;
  uses io.millrace.transport.TransportProvider;
}
