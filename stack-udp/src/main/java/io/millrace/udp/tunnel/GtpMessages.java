package io.millrace.udp.tunnel;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;

/**
 * The messages that an end of a GTP-U path sends about the path itself (3GPP TS 29.281 §7), each
 * made in the frame of the message that it answers: a retained frame, to be sent on with {@code
 * UdpSocket.sendFrame} to the port that the answer goes to.
 */
public final class GtpMessages {
  private static final int RECOVERY = 14;
  private static final int TEID_DATA_I = 16;
  private static final int PEER_ADDRESS = 133;
  private static final int EXTENSION_HEADER_TYPE_LIST = 141;

  private GtpMessages() {}

  /**
   * Turns an echo request into its response, which goes back to the port that it came from (TS
   * 29.281 §7.2.2, §4.4.2.2). The window is the request, validated.
   */
  public static void echoResponse(Frame request) {
    long at = request.address();
    int sequence = GtpU.hasSequence(at) ? GtpU.sequence(at) : 0;
    long content = make(request, GtpU.ECHO_RESPONSE, sequence, 2);
    // TS 29.281 §8.2: the restart counter is mandatory, sent as 0 and ignored.
    Bytes.put16(content, RECOVERY << 8);
  }

  /**
   * Turns a user's packet for which there is no tunnel into an error indication, which goes to
   * {@link GtpU#PORT} of the sender (TS 29.281 §7.3.1, §4.4.2.4). The window is the packet,
   * validated; the frame still knows the address that it was sent to.
   */
  public static void errorIndication(Frame offending) {
    int teid = GtpU.teid(offending.address());
    long hi = offending.destinationHi();
    long lo = offending.destinationLo();
    boolean four = IpAddress.isV4(hi, lo);
    int bytes = four ? 4 : 16;
    long content = make(offending, GtpU.ERROR_INDICATION, 0, 5 + 3 + bytes);
    Bytes.put8(content, TEID_DATA_I);
    Bytes.put32(content + 1, teid);
    Bytes.put8(content + 5, PEER_ADDRESS);
    Bytes.put16(content + 6, bytes);
    if (four) {
      Bytes.put32(content + 8, (int) lo);
    } else {
      Bytes.put64(content + 8, hi);
      Bytes.put64(content + 16, lo);
    }
  }

  /**
   * Turns a packet with an extension header that had to be understood and was not into the list of
   * those that are, which goes to {@link GtpU#PORT} of the sender (TS 29.281 §7.2.3).
   */
  public static void supportedExtensionHeaders(Frame offending) {
    long content = make(offending, GtpU.SUPPORTED_EXTENSION_HEADERS, 0, 3);
    Bytes.put16(content, EXTENSION_HEADER_TYPE_LIST << 8 | 1);
    Bytes.put8(content + 2, GtpU.PDU_SESSION_CONTAINER);
  }

  /** Makes the window a header and so much content; returns the content's address. */
  private static long make(Frame frame, int type, int sequence, int contentLength) {
    int size = GtpU.SIZE_WITH_OPTIONS + contentLength;
    frame.trim(Math.min(frame.length(), size));
    frame.append(size - frame.length());
    long at = frame.address();
    GtpU.writeWithSequence(at, type, contentLength, sequence);
    return at + GtpU.SIZE_WITH_OPTIONS;
  }
}
