package io.millrace.ipv6.nd;

import io.millrace.buf.Bytes;
import io.millrace.link.Ethernet;

/**
 * Options of Neighbor Discovery messages (RFC 4861 §4.6). Lengths are in units of 8 bytes.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      |    Length     |              ...              ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 *  link address, 1: type, 1, address (6)
 *  MTU, 1:          5, 1, reserved (2), MTU (4)
 *  nonce, 1:        14, 1, random (6)                                     RFC 3971 §5.3.2
 *  prefix, 4:       3, 4, length, flags L A, valid (4), preferred (4), reserved (4), prefix (16)
 *  route, 1 to 3:   24, n, length, preference, lifetime (4), prefix (0, 8 or 16)   RFC 4191 §2.3
 *  servers, 3 up:   25, n, reserved (2), lifetime (4), addresses (16 each)         RFC 8106 §5.1
 *  domains, 2 up:   31, n, reserved (2), lifetime (4), names, padded with zeros    RFC 8106 §5.2
 *  redirected, 1 up: 4, n, reserved (6), the packet that was redirected
 * </pre>
 */
final class NdOption {
  static final int SOURCE_LINK_ADDRESS = 1;
  static final int TARGET_LINK_ADDRESS = 2;
  static final int PREFIX = 3;
  static final int REDIRECTED = 4;
  static final int MTU = 5;
  static final int NONCE = 14;
  static final int ROUTE = 24;
  static final int DNS_SERVERS = 25;
  static final int DNS_SEARCH = 31;

  /** Bytes of a link address, MTU or nonce option. */
  static final int SIZE = 8;

  /** Bytes of a prefix option. */
  static final int PREFIX_SIZE = 32;

  /** On-link flag of a prefix. */
  static final int PREFIX_ON_LINK = 0x80;

  /** Autonomous address configuration flag of a prefix. */
  static final int PREFIX_AUTONOMOUS = 0x40;

  private NdOption() {}

  /** Whether all options lie inside the message and have a length (RFC 4861 §4.6). */
  static boolean areValid(long at, long end) {
    while (at < end) {
      if (end - at < SIZE) {
        return false;
      }
      int length = Bytes.u8(at + 1) * 8;
      if (length == 0 || length > end - at) {
        return false;
      }
      at += length;
    }
    return true;
  }

  static int type(long option) {
    return Bytes.u8(option);
  }

  /** Bytes of the whole option. */
  static int length(long option) {
    return Bytes.u8(option + 1) * 8;
  }

  /** The first option of a type in a valid message, or 0. */
  static long find(long at, long end, int type) {
    while (at < end) {
      if (type(at) == type) {
        return at;
      }
      at += length(at);
    }
    return 0;
  }

  /** The link address in the first option of a type; -1 if there is none that a host can have. */
  static long linkAddress(long at, long end, int type) {
    long option = find(at, end, type);
    if (option == 0 || length(option) != SIZE) {
      return -1;
    }
    long mac = Bytes.i64(option) & Ethernet.BROADCAST;
    return mac == 0 || Ethernet.isGroup(mac) ? -1 : mac;
  }

  /** The nonce, 48 bits; -1 if there is none of that size. */
  static long nonce(long at, long end) {
    long option = find(at, end, NONCE);
    return option == 0 || length(option) != SIZE ? -1 : Bytes.i64(option) & Ethernet.BROADCAST;
  }

  /** Writes an option of 8 bytes with 48 bits in it: a link address or a nonce. */
  static void write48(long at, int type, long value) {
    Bytes.put64(at, (long) type << 56 | 1L << 48 | value);
  }
}
