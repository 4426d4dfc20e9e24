package io.millrace.bench;

import io.millrace.ip.IpAddress;

/** The network layer that is measured. */
@SuppressWarnings("ImmutableEnumChecker") // addresses are records of two longs
enum Family {
  IPV4("10.0.0.1", "10.0.0.2", 24, ""),
  IPV6("2001:db8::1", "2001:db8::2", 64, ", IPv6");

  final IpAddress client;
  final IpAddress server;

  /** Goes behind the name of a row. */
  final String suffix;

  private final int prefix;

  Family(String client, String server, int prefix, String suffix) {
    this.client = IpAddress.parse(client);
    this.server = IpAddress.parse(server);
    this.prefix = prefix;
    this.suffix = suffix;
  }

  /** An address with the length of its network's prefix. */
  String onLink(IpAddress address) {
    return address + "/" + prefix;
  }
}
