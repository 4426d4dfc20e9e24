/** Neighbor Discovery, IPv6, ICMPv6 and MLD on top of the Millrace core. */
@SuppressWarnings("module") // the digit is part of the protocol's name
module io.millrace.ipv6 {
  requires transitive io.millrace.core;

  exports io.millrace.ipv6;

  provides io.millrace.ip.IpFamilyProvider with
      io.millrace.ipv6.Ipv6FamilyProvider;
}
