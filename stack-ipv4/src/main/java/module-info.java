/** Ethernet, ARP, IPv4 and ICMP on top of the Millrace core. */
@SuppressWarnings("module") // the digit is part of the protocol's name
module io.millrace.ipv4 {
  requires transitive io.millrace.core;

  exports io.millrace.ipv4;

  provides io.millrace.ip.IpFamilyProvider with
      io.millrace.ipv4.Ipv4FamilyProvider;
}
