package io.millrace.ipv4.dhcp;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import java.util.List;

/**
 * What a server has granted.
 *
 * @param prefix the address with its network's length
 * @param server who granted it, as 32 bits
 * @param routes where packets to other networks go; the default route among them
 * @param dns the DNS servers
 * @param domain the domain to search, or empty
 * @param mtu the largest datagram in bytes, or 0 if the server does not say
 * @param renewAt T1: when the server is to be asked to prolong it
 * @param rebindAt T2: when any server is
 * @param expiresAt when the address is not ours any more; {@code Long.MAX_VALUE} for never
 */
public record DhcpLease(
    IpPrefix prefix,
    int server,
    List<DhcpOptions.ClasslessRoute> routes,
    List<IpAddress> dns,
    String domain,
    int mtu,
    long renewAt,
    long rebindAt,
    long expiresAt) {
  private static final long SECOND = 1_000_000_000;
  private static final long FOREVER = 0xffff_ffffL;

  /** What is shorter would only be work. */
  private static final long LEAST_SECONDS = 10;

  /** Routers of one lease that are looked at. */
  private static final int MOST_ROUTES = 64;

  private static final int LEAST_MTU = 576;

  /**
   * The lease in a DHCPOFFER or DHCPACK.
   *
   * @param asked when the request was sent: the lease begins then (RFC 2131 §4.4.1)
   * @return null if the message grants nothing that could be used
   */
  static DhcpLease of(DhcpMessage message, long asked) {
    DhcpOptions options = message.options();
    int address = message.address();
    long seconds = options.u32(DhcpOptions.LEASE_TIME, 0);
    int length = maskLength(options, address);
    if (!isHost(address, length) || seconds < LEAST_SECONDS) {
      return null;
    }
    // RFC 2131 §4.4.5: T1 is half of the lease and T2 seven eighths, unless the server says so.
    long t2 = options.u32(DhcpOptions.T2, seconds * 7 / 8);
    if (t2 <= 0 || t2 >= seconds) {
      t2 = seconds * 7 / 8;
    }
    long t1 = options.u32(DhcpOptions.T1, seconds / 2);
    if (t1 <= 0 || t1 >= t2) {
      t1 = Math.min(seconds / 2, t2 - 1);
    }
    boolean forever = seconds == FOREVER;
    int mtu = options.u16(DhcpOptions.MTU, 0);
    return new DhcpLease(
        new IpPrefix(IpAddress.v4(address), length),
        message.server(),
        routes(options),
        options.addresses(DhcpOptions.DNS),
        options.text(DhcpOptions.DOMAIN),
        mtu < LEAST_MTU ? 0 : mtu,
        forever ? Long.MAX_VALUE : asked + t1 * SECOND,
        forever ? Long.MAX_VALUE : asked + t2 * SECOND,
        forever ? Long.MAX_VALUE : asked + seconds * SECOND);
  }

  /** Whether another lease differs in its times only. */
  public boolean saysTheSameAs(DhcpLease other) {
    return prefix.equals(other.prefix)
        && routes.equals(other.routes)
        && dns.equals(other.dns)
        && domain.equals(other.domain)
        && mtu == other.mtu;
  }

  /**
   * The length of the mask, or that of the address's class where there is none (RFC 1122 §3.3.6).
   */
  private static int maskLength(DhcpOptions options, int address) {
    int mask = options.address(DhcpOptions.SUBNET_MASK);
    int length = Integer.bitCount(mask);
    if (mask != 0 && mask == (int) (-1L << (32 - length))) {
      return length;
    }
    return address >>> 31 == 0 ? 8 : address >>> 30 == 2 ? 16 : 24;
  }

  private static boolean isHost(int address, int length) {
    int network = address >>> 24;
    if (network == 0 || network == 127 || network >= 224) {
      return false;
    }
    int host = length == 32 ? 1 : address & (int) ((1L << (32 - length)) - 1);
    boolean ends = host == 0 || host == (int) ((1L << (32 - length)) - 1);
    return length > 30 || !ends;
  }

  /** RFC 3442: the router option is not looked at where there are classless routes. */
  private static List<DhcpOptions.ClasslessRoute> routes(DhcpOptions options) {
    List<DhcpOptions.ClasslessRoute> classless = options.routes();
    if (classless == null) {
      IpPrefix all = new IpPrefix(IpAddress.ANY_V4, 0);
      classless =
          options.addresses(DhcpOptions.ROUTER).stream()
              .limit(1)
              .map(each -> new DhcpOptions.ClasslessRoute(all, each))
              .toList();
    }
    return classless.stream().filter(DhcpLease::isUsable).limit(MOST_ROUTES).toList();
  }

  /** A router must be a host. That there is none, 0.0.0.0, means on the link; that is left out. */
  private static boolean isUsable(DhcpOptions.ClasslessRoute route) {
    return isHost(route.via().v4Bits(), 32);
  }
}
