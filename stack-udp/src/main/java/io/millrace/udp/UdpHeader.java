package io.millrace.udp;

import io.millrace.buf.Bytes;

/**
 * The UDP header (RFC 768). UDP-Lite has the checksum coverage in the place of the length.
 *
 * <pre>
 *   0      7 8     15 16    23 24    31
 *  +--------+--------+--------+--------+
 *  |   source port   | destination port|
 *  +--------+--------+--------+--------+
 *  |     length      |    checksum     |
 *  +--------+--------+--------+--------+
 *  |   payload ...
 *  +----------------
 * </pre>
 */
final class UdpHeader {
  static final int SIZE = 8;
  static final int CHECKSUM_OFFSET = 6;

  /** Where the length is, or UDP-Lite's checksum coverage (RFC 3828 §3.1). */
  static final int LENGTH_OFFSET = 4;

  private UdpHeader() {}

  /**
   * Whether {@code available} bytes hold a header and all that its length field promises. Bytes
   * behind that length are not part of the datagram.
   */
  static boolean validate(long header, int available) {
    if (available < SIZE) {
      return false;
    }
    int length = length(fields(header));
    return length >= SIZE && length <= available;
  }

  /** All four fields in one load: what the accessors take. */
  static long fields(long header) {
    return Bytes.i64(header);
  }

  static int sourcePort(long fields) {
    return (int) (fields >>> 48);
  }

  static int destinationPort(long fields) {
    return (int) (fields >>> 32) & 0xffff;
  }

  /**
   * Bytes of header and payload, 8 to 65,535 in a valid header; in UDP-Lite's those that the
   * checksum covers, or 0 for all.
   */
  static int length(long fields) {
    return (int) fields >>> 16;
  }

  static int checksum(long fields) {
    return (int) fields & 0xffff;
  }

  static void write(long header, int sourcePort, int destinationPort, int length, int checksum) {
    long ports = (long) sourcePort << 16 | destinationPort;
    Bytes.put64(header, ports << 32 | (long) length << 16 | checksum);
  }
}
