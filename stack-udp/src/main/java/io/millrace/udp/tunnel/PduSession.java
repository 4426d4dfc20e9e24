package io.millrace.udp.tunnel;

import io.millrace.buf.Bytes;

/**
 * The content of a PDU session container (3GPP TS 38.415 §5.5.2), of which the first two bytes are
 * read: the direction and the QoS flow. What may follow is skipped with the header.
 *
 * <pre>
 *    7       4 3     0   7   6   5         0
 *   +---------+-------+ +---+---+-----------+
 *   | PDU type| ...   | |...|...| QFI       |
 *   +---------+-------+ +---+---+-----------+
 * </pre>
 */
public final class PduSession {
  /** PDU type of what goes to the user (DL PDU SESSION INFORMATION). */
  public static final int DOWNLINK = 0;

  /** PDU type of what comes from the user (UL PDU SESSION INFORMATION). */
  public static final int UPLINK = 1;

  private static final int MOST_QFI = 63;

  private PduSession() {}

  /**
   * The PDU type, 0 to 15.
   *
   * @param at what {@link GtpU#pduSession} has said
   */
  public static int type(long at) {
    return Bytes.u8(at) >>> 4;
  }

  /** The identifier of the QoS flow, 0 to 63. */
  public static int qfi(long at) {
    return Bytes.u8(at + 1) & MOST_QFI;
  }

  static int bits(int direction, int qfi) {
    return direction << 12 | qfi & MOST_QFI;
  }
}
