package io.millrace.link;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;

/**
 * The header of the virtual network card in front of a packet (virtio 1.2 §5.1.6), in the machine's
 * own byte order, which is how the kernel's TAPs and packet sockets take it if they are not told
 * otherwise.
 *
 * <pre>
 *  0       1          2              4              6              8              10            12
 * +-------+----------+--------------+--------------+--------------+--------------+-------------+
 * | flags | gso type | hdr len (2)  | gso size (2) | csum start(2)| csum offs.(2)| buffers (2) |
 * +-------+----------+--------------+--------------+--------------+--------------+-------------+
 * </pre>
 *
 * <p>Offsets count from the first byte of the Ethernet header. What is in it comes from the kernel;
 * only the checksum's place is checked, because the stack writes there.
 */
public final class VirtioHeader {
  /** Bytes with the last field, which only a virtual card's merged buffers need. */
  public static final int SIZE = 12;

  /** Bytes without the last field. */
  public static final int SHORT_SIZE = 10;

  /** Flag: the checksum from {@code csum start} on is still to be computed. */
  public static final int NEEDS_CHECKSUM = 1;

  /** Flag: the checksum has been verified. */
  public static final int CHECKSUM_VALID = 2;

  /** GSO type: one packet as it is on the wire. */
  public static final int GSO_NONE = 0;

  /** GSO type: TCP segments over IPv4. */
  public static final int GSO_TCP4 = 1;

  /** GSO type: TCP segments over IPv6. */
  public static final int GSO_TCP6 = 4;

  /** GSO type: UDP datagrams, each with a header of its own when they are cut. */
  public static final int GSO_UDP = 5;

  /** With TCP: the first segment alone carries the flag CWR (RFC 3168 §6.1.2). */
  public static final int GSO_ECN = 0x80;

  /** Where the checksum lies in a TCP header (RFC 9293 §3.1). */
  private static final int TCP_CHECKSUM = 16;

  /** Where it lies in a UDP header, whose size this is the rest of (RFC 768). */
  private static final int UDP_CHECKSUM = 6;

  private static final int UDP_HEADER = 8;

  private VirtioHeader() {}

  /** The flags. */
  public static int flags(long header) {
    return Bytes.u8(header);
  }

  /** The GSO type, perhaps with {@link #GSO_ECN}. */
  public static int gsoType(long header) {
    return Bytes.u8(header + 1);
  }

  /** Payload bytes of each segment but the last. */
  public static int gsoSize(long header) {
    return Bytes.u16Native(header + 4);
  }

  /** From where the checksum is summed, which is where the transport's header begins. */
  public static int checksumStart(long header) {
    return Bytes.u16Native(header + 6);
  }

  /** Where the checksum goes, from {@link #checksumStart} on. */
  public static int checksumOffset(long header) {
    return Bytes.u16Native(header + 8);
  }

  /** Receive: notes on the frame what the header says about its packet. */
  public static void read(long header, Frame frame) {
    int flags = flags(header);
    if ((flags & NEEDS_CHECKSUM) != 0) {
      // The sender is on this machine: there was no wire on which a bit could have changed. Where
      // the checksum goes is kept, for a frame that is sent on as it is.
      int start = checksumStart(header);
      int offset = checksumOffset(header);
      frame.set(Frame.RX_CHECKSUM_OK);
      if (start + offset + 2 <= frame.length()) {
        frame.requestChecksum(frame.address() + start, offset);
      }
    } else if ((flags & CHECKSUM_VALID) != 0) {
      frame.set(Frame.RX_CHECKSUM_OK);
    }
    if (gsoType(header) != GSO_NONE) {
      frame.segmentSize(gsoSize(header));
    }
  }

  /**
   * Transmit: writes the header for a frame with its requests.
   *
   * @return whether the frame is one to be cut, so that it may be longer than the MTU
   */
  public static boolean write(long header, Frame frame) {
    Bytes.put64Native(header, 0);
    Bytes.put16Native(header + 8, 0);
    if (!frame.has(Frame.CHECKSUM_PARTIAL)) {
      return false;
    }
    int start = (int) (frame.checksumAddress() - frame.address());
    Bytes.put8(header, NEEDS_CHECKSUM);
    Bytes.put16Native(header + 6, start);
    Bytes.put16Native(header + 8, frame.checksumOffset());
    int size = frame.segmentSize();
    if (size == 0) {
      return false;
    }
    if (frame.checksumOffset() == UDP_CHECKSUM) {
      Bytes.put8(header + 1, GSO_UDP);
      Bytes.put16Native(header + 2, start + UDP_HEADER);
      Bytes.put16Native(header + 4, size);
      return true;
    }
    if (frame.checksumOffset() != TCP_CHECKSUM) {
      return false;
    }
    segmentation(header, frame, start, size);
    return true;
  }

  private static void segmentation(long header, Frame frame, int start, int size) {
    int gsoType = gsoType(frame);
    long tcp = frame.checksumAddress();
    // RFC 9293 §3.1: the data offset, in 32-bit words, then the flags, of which CWR is the first.
    int headerLength = start + (Bytes.u8(tcp + 12) >>> 4) * 4;
    if ((Bytes.u8(tcp + 13) & 0x80) != 0) {
      gsoType |= GSO_ECN;
    }
    Bytes.put8(header + 1, gsoType);
    Bytes.put16Native(header + 2, headerLength);
    Bytes.put16Native(header + 4, size);
  }

  private static int gsoType(Frame frame) {
    int type = Ethernet.type(frame.address());
    if (type == Ethernet.TYPE_VLAN) {
      type = Ethernet.typeBehindTag(frame.address());
    }
    return type == Ethernet.TYPE_IPV4 ? GSO_TCP4 : GSO_TCP6;
  }
}
