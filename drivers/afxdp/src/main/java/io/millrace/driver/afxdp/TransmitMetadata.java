package io.millrace.driver.afxdp;

import io.millrace.buf.Bytes;

/**
 * What is asked of the device about a packet, in front of it (Linux,
 * Documentation/networking/xsk-tx-metadata.rst), in the machine's own byte order.
 *
 * <pre>
 *  0           8            10            12         16                  24
 *  +-----------+------------+-------------+----------+-------------------+
 *  | flags (8) | start (2)  | offset (2)  | unused   | launch time (8)   |
 *  +-----------+------------+-------------+----------+-------------------+
 * </pre>
 */
final class TransmitMetadata {
  static final int SIZE = 24;

  private static final int CHECKSUM = 2;

  private TransmitMetadata() {}

  /**
   * Asks for a checksum.
   *
   * @param start where the sum begins, from the start of the packet
   * @param offset where it goes, from there
   */
  static void checksum(long metadata, int start, int offset) {
    Bytes.put64Native(metadata, CHECKSUM);
    Bytes.put16Native(metadata + 8, start);
    Bytes.put16Native(metadata + 10, offset);
    Bytes.put32Native(metadata + 12, 0);
    Bytes.put64Native(metadata + 16, 0);
  }
}
