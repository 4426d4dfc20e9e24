/** The API of TCP and UDP on the sockets of the operating system. */
module io.millrace.kernel {
  requires transitive io.millrace.core;
  requires io.millrace.tcp;
  requires io.millrace.udp;
  requires jdk.net;

  exports io.millrace.kernel;

  provides io.millrace.spi.Driver with
      io.millrace.kernel.KernelDriver;
}
