/** Network interfaces of Linux through AF_XDP sockets. */
module io.millrace.driver.afxdp {
  requires transitive io.millrace.core;

  exports io.millrace.driver.afxdp;

  provides io.millrace.spi.Driver with
      io.millrace.driver.afxdp.AfXdpDriver;
}
