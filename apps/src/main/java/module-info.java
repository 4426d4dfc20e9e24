/** Command line tools on top of the Millrace stack. */
module io.millrace.apps {
  requires com.google.gson;
  requires info.picocli;
  requires io.millrace.core;
  requires io.millrace.dns;
  requires io.millrace.driver.afpacket;
  requires io.millrace.driver.afxdp;
  requires io.millrace.driver.mem;
  requires io.millrace.driver.pcap;
  requires io.millrace.driver.tap;
  requires io.millrace.ipv4;
  requires io.millrace.ipv6;
  requires io.millrace.kernel;
  requires io.millrace.tcp;
  requires io.millrace.udp;
  requires java.management;
}
