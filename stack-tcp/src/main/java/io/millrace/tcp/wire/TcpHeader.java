package io.millrace.tcp.wire;

import io.millrace.buf.Bytes;

/**
 * The TCP header (RFC 9293 §3.1).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          Source Port          |       Destination Port        | 0
 * +-------------------------------+-------------------------------+
 * |                        Sequence Number                        | 4
 * +---------------------------------------------------------------+
 * |                    Acknowledgment Number                      | 8
 * +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 * | Data  |Reserv.|C|E|U|A|P|R|S|F|                               |
 * | Offset|       |W|C|R|C|S|S|Y|I|            Window             | 12
 * |       |       |R|E|G|K|H|T|N|N|                               |
 * +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 * |           Checksum            |         Urgent Pointer        | 16
 * +-------------------------------+-------------------------------+
 * |                           [Options]                           | 20
 * </pre>
 */
public final class TcpHeader {
  /** Bytes without options. */
  public static final int MIN_SIZE = 20;

  /** Where the checksum is. */
  public static final int CHECKSUM = 16;

  /** No more data from the sender. */
  public static final int FIN = 0x01;

  /** Synchronize sequence numbers. */
  public static final int SYN = 0x02;

  /** Reset the connection. */
  public static final int RST = 0x04;

  /** Push function. */
  public static final int PSH = 0x08;

  /** The acknowledgment field is significant. */
  public static final int ACK = 0x10;

  /** The urgent pointer is significant. */
  public static final int URG = 0x20;

  /** ECN echo (RFC 3168). */
  public static final int ECE = 0x40;

  /** Congestion window reduced (RFC 3168). */
  public static final int CWR = 0x80;

  private TcpHeader() {}

  /**
   * The header's size in bytes if it lies inside {@code length} bytes, else -1: the only check of
   * these bounds.
   */
  public static int validate(long header, int length) {
    if (length < MIN_SIZE) {
      return -1;
    }
    int size = (Bytes.u8(header + 12) >>> 4) * 4;
    return size < MIN_SIZE || size > length ? -1 : size;
  }

  /**
   * Source port in the low 16 bits, destination port in the high 16: the pair as the receiver's
   * flow names it.
   */
  public static int portsReversed(long header) {
    int wire = Bytes.i32(header);
    return Integer.rotateLeft(wire, 16);
  }

  /** Source port. */
  public static int sourcePort(long header) {
    return Bytes.u16(header);
  }

  /** Destination port. */
  public static int destinationPort(long header) {
    return Bytes.u16(header + 2);
  }

  /** Sequence number. */
  public static int sequence(long header) {
    return Bytes.i32(header + 4);
  }

  /** Acknowledgment number. */
  public static int acknowledgment(long header) {
    return Bytes.i32(header + 8);
  }

  /** The eight control bits. */
  public static int flags(long header) {
    return Bytes.u8(header + 13);
  }

  /** The window field, not scaled. */
  public static int window(long header) {
    return Bytes.u16(header + 14);
  }

  /** The urgent pointer. */
  public static int urgentPointer(long header) {
    return Bytes.u16(header + 18);
  }

  /** Writes the 20 bytes in front of the options, the checksum field as 0. */
  public static void write(
      long header, int ports, int sequence, int acknowledgment, int size, int flags, int window) {
    Bytes.put64(header, ((long) ports << 32) | (sequence & 0xffff_ffffL));
    Bytes.put64(
        header + 8,
        ((long) acknowledgment << 32)
            | ((long) (size >>> 2) << 28)
            | ((long) flags << 16)
            | window);
    Bytes.put32(header + 16, 0);
  }
}
