package io.millrace.e2e.contract;

import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6Autoconf;

/**
 * The network that two ends share.
 *
 * @param client the address of one end
 * @param server the address of the other
 * @param silent an address that nobody has
 * @param all where all hosts hear
 * @param length the bits of the network's prefix
 */
record Network(IpAddress client, IpAddress server, IpAddress silent, IpAddress all, int length) {
  static final Network IPV4 = of("10.98.0.", "10.98.0.255", 24);
  static final Network IPV6 = of("2001:db8:98::", "ff02::1", 64);

  /** Addresses of IPv6 that are used at once: nobody else is on these links. */
  static final Ipv6Autoconf WITHOUT_WAITING = Ipv6Autoconf.defaults().withDadTransmits(0);

  private static Network of(String start, String all, int length) {
    return new Network(
        IpAddress.parse(start + 1),
        IpAddress.parse(start + 2),
        IpAddress.parse(start + 99),
        IpAddress.parse(all),
        length);
  }

  /** An address of the network as a stack is given it. */
  String prefix(IpAddress address) {
    return address + "/" + length;
  }
}
