package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.diag.DropReason;

/**
 * The IPv4 header (RFC 791 §3.1).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version|  IHL  |Type of Service|          Total Length         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Identification        |Flags|      Fragment Offset    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Time to Live |    Protocol   |         Header Checksum       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Source Address                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Destination Address                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Options                    |    Padding    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 *  Flags: 0, DF, MF
 * </pre>
 */
final class Ipv4Header {
  /** Bytes without options. */
  static final int SIZE = 20;

  /** Bytes with all the options there can be. */
  static final int MAX_SIZE = 60;

  /** Bytes with the router alert option and no other. */
  static final int WITH_ROUTER_ALERT = 24;

  /** The largest datagram in bytes. */
  static final int MAX_TOTAL = 65_535;

  /** Don't fragment, in the flags and offset word. */
  static final int DF = 0x4000;

  /** More fragments, in the flags and offset word. */
  static final int MF = 0x2000;

  /** The offset, in the flags and offset word, in units of 8 bytes. */
  static final int OFFSET_MASK = 0x1fff;

  /** The router alert option: copied, type 148, length 4, "examine this packet" (RFC 2113 §2.1). */
  private static final int ROUTER_ALERT = 0x9404_0000;

  private static final int OPTION_END = 0;
  private static final int OPTION_NOP = 1;
  private static final int OPTION_LSRR = 131;
  private static final int OPTION_SSRR = 137;

  private Ipv4Header() {}

  /**
   * Checks all that can be checked without knowing our addresses: after it the header, its options
   * and the datagram lie inside {@code available}.
   *
   * @return null if the header is good
   */
  static DropReason validate(long at, int available) {
    if (available < SIZE) {
      return DropReason.IP_TRUNCATED;
    }
    int first = Bytes.i32(at);
    if (first >>> 28 != 4) {
      // RFC 1122 §3.2.1.1: silently discarded.
      return DropReason.IP_BAD_VERSION;
    }
    int headerSize = first >>> 22 & 0x3c;
    int total = first & 0xffff;
    if (headerSize < SIZE || total < headerSize) {
      return DropReason.IP_BAD_LENGTH;
    }
    if (total > available) {
      return DropReason.IP_TRUNCATED;
    }
    // RFC 1122 §3.2.1.2: every datagram's header checksum is verified.
    boolean good =
        headerSize == SIZE
            ? isChecksumGood(at)
            : Checksum.fold(Checksum.add(0, at, headerSize)) == 0xffff;
    return good ? null : DropReason.IP_BAD_CHECKSUM;
  }

  /**
   * For a header without options. The words' order does not matter to the sum (RFC 1071 §2 (B)).
   */
  private static boolean isChecksumGood(long at) {
    long first = Bytes.i64Native(at);
    long second = Bytes.i64Native(at + 8);
    long sum =
        (first & 0xffff_ffffL)
            + (first >>> 32)
            + (second & 0xffff_ffffL)
            + (second >>> 32)
            + (Bytes.i32Native(at + 16) & 0xffff_ffffL);
    // Below 2^35; after two folds at most 0x10007, of which only 0xffff would fold to 0xffff.
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    return sum == 0xffff;
  }

  /**
   * Walks the options of a validated header. Source routes are refused (RFC 6274 §3.13.2.3); all
   * others are passed over and never sent back.
   *
   * @return whether they are well formed and without source route
   */
  static boolean optionsAcceptable(long at, int headerSize) {
    int i = SIZE;
    while (i < headerSize) {
      int type = Bytes.u8(at + i);
      if (type == OPTION_END) {
        return true;
      }
      if (type == OPTION_NOP) {
        i++;
        continue;
      }
      if (type == OPTION_LSRR || type == OPTION_SSRR || i + 1 >= headerSize) {
        return false;
      }
      int length = Bytes.u8(at + i + 1);
      if (length < 2 || length > headerSize - i) {
        return false;
      }
      i += length;
    }
    return true;
  }

  /** The version, 4 in a validated header. */
  static int version(long at) {
    return Bytes.u8(at) >>> 4;
  }

  /** Bytes of the header with its options, 20 to 60 in a validated header. */
  static int size(long at) {
    return (Bytes.u8(at) & 15) << 2;
  }

  /** DSCP and ECN. */
  static int trafficClass(long at) {
    return Bytes.u8(at + 1);
  }

  /** Bytes of the datagram, header included. */
  static int totalLength(long at) {
    return Bytes.u16(at + 2);
  }

  /** What the fragments of one datagram have in common. */
  static int identification(long at) {
    return Bytes.u16(at + 4);
  }

  /** The flags and the fragment offset. */
  static int flagsAndOffset(long at) {
    return Bytes.u16(at + 6);
  }

  /** Hops that are left. */
  static int ttl(long at) {
    return Bytes.u8(at + 8);
  }

  /** The protocol behind the header. */
  static int protocol(long at) {
    return Bytes.u8(at + 9);
  }

  /** The source address. */
  static int source(long at) {
    return Bytes.i32(at + 12);
  }

  /** The destination address. */
  static int destination(long at) {
    return Bytes.i32(at + 16);
  }

  /**
   * Writes a header without options, with its checksum.
   *
   * @param fragment the flags and offset word
   */
  static void write(
      long at,
      int trafficClass,
      int total,
      int identification,
      int fragment,
      int ttl,
      int protocol,
      int source,
      int destination) {
    long word0 = 0x4500_0000L | trafficClass << 16 | total;
    long word1 = (identification & 0xffffL) << 16 | fragment;
    long word2 = (long) ttl << 24 | protocol << 16;
    long sum = word0 + word1 + word2 + (source & 0xffff_ffffL) + (destination & 0xffff_ffffL);
    Bytes.put64(at, word0 << 32 | word1);
    Bytes.put64(at + 8, (word2 | Checksum.finish(sum)) << 32 | (source & 0xffff_ffffL));
    Bytes.put32(at + 16, destination);
  }

  /** Writes the header of a datagram that every router on its way is to look at (RFC 2113). */
  static void writeWithRouterAlert(
      long at, int trafficClass, int total, int ttl, int protocol, int source, int destination) {
    write(at, trafficClass, total, 0, DF, ttl, protocol, source, destination);
    Bytes.put8(at, 4 << 4 | WITH_ROUTER_ALERT / 4);
    Bytes.put32(at + SIZE, ROUTER_ALERT);
    updateChecksum(at);
  }

  /** Makes a header that was changed whole again: computes its checksum. */
  static void updateChecksum(long at) {
    Bytes.put16(at + 10, 0);
    Bytes.put16(at + 10, Checksum.finish(Checksum.add(0, at, size(at))));
  }

  /**
   * Writes total length, and flags and offset, and the checksum, of a header that is to be sent or
   * shown again.
   */
  static void rewrite(long at, int total, int fragment) {
    Bytes.put16(at + 2, total);
    Bytes.put16(at + 6, fragment);
    updateChecksum(at);
  }
}
