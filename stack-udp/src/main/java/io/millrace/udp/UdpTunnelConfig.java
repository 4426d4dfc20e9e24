package io.millrace.udp;

import io.millrace.ip.IpAddress;
import java.util.Objects;

/**
 * How the outer datagrams of a {@link UdpTunnel} are made.
 *
 * @param local our address; the unspecified one of either family lets the stack choose
 * @param hopLimit 1 to 255
 * @param checksum which outer datagrams have a checksum
 * @param fragment whether an outer datagram that is larger than the path takes is fragmented; if
 *     not, it is refused
 */
public record UdpTunnelConfig(
    IpAddress local, int hopLimit, OuterChecksum checksum, boolean fragment) {
  /** Which outer datagrams have a checksum. */
  public enum OuterChecksum {
    /**
     * Over IPv6 only. Over IPv4 the field is zero, as RFC 7348 §4.1 and 3GPP TS 29.281 §4.4.2.1
     * recommend or allow: what is inside has its own.
     */
    IPV6_ONLY,
    /** All of them. */
    ALWAYS,
    /**
     * None, but for outer datagrams over IPv6 that leave in fragments. Over IPv6 the other end must
     * have been told to accept that on this port ({@link UdpSocket#acceptZeroChecksums} of a socket
     * of ours), and the conditions of RFC 6936 §5 are the application's to keep: above all, what is
     * inside must tell by itself whether it is damaged.
     */
    NEVER
  }

  /** Checks the ranges. */
  public UdpTunnelConfig {
    Objects.requireNonNull(local);
    Objects.requireNonNull(checksum);
    if (hopLimit < 1 || hopLimit > 255) {
      throw new IllegalArgumentException("hop limit " + hopLimit + " is not between 1 and 255");
    }
  }

  /** From an address that the stack chooses, 64 hops, checksums over IPv6 only, no fragments. */
  public static UdpTunnelConfig defaults() {
    return new UdpTunnelConfig(new IpAddress(0, 0), 64, OuterChecksum.IPV6_ONLY, false);
  }

  /** The same from this address of ours. */
  public UdpTunnelConfig withLocal(IpAddress address) {
    return new UdpTunnelConfig(address, hopLimit, checksum, fragment);
  }

  /** The same with this hop limit. */
  public UdpTunnelConfig withHopLimit(int hops) {
    return new UdpTunnelConfig(local, hops, checksum, fragment);
  }

  /** The same with these checksums. */
  public UdpTunnelConfig withChecksum(OuterChecksum which) {
    return new UdpTunnelConfig(local, hopLimit, which, fragment);
  }

  /** The same with fragments allowed or not. */
  public UdpTunnelConfig withFragment(boolean on) {
    return new UdpTunnelConfig(local, hopLimit, checksum, on);
  }
}
