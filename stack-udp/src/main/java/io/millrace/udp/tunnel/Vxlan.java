package io.millrace.udp.tunnel;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.link.Ethernet;

/**
 * The VXLAN header (RFC 7348 §5), behind which an Ethernet frame lies.
 *
 * <pre>
 *    0       7 8                 31
 *   +---------+--------------------+
 *   |rrrrIrrr | reserved           |
 *   +---------+----------+---------+
 *   | network identifier | reserved|
 *   +--------------------+---------+
 * </pre>
 */
public final class Vxlan {
  /** The port (RFC 7348 §5). */
  public static final int PORT = 4789;

  /** Bytes of the header. */
  public static final int SIZE = 8;

  private static final int I = 0x08;
  private static final int MOST_VNI = 0xff_ffff;

  private Vxlan() {}

  /**
   * Whether {@code available} bytes hold a header that names a network, and the header of the frame
   * inside. Reserved bits are ignored (RFC 7348 §5).
   */
  public static boolean validate(long at, int available) {
    return available >= SIZE + Ethernet.HEADER_SIZE && (Bytes.u8(at) & I) != 0;
  }

  /** The network's identifier, 0 to 2^24 - 1. */
  public static int vni(long at) {
    return Bytes.i32(at + 4) >>> 8;
  }

  /** Takes a validated header off: the window is the Ethernet frame inside. */
  public static void pop(Frame frame) {
    frame.pull(SIZE);
    frame.unwrapped();
  }

  /**
   * Puts the header in front of an Ethernet frame.
   *
   * @param vni the network's identifier, 0 to 2^24 - 1
   */
  public static void push(Frame frame, int vni) {
    Bytes.put64(frame.push(SIZE), (long) I << 56 | (long) (vni & MOST_VNI) << 8);
  }
}
