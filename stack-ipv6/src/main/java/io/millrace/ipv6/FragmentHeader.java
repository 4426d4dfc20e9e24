package io.millrace.ipv6;

import io.millrace.buf.Bytes;

/**
 * The fragment header (RFC 8200 §4.5).
 *
 * <pre>
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Next Header  |   Reserved    |      Fragment Offset    |Res|M|
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                         Identification                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
final class FragmentHeader {
  /** Bytes of the header. */
  static final int SIZE = 8;

  /** Where the offset stands, in bytes from the header's start. */
  static final int OFFSET_AT = 2;

  private static final int OFFSET_MASK = 0xfff8;
  private static final int MORE = 1;

  private FragmentHeader() {}

  /** The protocol of what was cut. */
  static int nextHeader(long at) {
    return Bytes.u8(at);
  }

  /** The place of the fragment's first byte, a multiple of 8. */
  static int offset(long at) {
    return Bytes.u16(at + OFFSET_AT) & OFFSET_MASK;
  }

  /** Whether it is not the last one. */
  static boolean more(long at) {
    return (Bytes.u8(at + 3) & MORE) != 0;
  }

  /** Whether it is the whole packet: first and last fragment (RFC 6946 §1). */
  static boolean isAtomic(long at) {
    return (Bytes.u16(at + OFFSET_AT) & (OFFSET_MASK | MORE)) == 0;
  }

  /** What the fragments of one packet have in common. */
  static int identification(long at) {
    return Bytes.i32(at + 4);
  }

  static void write(long at, int nextHeader, int offset, boolean more, int identification) {
    Bytes.put32(at, nextHeader << 24 | offset | (more ? MORE : 0));
    Bytes.put32(at + 4, identification);
  }
}
