/** Links over network interfaces of Linux, by packet sockets. */
module io.millrace.driver.afpacket {
  requires transitive io.millrace.core;

  exports io.millrace.driver.afpacket;

  provides io.millrace.spi.Driver with
      io.millrace.driver.afpacket.AfPacketDriver;
}
