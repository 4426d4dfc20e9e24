package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.ip.IpProtocol;

/**
 * The header that all ICMPv6 messages share (RFC 4443 §2.1), and the fields of those that we know.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      |     Code      |          Checksum             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Identifier          |        Sequence Number        |  echo, echo reply
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    MTU, pointer or unused                     |  errors
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      data of the echo, or the packet that an error is about   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
final class Icmpv6Header {
  static final int SIZE = 8;

  static final int DESTINATION_UNREACHABLE = 1;
  static final int PACKET_TOO_BIG = 2;
  static final int TIME_EXCEEDED = 3;
  static final int PARAMETER_PROBLEM = 4;
  static final int ECHO = 128;
  static final int ECHO_REPLY = 129;
  static final int MLD_QUERY = 130;
  static final int MLD_DONE = 132;
  static final int MLD_REPORT = 143;
  static final int ROUTER_SOLICITATION = 133;
  static final int REDIRECT = 137;

  /** The least type that is no error (RFC 4443 §2.1). */
  static final int FIRST_INFORMATIONAL = 128;

  // Destination unreachable, RFC 4443 §3.1.
  static final int CODE_NO_ROUTE = 0;
  static final int CODE_PROHIBITED = 1;
  static final int CODE_BEYOND_SCOPE = 2;
  static final int CODE_ADDRESS = 3;
  static final int CODE_PORT = 4;
  static final int CODE_SOURCE_POLICY = 5;

  // Time exceeded, RFC 4443 §3.3.
  static final int CODE_REASSEMBLY = 1;

  // Parameter problem, RFC 4443 §3.4, RFC 7112 §5, RFC 8883 §3.
  static final int CODE_ERRONEOUS_FIELD = 0;
  static final int CODE_UNRECOGNIZED_NEXT_HEADER = 1;
  static final int CODE_UNRECOGNIZED_OPTION = 2;
  static final int CODE_INCOMPLETE_CHAIN = 3;
  static final int CODE_CHAIN_TOO_LONG = 7;
  static final int CODE_TOO_MANY_HEADERS = 8;
  static final int CODE_TOO_MANY_OPTIONS = 9;

  private Icmpv6Header() {}

  static int type(long at) {
    return Bytes.u8(at);
  }

  static int code(long at) {
    return Bytes.u8(at + 1);
  }

  static int identifier(long at) {
    return Bytes.u16(at + 4);
  }

  static int sequence(long at) {
    return Bytes.u16(at + 6);
  }

  /** The MTU of a packet too big, 32 bits; {@code Integer.MAX_VALUE} for more than that. */
  static int mtu(long at) {
    int said = Bytes.i32(at + 4);
    return said < 0 ? Integer.MAX_VALUE : said;
  }

  /** Whether a type is an error's or a redirect: about these no error is sent (RFC 4443 §2.4 e). */
  static boolean isErrorOrRedirect(int type) {
    return type < FIRST_INFORMATIONAL || type == REDIRECT;
  }

  /** Whether a type is one of Neighbor Discovery's (RFC 4861 §4). */
  static boolean isDiscovery(int type) {
    return type >= ROUTER_SOLICITATION && type <= REDIRECT;
  }

  /** Whether the checksum over pseudo-header and message is right (RFC 4443 §2.3). */
  static boolean checksumGood(
      long at, int length, long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    long sum = pseudoHeader(length, sourceHi, sourceLo, destinationHi, destinationLo);
    return Checksum.fold(Checksum.add(sum, at, length)) == 0xffff;
  }

  /**
   * Writes the eight bytes, without their checksum, which {@link #fillChecksum} adds when the data
   * is behind them.
   */
  static void write(long at, int type, int code, int rest) {
    Bytes.put32(at, type << 24 | code << 16);
    Bytes.put32(at + 4, rest);
  }

  /** Computes the checksum of a message (RFC 4443 §2.3). */
  static void fillChecksum(
      long at, int length, long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    Bytes.put16(at + 2, 0);
    long sum = pseudoHeader(length, sourceHi, sourceLo, destinationHi, destinationLo);
    Bytes.put16(at + 2, Checksum.finish(Checksum.add(sum, at, length)));
  }

  private static long pseudoHeader(
      int length, long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    return length
        + Checksum.pseudoHeader(
            sourceHi, sourceLo, destinationHi, destinationLo, IpProtocol.ICMPV6);
  }

  /** Whether a type is one of Multicast Listener Discovery (RFC 2710, RFC 3810). */
  static boolean isMld(int type) {
    return (type >= MLD_QUERY && type <= MLD_DONE) || type == MLD_REPORT;
  }
}
