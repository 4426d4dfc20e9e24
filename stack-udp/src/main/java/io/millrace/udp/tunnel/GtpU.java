package io.millrace.udp.tunnel;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;

/**
 * The GTP-U header, version 1 (3GPP TS 29.281 §5.1).
 *
 * <pre>
 *    0       7 8      15 16             31
 *   +---------+---------+-----------------+
 *   |001 T*ESN| type    | length          |   length: bytes behind these first eight
 *   +---------+---------+-----------------+
 *   | tunnel endpoint identifier          |
 *   +-------------------+--------+--------+
 *   | sequence number   | N-PDU  | next   |   there if E, S or N is set; each field means
 *   +-------------------+--------+--------+   something only if its own bit is
 *
 *   extension header, if E is set and while next is not 0 (§5.2.1):
 *   +---------+-----------------+---------+
 *   | words   | content         | next    |   words: the whole in units of four bytes
 *   +---------+-----------------+---------+
 * </pre>
 *
 * <p>{@link #validate} is the one check; the other methods trust a header that passed it.
 */
public final class GtpU {
  /** The port of user-plane messages (TS 29.281 §4.4.2.3). */
  public static final int PORT = 2152;

  /** Bytes of the header without options. */
  public static final int SIZE = 8;

  /** Bytes of the header with options, without extension headers. */
  public static final int SIZE_WITH_OPTIONS = 12;

  /** Bytes of a header with the PDU session container that {@link #push} writes. */
  public static final int SIZE_WITH_PDU_SESSION = 16;

  /** Message type: is the peer there? */
  public static final int ECHO_REQUEST = 1;

  /** Message type: the peer is there. */
  public static final int ECHO_RESPONSE = 2;

  /** Message type: the peer has no tunnel with the identifier. */
  public static final int ERROR_INDICATION = 26;

  /** Message type: which extension headers the peer understands. */
  public static final int SUPPORTED_EXTENSION_HEADERS = 31;

  /** Message type: the last packet that comes by this tunnel. */
  public static final int END_MARKER = 254;

  /** Message type: a packet of a user. */
  public static final int G_PDU = 255;

  /** {@link #validate}: no GTP-U of version 1, truncated, or lengths that cannot be. */
  public static final int MALFORMED = -1;

  /**
   * {@link #validate}: an extension header that must be understood is not: the packet is dropped,
   * and {@link GtpMessages#supportedExtensionHeaders} may answer it (TS 29.281 §5.2.1).
   */
  public static final int UNSUPPORTED = -2;

  /** Extension header type: PDU session container (TS 38.415). */
  static final int PDU_SESSION_CONTAINER = 0x85;

  /** Version 1, and GTP rather than GTP'. */
  private static final int VERSION_1 = 0x30;

  private static final int VERSION_MASK = 0xf0;
  private static final int E = 4;
  private static final int S = 2;
  private static final int PN = 1;

  /** The receiving endpoint must understand the header (TS 29.281 §5.2.1, bits 8 and 7). */
  private static final int MUST_BE_UNDERSTOOD = 0x80;

  /** More than anybody has a use for; it bounds the work that a packet can make. */
  private static final int MOST_EXTENSIONS = 8;

  private GtpU() {}

  // ---- in ----

  /**
   * Checks a header with its options and extension headers: behind it {@link #length} and all of
   * them lie inside {@code available}.
   *
   * @param at the address of the UDP payload
   * @param available its bytes, 0 or more
   * @return the bytes in front of the message's content, 8 or more; or {@link #MALFORMED}, or
   *     {@link #UNSUPPORTED}
   */
  public static int validate(long at, int available) {
    if (available < SIZE) {
      return MALFORMED;
    }
    int flags = Bytes.u8(at);
    int total = SIZE + length(at);
    // TS 29.281 §5.1: GTP' has its own port, and version 1 is the only one of the user plane.
    if ((flags & VERSION_MASK) != VERSION_1 || total > available) {
      return MALFORMED;
    }
    if ((flags & (E | S | PN)) == 0) {
      return SIZE;
    }
    if (total < SIZE_WITH_OPTIONS) {
      return MALFORMED;
    }
    // TS 29.281 §5.1: without E the field is there and means nothing.
    return (flags & E) == 0 ? SIZE_WITH_OPTIONS : walk(at, total);
  }

