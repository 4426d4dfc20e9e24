package io.millrace.flow;

import io.millrace.buf.Bytes;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.link.Ethernet;

/**
 * What network hardware hashes of a frame: both addresses and both ports of TCP, UDP and SCTP, the
 * addresses alone of fragments and of other IP packets, nothing of anything else.
 */
public final class ReceiveHash {
  private static final int IPV4_SIZE = 20;
  private static final int IPV6_SIZE = 40;
  private static final int PORTS_SIZE = 4;
  private static final int FRAGMENT_BITS = 0x3fff;

  private ReceiveHash() {}

  /**
   * The hash of a frame.
   *
   * @param at the address of its Ethernet header; all of the frame's headers lie there
   * @param length bytes from there on
   * @return 0 if there is nothing to hash, or not all of it is there
   */
  public static int of(Toeplitz hash, long at, int length) {
    int size = Ethernet.HEADER_SIZE;
    if (length < size + Ethernet.VLAN_TAG_SIZE) {
      return 0;
    }
    int type = Ethernet.type(at);
    if (type == Ethernet.TYPE_VLAN) {
      size += Ethernet.VLAN_TAG_SIZE;
      type = Ethernet.typeBehindTag(at);
    }
    return switch (type) {
      case Ethernet.TYPE_IPV4 -> ofIpv4(hash, at + size, length - size);
      case Ethernet.TYPE_IPV6 -> ofIpv6(hash, at + size, length - size);
      default -> 0;
    };
  }

  /**
   * The hash of an IP datagram without a link header, as it lies inside a tunnel.
   *
   * @param at the address of its network header
   * @param length bytes from there on, 0 or more
   * @return 0 if there is nothing to hash, or not all of it is there
   */
  public static int ofIp(Toeplitz hash, long at, int length) {
    if (length < IPV4_SIZE) {
      return 0;
    }
    return switch (Bytes.u8(at) >>> 4) {
      case 4 -> ofIpv4(hash, at, length);
      case 6 -> ofIpv6(hash, at, length);
      default -> 0;
    };
  }

  private static int ofIpv4(Toeplitz hash, long at, int length) {
    if (length < IPV4_SIZE) {
      return 0;
    }
    long source = IpAddress.v4Lo(Bytes.i32(at + 12));
    long destination = IpAddress.v4Lo(Bytes.i32(at + 16));
    int size = (Bytes.u8(at) & 15) * 4;
    boolean fragment = (Bytes.u16(at + 6) & FRAGMENT_BITS) != 0;
    if (fragment || !hasPorts(Bytes.u8(at + 9)) || length < size + PORTS_SIZE) {
      return hash.hash(0, source, 0, destination);
    }
    return hash.hash(0, source, 0, destination, Bytes.i32(at + size));
  }

  private static int ofIpv6(Toeplitz hash, long at, int length) {
    if (length < IPV6_SIZE) {
      return 0;
    }
    long sourceHi = Bytes.i64(at + 8);
    long sourceLo = Bytes.i64(at + 16);
    long destinationHi = Bytes.i64(at + 24);
    long destinationLo = Bytes.i64(at + 32);
    if (!hasPorts(Bytes.u8(at + 6)) || length < IPV6_SIZE + PORTS_SIZE) {
      return hash.hash(sourceHi, sourceLo, destinationHi, destinationLo);
    }
    int ports = Bytes.i32(at + IPV6_SIZE);
    return hash.hash(sourceHi, sourceLo, destinationHi, destinationLo, ports);
  }

  private static boolean hasPorts(int protocol) {
    return protocol == IpProtocol.TCP || protocol == IpProtocol.UDP || protocol == IpProtocol.SCTP;
  }
}
