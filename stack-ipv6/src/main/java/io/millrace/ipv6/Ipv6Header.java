package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.diag.DropReason;

/**
 * The IPv6 header (RFC 8200 §3).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version| Traffic Class |           Flow Label                  |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Payload Length        |  Next Header  |   Hop Limit   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                         Source Address                        |
 * |                           (128 bits)                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      Destination Address                      |
 * |                           (128 bits)                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
final class Ipv6Header {
  /** Bytes of the header. */
  static final int SIZE = 40;

  /** The most bytes behind the header; jumbograms (RFC 2675) are not accepted. */
  static final int MAX_PAYLOAD = 65_535;

  /** Every link takes a packet of this size (RFC 8200 §5). */
  static final int MIN_MTU = 1280;

  /** Where the payload length stands, in bytes from the header's start. */
  static final int PAYLOAD_LENGTH_AT = 4;

  /** Where the next header's number stands, in bytes from the header's start. */
  static final int NEXT_HEADER_AT = 6;

  /** Where the hop limit stands, in bytes from the header's start. */
  static final int HOP_LIMIT_AT = 7;

  private Ipv6Header() {}

  /**
   * Checks all that can be checked without knowing our addresses: after it the header and the
   * packet lie inside {@code available}. What is behind the header is {@link ExtensionHeaders}'
   * business.
   *
   * @return null if the header is good
   */
  static DropReason validate(long at, int available) {
    if (available < SIZE) {
      return DropReason.IP_TRUNCATED;
    }
    if (version(at) != 6) {
      return DropReason.IP_BAD_VERSION;
    }
    return totalLength(at) > available ? DropReason.IP_TRUNCATED : null;
  }

  /** The version, 6 in a validated header. */
  static int version(long at) {
    return Bytes.u8(at) >>> 4;
  }

  /** DSCP and ECN. */
  static int trafficClass(long at) {
    return Bytes.u16(at) >>> 4 & 0xff;
  }

  /** What the packets of one flow have in common, 20 bits (RFC 6437). */
  static int flowLabel(long at) {
    return Bytes.i32(at) & 0xf_ffff;
  }

  /** Bytes behind the header, extension headers included. */
  static int payloadLength(long at) {
    return Bytes.u16(at + PAYLOAD_LENGTH_AT);
  }

  /** Bytes of the packet, header included. */
  static int totalLength(long at) {
    return SIZE + payloadLength(at);
  }

  /** The number of the header that follows. */
  static int nextHeader(long at) {
    return Bytes.u8(at + NEXT_HEADER_AT);
  }

  /** Hops that are left. */
  static int hopLimit(long at) {
    return Bytes.u8(at + HOP_LIMIT_AT);
  }

  /** High half of the source address. */
  static long sourceHi(long at) {
    return Bytes.i64(at + 8);
  }

  /** Low half of the source address. */
  static long sourceLo(long at) {
    return Bytes.i64(at + 16);
  }

  /** High half of the destination address. */
  static long destinationHi(long at) {
    return Bytes.i64(at + 24);
  }

  /** Low half of the destination address. */
  static long destinationLo(long at) {
    return Bytes.i64(at + 32);
  }

  /**
   * Writes a header; the addresses are as on the wire.
   *
   * @param flowLabel 20 bits
   * @param payload bytes behind the header, at most {@link #MAX_PAYLOAD}
   */
  static void write(
      long at,
      int trafficClass,
      int flowLabel,
      int payload,
      int nextHeader,
      int hopLimit,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo) {
    long first = 0x6000_0000L | (long) trafficClass << 20 | flowLabel;
    Bytes.put64(at, first << 32 | (long) payload << 16 | nextHeader << 8 | hopLimit);
    Bytes.put64(at + 8, sourceHi);
    Bytes.put64(at + 16, sourceLo);
    Bytes.put64(at + 24, destinationHi);
    Bytes.put64(at + 32, destinationLo);
  }

  /** Writes the payload length and traffic class of a header that is to be shown again. */
  static void rewrite(long at, int payload, int trafficClass) {
    Bytes.put16(at + PAYLOAD_LENGTH_AT, payload);
    Bytes.put16(at, 0x6000 | trafficClass << 4 | (Bytes.u16(at) & 15));
  }
}
