/** Links that read and write capture files. */
module io.millrace.driver.pcap {
  requires transitive io.millrace.core;
}
