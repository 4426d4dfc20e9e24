package io.millrace.ip;

/** Protocol numbers (IANA "Assigned Internet Protocol Numbers"). */
public final class IpProtocol {
  /** ICMP for IPv4. */
  public static final int ICMP = 1;

  /** Group management for IPv4. */
  public static final int IGMP = 2;

  /** TCP. */
  public static final int TCP = 6;

  /** UDP. */
  public static final int UDP = 17;

  /** ICMP for IPv6. */
  public static final int ICMPV6 = 58;

  /** SCTP. */
  public static final int SCTP = 132;

  /** UDP-Lite. */
  public static final int UDP_LITE = 136;

  private IpProtocol() {}
}