  private static int walk(long at, int total) {
    int size = SIZE_WITH_OPTIONS;
    for (int i = 0; i <= MOST_EXTENSIONS; i++) {
      int type = Bytes.u8(at + size - 1);
      if (type == 0) {
        return size;
      }
      if (size + 4 > total) {
        return MALFORMED;
      }
      int bytes = Bytes.u8(at + size) * 4;
      if (bytes == 0 || size + bytes > total) {
        return MALFORMED;
      }
      if ((type & MUST_BE_UNDERSTOOD) != 0 && type != PDU_SESSION_CONTAINER) {
        return UNSUPPORTED;
      }
      size += bytes;
    }
    return MALFORMED;
  }

  /** The message's type, 0 to 255. */
  public static int messageType(long at) {
    return Bytes.u8(at + 1);
  }

  /** Bytes behind the first eight, options included, 0 to 65,535. */
  public static int length(long at) {
    return Bytes.u16(at + 2);
  }

  /** The tunnel endpoint identifier that the receiver gave out; 0 in messages of the path. */
  public static int teid(long at) {
    return Bytes.i32(at + 4);
  }

  /** Whether {@link #sequence} means something. */
  public static boolean hasSequence(long at) {
    return (Bytes.u8(at) & S) != 0;
  }

  /** The sequence number, 0 to 65,535. */
  public static int sequence(long at) {
    return Bytes.u16(at + 8);
  }

  /**
   * The content of the first PDU session container, see {@link PduSession}.
   *
   * @param headerSize what {@link #validate} has said
   * @return its address; 0 if there is none
   */
  public static long pduSession(long at, int headerSize) {
    if ((Bytes.u8(at) & E) == 0) {
      return 0;
    }
    int size = SIZE_WITH_OPTIONS;
    while (size < headerSize) {
      if (Bytes.u8(at + size - 1) == PDU_SESSION_CONTAINER) {
        return at + size + 1;
      }
      size += Bytes.u8(at + size) * 4;
    }
    return 0;
  }

  /**
   * Takes the header off: the window is what is inside, without anything behind the message's
   * length.
   *
   * @param headerSize what {@link #validate} has said
   */
  public static void pop(Frame frame, int headerSize) {
    frame.trim(SIZE + length(frame.address()));
    frame.pull(headerSize);
    frame.unwrapped();
  }

  // ---- out ----

  /** Puts the header of a user's packet, without options, in front of it. */
  public static void push(Frame frame, int teid) {
    int length = frame.totalLength();
    write(frame.push(SIZE), VERSION_1, G_PDU, length, teid);
  }

  /**
   * Puts the header of a user's packet with a PDU session container in front of it.
   *
   * @param direction {@link PduSession#DOWNLINK} or {@link PduSession#UPLINK}
   * @param qfi the QoS flow, 0 to 63
   */
  public static void push(Frame frame, int teid, int direction, int qfi) {
    int length = frame.totalLength() + SIZE_WITH_PDU_SESSION - SIZE;
    long at = frame.push(SIZE_WITH_PDU_SESSION);
    write(at, VERSION_1 | E, G_PDU, length, teid);
    Bytes.put32(at + 8, PDU_SESSION_CONTAINER);
    // One word: its length, the container's two bytes, and that no other header follows.
    Bytes.put32(at + 12, 1 << 24 | PduSession.bits(direction, qfi) << 8);
  }

  /** Writes a header with a sequence number: messages of the path have one. */
  static void writeWithSequence(long at, int type, int contentLength, int sequence) {
    int length = contentLength + SIZE_WITH_OPTIONS - SIZE;
    write(at, VERSION_1 | S, type, length, 0);
    Bytes.put32(at + 8, sequence << 16);
  }

  private static void write(long at, int flags, int type, int length, int teid) {
    long first = (long) flags << 24 | (long) type << 16 | length;
    Bytes.put64(at, first << 32 | (teid & 0xffff_ffffL));
  }
}
