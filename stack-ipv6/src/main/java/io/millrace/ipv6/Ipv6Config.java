package io.millrace.ipv6;

import io.millrace.ip.ReassemblyConfig;

/**
 * How IPv6 behaves; given to {@link io.millrace.net.NetStack.Builder#with}.
 *
 * @param icmpRate ICMPv6 errors that are sent per second in the long run, 0 for none (RFC 4443 §2.4
 *     (f))
 * @param icmpBurst ICMPv6 errors that may be sent at once, at least 1
 * @param echoMulticast whether a ping to a group is answered (RFC 4443 §4.2)
 * @param skipAuthentication whether an authentication header (RFC 4302) is passed over without
 *     being checked; if not, packets with one are refused
 * @param extensionHeaders the most extension headers of one packet, 1 to 64 (RFC 8504 §5.3)
 * @param options the most options in one extension header, padding not counted, at least 1
 * @param extensionBytes the most bytes of all extension headers of one packet, 8 to 65535
 * @param routes the most routes that are cached, and with them path MTUs, per shard, at least 16
 * @param reassembly how much memory fragments may take
 */
public record Ipv6Config(
    int icmpRate,
    int icmpBurst,
    boolean echoMulticast,
    boolean skipAuthentication,
    int extensionHeaders,
    int options,
    int extensionBytes,
    int routes,
    ReassemblyConfig reassembly) {
  /** Checks the ranges. */
  public Ipv6Config {
    if (icmpRate < 0 || icmpBurst < 1) {
      throw new IllegalArgumentException("an ICMP rate is 0 or more and its burst at least 1");
    }
    if (extensionHeaders < 1 || extensionHeaders > 64 || options < 1) {
      throw new IllegalArgumentException("1 to 64 extension headers and 1 option at least");
    }
    if (extensionBytes < 8 || extensionBytes > 65_535) {
      throw new IllegalArgumentException(
          "extension headers take 8 to 65535 bytes, not " + extensionBytes);
    }
    if (routes < 16) {
      throw new IllegalArgumentException("at least 16 routes have to be kept");
    }
  }

  /**
   * 1,000 ICMPv6 errors a second, 50 at once; pings to groups answered; authentication headers
   * refused; 8 extension headers with 8 options each and 1,024 bytes together; 65,536 routes; 256
   * reassemblies, 64 per source, 1,024 fragments, 60 seconds (RFC 8200 §4.5).
   */
  public static Ipv6Config defaults() {
    return new Ipv6Config(
        1_000, 50, true, false, 8, 8, 1_024, 65_536, new ReassemblyConfig(256, 64, 1_024, 60_000));
  }

  /** The same with another limit on ICMPv6 errors. */
  public Ipv6Config withIcmpLimit(int newRate, int newBurst) {
    return new Ipv6Config(
        newRate,
        newBurst,
        echoMulticast,
        skipAuthentication,
        extensionHeaders,
        options,
        extensionBytes,
        routes,
        reassembly);
  }

  /** The same with answers to pings of groups on or off. */
  public Ipv6Config withEchoMulticast(boolean newEchoMulticast) {
    return new Ipv6Config(
        icmpRate,
        icmpBurst,
        newEchoMulticast,
        skipAuthentication,
        extensionHeaders,
        options,
        extensionBytes,
        routes,
        reassembly);
  }

  /** The same with authentication headers passed over or refused. */
  public Ipv6Config withSkipAuthentication(boolean newSkipAuthentication) {
    return new Ipv6Config(
        icmpRate,
        icmpBurst,
        echoMulticast,
        newSkipAuthentication,
        extensionHeaders,
        options,
        extensionBytes,
        routes,
        reassembly);
  }
}
