package io.millrace.ipv6.nd;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;

/**
 * The five messages of Neighbor Discovery (RFC 4861 §4), and the one check of each.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      |   Code (0)    |           Checksum            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | 133 RS, 135 NS, 137 redirect: reserved                        |
 * | 134 RA:   hop limit (8)  |M|O|H|Prf|P|..|  router lifetime, s |
 * | 136 NA:   R|S|O|  reserved                                    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | NS, NA, redirect: target (16)    RA: reachable time (4), ms   |
 * |                                      retransmit timer (4), ms |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | redirect: destination (16)                                    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | options                                                       ~
 * </pre>
 */
final class NdMessage {
  static final int ROUTER_SOLICITATION = 133;
  static final int ROUTER_ADVERTISEMENT = 134;
  static final int NEIGHBOR_SOLICITATION = 135;
  static final int NEIGHBOR_ADVERTISEMENT = 136;
  static final int REDIRECT = 137;

  /** What all of them are sent with, so that none from behind a router is believed. */
  static final int HOP_LIMIT = 255;

  /** Neighbor advertisement: from a router. */
  static final int ROUTER = 0x8000_0000;

  /** Neighbor advertisement: answers a solicitation. */
  static final int SOLICITED = 0x4000_0000;

  /** Neighbor advertisement: may replace an address that is known. */
  static final int OVERRIDE = 0x2000_0000;

  static final int RS_SIZE = 8;
  static final int RA_SIZE = 16;

  /** The flags of a router advertisement that speak of DHCPv6 (RFC 4861 §4.2). */
  static final int RA_MANAGED = 0x80;

  static final int RA_OTHER = 0x40;
  static final int NS_SIZE = 24;
  static final int NA_SIZE = 24;
  static final int REDIRECT_SIZE = 40;

  private NdMessage() {}

  /** The bytes in front of the options. */
  static int size(int type) {
    return switch (type) {
      case ROUTER_SOLICITATION -> RS_SIZE;
      case ROUTER_ADVERTISEMENT -> RA_SIZE;
      case REDIRECT -> REDIRECT_SIZE;
      default -> NS_SIZE;
    };
  }

  /** Whether a message whose checksum is right passes the checks of RFC 4861 on it. */
  static boolean isValid(int type, Frame message) {
    long at = message.address();
    int size = size(type);
    // RFC 4861 §6.1, §7.1, §8.1: hop limit 255, code 0, long enough, no option without a length.
    if (message.hopLimit() != HOP_LIMIT
        || message.length() < size
        || Bytes.u8(at + 1) != 0
        || !NdOption.areValid(at + size, at + message.length())) {
      return false;
    }
    return switch (type) {
      case ROUTER_SOLICITATION -> isRouterSolicitation(message);
      case ROUTER_ADVERTISEMENT -> NdAddress.isLinkLocal(message.sourceHi()); // §6.1.2
      case NEIGHBOR_SOLICITATION -> isNeighborSolicitation(message);
      case NEIGHBOR_ADVERTISEMENT -> isNeighborAdvertisement(message);
      case REDIRECT -> isRedirect(message);
      default -> false;
    };
  }

  /** RFC 4861 §6.1.1. */
  private static boolean isRouterSolicitation(Frame message) {
    return !isFromNobody(message) || linkAddress(message, NdOption.SOURCE_LINK_ADDRESS) < 0;
  }

  /** RFC 4861 §7.1.1. */
  private static boolean isNeighborSolicitation(Frame message) {
    if (!hasHostTarget(message)) {
      return false;
    }
    return !isFromNobody(message)
        || (NdAddress.isSolicitedNode(message.destinationHi(), message.destinationLo())
            && linkAddress(message, NdOption.SOURCE_LINK_ADDRESS) < 0);
  }

  /** RFC 4861 §7.1.2. */
  private static boolean isNeighborAdvertisement(Frame message) {
    return hasHostTarget(message)
        && !(NdAddress.isMulticast(message.destinationHi())
            && (flags(message.address()) & SOLICITED) != 0);
  }

  /** RFC 4861 §8.1, but for the check that our router sends it. */
  private static boolean isRedirect(Frame message) {
    long at = message.address();
    long hi = Bytes.i64(at + REDIRECT_SIZE - 16);
    long lo = Bytes.i64(at + REDIRECT_SIZE - 8);
    return NdAddress.isLinkLocal(message.sourceHi())
        && NdAddress.isHost(hi, lo)
        && (NdAddress.isLinkLocal(targetHi(at)) || (targetHi(at) == hi && targetLo(at) == lo));
  }

  private static boolean hasHostTarget(Frame message) {
    return NdAddress.isHost(targetHi(message.address()), targetLo(message.address()));
  }

  static boolean isFromNobody(Frame message) {
    return NdAddress.isUnspecified(message.sourceHi(), message.sourceLo());
  }

  /** Flags of a neighbor advertisement. */
  static int flags(long at) {
    return Bytes.i32(at + 4);
  }

  static long targetHi(long at) {
    return NdAddress.wireHi(Bytes.i64(at + 8));
  }

  static long targetLo(long at) {
    return Bytes.i64(at + 16);
  }

  /** The link address that an option of a valid message gives, or -1. */
  static long linkAddress(Frame message, int option) {
    long at = message.address();
    return NdOption.linkAddress(at + size(Bytes.u8(at)), at + message.length(), option);
  }
}
