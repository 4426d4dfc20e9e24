package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;

/**
 * The header that all ICMP messages share (RFC 792), and the fields of those that we know.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      |     Code      |          Checksum             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Identifier          |        Sequence Number        |  echo, echo reply
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |             unused            |         Next-Hop MTU          |  errors; MTU: fragmentation needed
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      data of the echo, or the datagram that an error is about |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
final class IcmpHeader {
  static final int SIZE = 8;

  static final int ECHO_REPLY = 0;
  static final int DESTINATION_UNREACHABLE = 3;
  static final int SOURCE_QUENCH = 4;
  static final int REDIRECT = 5;
  static final int ECHO = 8;
  static final int TIME_EXCEEDED = 11;
  static final int PARAMETER_PROBLEM = 12;

  static final int CODE_HOST = 1;
  static final int CODE_PROTOCOL = 2;
  static final int CODE_PORT = 3;
  static final int CODE_FRAGMENTATION_NEEDED = 4;
  static final int CODE_PROHIBITED = 13;
  static final int CODE_REASSEMBLY = 1;

  /** Redirects are for a network, a host, and for a type of service of either: 0 to 3. */
  static final int CODE_REDIRECT_LAST = 3;

  private IcmpHeader() {}

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

  /** The better router that a redirect names. */
  static int gateway(long at) {
    return Bytes.i32(at + 4);
  }

  static int nextHopMtu(long at) {
    return Bytes.u16(at + 6);
  }

  /** Whether a type is an error message, about which no error is ever sent (RFC 1122 §3.2.2). */
  static boolean isError(int type) {
    return switch (type) {
      case DESTINATION_UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM ->
          true;
      default -> false;
    };
  }

  /** Whether type and code are the first two bytes of a whole message with a good checksum. */
  static boolean checksumGood(long at, int length) {
    return Checksum.fold(Checksum.add(0, at, length)) == 0xffff;
  }

  /**
   * Writes the eight bytes, and the checksum over them and the data, which is behind them already.
   */
  static void write(long at, int type, int code, int rest, int length) {
    Bytes.put32(at, type << 24 | code << 16);
    Bytes.put32(at + 4, rest);
    Bytes.put16(at + 2, Checksum.finish(Checksum.add(0, at, length)));
  }
}
