package io.millrace.udp;

import io.millrace.buf.Bytes;

/**
 * The UDP header (RFC 768).
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

  private UdpHeader() {}

  /**
   * Whether {@code available} bytes hold a header and all that its length field promises. Bytes
   * behind that length are not part of the datagram.
   */
  static boolean validate(long header, int available) {
    if (available < SIZE) {
      return false;
    }
    int length = length(header);
    return length >= SIZE && length <= available;
  }

  static int sourcePort(long header) {
    return Bytes.u16(header);
  }

  static int destinationPort(long header) {
    return Bytes.u16(header + 2);
  }

  /** Bytes of header and payload, 8 to 65,535 in a valid header. */
  static int length(long header) {
    return Bytes.u16(header + 4);
  }

  static int checksum(long header) {
    return Bytes.u16(header + 6);
  }

  static void write(long header, int sourcePort, int destinationPort, int length, int checksum) {
    long ports = (long) sourcePort << 16 | destinationPort;
    Bytes.put64(header, ports << 32 | (long) length << 16 | checksum);
  }
}
