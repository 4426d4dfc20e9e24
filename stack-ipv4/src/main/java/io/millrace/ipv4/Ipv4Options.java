package io.millrace.ipv4;

import io.millrace.buf.Bytes;

/**
 * The options of a header that passes through us (RFC 791 §3.1, RFC 1812 §5.3.13). They have been
 * walked before and are well formed; source routes never come this far.
 */
final class Ipv4Options {
  private static final int END = 0;
  private static final int NOP = 1;
  private static final int RECORD_ROUTE = 7;

  /** Set in the type of options that every fragment carries. */
  private static final int COPIED = 0x80;

  private Ipv4Options() {}

  /** Writes our address where a record route option has room for it (RFC 1812 §5.3.13.5). */
  static void recordRoute(long at, int headerSize, int ours) {
    int i = Ipv4Header.SIZE;
    while (i < headerSize && Bytes.u8(at + i) != END) {
      int type = Bytes.u8(at + i);
      int length = type == NOP ? 1 : Bytes.u8(at + i + 1);
      if (type == RECORD_ROUTE && length >= 3) {
        // The pointer counts from 1, and its least is 4.
        int pointer = Bytes.u8(at + i + 2);
        if (pointer >= 4 && pointer + 3 <= length) {
          Bytes.put32(at + i + pointer - 1, ours);
          Bytes.put8(at + i + 2, pointer + 4);
        }
      }
      i += length;
    }
  }

  /**
   * Copies to another header the options that every fragment carries (RFC 791 §3.2).
   *
   * @param from a header with options
   * @param to a header with room for as many
   * @return the size of that header, with its options padded to four bytes
   */
  static int copy(long from, int headerSize, long to) {
    int i = Ipv4Header.SIZE;
    int size = Ipv4Header.SIZE;
    while (i < headerSize && Bytes.u8(from + i) != END) {
      int type = Bytes.u8(from + i);
      int length = type == NOP ? 1 : Bytes.u8(from + i + 1);
      if ((type & COPIED) != 0) {
        Bytes.copy(from + i, to + size, length);
        size += length;
      }
      i += length;
    }
    while ((size & 3) != 0) {
      Bytes.put8(to + size++, END);
    }
    return size;
  }
}
