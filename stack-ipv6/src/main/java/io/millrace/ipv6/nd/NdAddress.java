package io.millrace.ipv6.nd;

import io.millrace.ip.IpAddress;

/** What IPv6 addresses are by their bits (RFC 4291 §2), as far as Neighbor Discovery asks. */
final class NdAddress {
  /** The high half of the link-local prefix, fe80::/64 (RFC 4291 §2.5.6). */
  static final long LINK_LOCAL_HI = 0xfe80L << 48;

  /** The high half of groups of the link, ff02::/16. */
  static final long LINK_GROUP_HI = 0xff02L << 48;

  /** The low half of ff02::1, all nodes. */
  static final long ALL_NODES_LO = 1;

  /** The low half of ff02::2, all routers. */
  static final long ALL_ROUTERS_LO = 2;

  /** The low half of ff02::1:ff00:0, the prefix of solicited-node groups (RFC 4291 §2.7.1). */
  private static final long SOLICITED_NODE_LO = 0x1_ff00_0000L;

  /** 33:33, the first bytes of the link addresses of groups (RFC 2464 §7). */
  private static final long GROUP_MAC = 0x3333_0000_0000L;

  private NdAddress() {}

  static boolean isUnspecified(long hi, long lo) {
    return (hi | lo) == 0;
  }

  static boolean isMulticast(long hi) {
    return hi >>> 56 == 0xff;
  }

  /** fe80::/10. */
  static boolean isLinkLocal(long hi) {
    return hi >>> 54 == 0x3fa;
  }

  /** Whether a neighbor can have this unicast address: not unspecified, loopback or v4-mapped. */
  static boolean isHost(long hi, long lo) {
    return !isMulticast(hi) && (hi != 0 || (lo != 0 && lo != 1 && !IpAddress.isV4(hi, lo)));
  }

  /** The high half as on the wire: the 54 bits behind fe80::/10 are zero (RFC 4291 §2.5.6). */
  static long wireHi(long hi) {
    return isLinkLocal(hi) ? LINK_LOCAL_HI : hi;
  }

  /** The low half of the solicited-node group of an address; the high half is the link's. */
  static long solicitedNodeLo(long lo) {
    return SOLICITED_NODE_LO | (lo & 0xff_ffff);
  }

  static boolean isSolicitedNode(long hi, long lo) {
    return hi == LINK_GROUP_HI && lo >>> 24 == SOLICITED_NODE_LO >>> 24;
  }

  /** The link address of a group. */
  static long groupMac(long lo) {
    return GROUP_MAC | (lo & 0xffff_ffffL);
  }

  /** The first {@code length} bits of the high half. */
  static long maskHi(int length) {
    return length == 0 ? 0 : length >= 64 ? -1 : -1L << (64 - length);
  }

  /** What of the first {@code length} bits lies in the low half. */
  static long maskLo(int length) {
    return length <= 64 ? 0 : -1L << (128 - length);
  }

  static boolean covers(IpAddress network, int length, long hi, long lo) {
    return ((network.hi() ^ hi) & maskHi(length)) == 0
        && ((network.lo() ^ lo) & maskLo(length)) == 0;
  }
}
