package io.millrace.ipv6.dhcp;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import java.util.List;

/**
 * What a server has granted and told.
 *
 * @param addresses of the IA_NA
 * @param prefixes of the IA_PD: networks that are ours to give out
 * @param dns the DNS servers (RFC 3646 §3)
 * @param domains to search (RFC 3646 §4), without a dot at the end
 * @param renewAt T1
 * @param rebindAt T2
 * @param expiresAt when the last address or prefix is not ours any more; {@code Long.MAX_VALUE} for
 *     never
 */
public record Dhcp6Binding(
    List<Address> addresses,
    List<Prefix> prefixes,
    List<IpAddress> dns,
    List<String> domains,
    long renewAt,
    long rebindAt,
    long expiresAt) {
  /**
   * An address.
   *
   * @param preferredUntil when no new connections are to use it any more
   * @param validUntil when it is not ours any more
   */
  public record Address(IpAddress address, long preferredUntil, long validUntil) {}

  /** A prefix, with the same times. */
  public record Prefix(IpPrefix prefix, long preferredUntil, long validUntil) {}

  boolean isEmpty() {
    return addresses.isEmpty() && prefixes.isEmpty();
  }
}
