package io.millrace.driver.tap;

import io.millrace.buf.Bytes;

/**
 * The header of the virtual network card in front of a packet (virtio 1.2 §5.1.6), in the machine's
 * own byte order, which is how a TAP takes it if it is not told otherwise.
 *
 * <pre>
 *  0       1          2              4              6              8              10            12
 * +-------+----------+--------------+--------------+--------------+--------------+-------------+
 * | flags | gso type | hdr len (2)  | gso size (2) | csum start(2)| csum offs.(2)| buffers (2) |
 * +-------+----------+--------------+--------------+--------------+--------------+-------------+
 * </pre>
 *
 * <p>Offsets count from the first byte of the Ethernet header.
 */
final class VirtioHeader {
  static final int SIZE = 12;

  /** Flag: the checksum from {@code csum start} on is still to be computed. */
  static final int NEEDS_CHECKSUM = 1;

  /** Flag: the checksum has been verified. */
  static final int CHECKSUM_VALID = 2;

  static final int GSO_NONE = 0;
  static final int GSO_TCP4 = 1;
  static final int GSO_TCP6 = 4;

  /** With TCP: the first segment alone carries the flag CWR (RFC 3168 §6.1.2). */
  static final int GSO_ECN = 0x80;

  private VirtioHeader() {}

  static int flags(long header) {
    return Bytes.u8(header);
  }

  static int gsoType(long header) {
    return Bytes.u8(header + 1);
  }

  static int gsoSize(long header) {
    return Bytes.u16Native(header + 4);
  }

  static int checksumStart(long header) {
    return Bytes.u16Native(header + 6);
  }

  static int checksumOffset(long header) {
    return Bytes.u16Native(header + 8);
  }

  /** A packet that is ready as it is. */
  static void clear(long header) {
    Bytes.put64Native(header, 0);
    Bytes.put32Native(header + 8, 0);
  }

  static void checksum(long header, int start, int offset) {
    Bytes.put8(header, NEEDS_CHECKSUM);
    Bytes.put16Native(header + 6, start);
    Bytes.put16Native(header + 8, offset);
  }

  static void segmentation(long header, int type, int headerLength, int size) {
    Bytes.put8(header + 1, type);
    Bytes.put16Native(header + 2, headerLength);
    Bytes.put16Native(header + 4, size);
  }
}
