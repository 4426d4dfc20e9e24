/** Links that read and write capture files. */
module io.millrace.driver.pcap {
  requires transitive io.millrace.core;

  exports io.millrace.driver.pcap;

  provides io.millrace.spi.Driver with
      io.millrace.driver.pcap.PcapDriver;
}
