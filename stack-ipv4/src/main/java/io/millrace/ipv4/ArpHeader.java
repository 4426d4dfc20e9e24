package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.link.Ethernet;

/**
 * An ARP packet for IPv4 over Ethernet (RFC 826).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |       Hardware Type (1)       |     Protocol Type (0x0800)    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  HLen (6)     |  PLen (4)     |           Operation           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Sender Hardware Address                    |
 * +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                               |    Sender Protocol Address    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |    Sender Protocol Address    |                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+    Target Hardware Address    +
 * |                                                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Target Protocol Address                    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
final class ArpHeader {
  static final int SIZE = 28;
  static final int REQUEST = 1;
  static final int REPLY = 2;

  /** The first six bytes: Ethernet, IPv4, and their address sizes. */
  private static final long FORMATS = 0x0001_0800_0604L;

  private ArpHeader() {}

  /** Whether this is a request or reply for IPv4 over Ethernet with a sender that can be one. */
  static boolean isValid(long at, int available) {
    if (available < SIZE || Bytes.i64(at) >>> 16 != FORMATS) {
      return false;
    }
    int operation = operation(at);
    int sender = senderAddress(at);
    // A sender of 0 is a probe (RFC 5227 §1.1).
    return (operation == REQUEST || operation == REPLY)
        && !Ethernet.isGroup(senderMac(at))
        && senderMac(at) != 0
        && (sender == 0 || !Ipv4Addresses.isNoHost(sender));
  }

  static int operation(long at) {
    return Bytes.u16(at + 6);
  }

  static long senderMac(long at) {
    return Bytes.i64(at + 8) >>> 16;
  }

  static int senderAddress(long at) {
    return Bytes.i32(at + 14);
  }

  static long targetMac(long at) {
    return Bytes.i64(at + 18) >>> 16;
  }

  static int targetAddress(long at) {
    return Bytes.i32(at + 24);
  }

  static void write(
      long at,
      int operation,
      long senderMac,
      int senderAddress,
      long targetMac,
      int targetAddress) {
    Bytes.put64(at, FORMATS << 16 | operation);
    Bytes.put64(at + 8, senderMac << 16 | senderAddress >>> 16);
    Bytes.put64(at + 16, (long) senderAddress << 48 | targetMac);
    Bytes.put32(at + 24, targetAddress);
  }
}
