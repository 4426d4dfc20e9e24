package io.millrace.script.wire;

import io.millrace.testkit.packet.TcpOption;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A packet that the stack under test has sent, of either family, read by nobody's code but ours.
 */
public final class SeenPacket {
  private static final int ETHERNET = 14;
  private static final int ICMP = 1;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int ICMP_V6 = 58;
  private static final long WORD = 0xffff_ffffL;
  private static final String FLAGS = "FSRPAUEWN";

  private final ByteBuffer bytes;
  private final boolean ipv6;
  private final int protocol;
  private final int transport;
  private final int end;

  /**
   * Reads a frame.
   *
   * @throws AssertionError if a length or a checksum in it is wrong
   */
  public SeenPacket(byte[] frame) {
    bytes = ByteBuffer.wrap(frame);
    ipv6 = u16(12) == 0x86dd;
    if (ipv6) {
      protocol = u8(ETHERNET + 6);
      transport = ETHERNET + 40;
      end = transport + u16(ETHERNET + 4);
    } else {
      protocol = u8(ETHERNET + 9);
      transport = ETHERNET + (u8(ETHERNET) & 15) * 4;
      end = ETHERNET + u16(ETHERNET + 2);
      require(
          new InternetChecksum().add(frame, ETHERNET, transport).result() == 0,
          "its IP header's checksum is wrong");
    }
    require(end <= frame.length && end >= transport + 8, "its length is wrong");
    verifyTransport(frame);
  }

  /** Whether a frame carries IP and is not part of how a link works (ARP, Neighbor Discovery). */
  public static boolean isPacket(byte[] frame) {
    ByteBuffer bytes = ByteBuffer.wrap(frame);
    if (frame.length < ETHERNET + 20) {
      return false;
    }
    int type = bytes.getShort(12) & 0xffff;
    if (type != 0x86dd) {
      // IGMP tells of groups, not of the connection.
      return type == 0x0800 && bytes.get(ETHERNET + 9) != 2;
    }
    int next = bytes.get(ETHERNET + 6);
    int icmp = frame.length > ETHERNET + 40 ? bytes.get(ETHERNET + 40) & 0xff : 0;
    // MLD comes behind a hop-by-hop header.
    return next != 0 && !(next == ICMP_V6 && icmp >= 130 && icmp <= 143);
  }

  private void verifyTransport(byte[] frame) {
    InternetChecksum sum = new InternetChecksum();
    if (protocol != ICMP) {
      sum.pseudo(
          Arrays.copyOfRange(frame, sourceAt(), destinationAt()),
          Arrays.copyOfRange(
              frame, destinationAt(), destinationAt() + destinationAt() - sourceAt()),
          end - transport,
          protocol);
    }
    boolean isFragment = !ipv6 && (u16(ETHERNET + 6) & 0x3fff) != 0;
    boolean isSummed = isTcp() || isUdp() || isIcmp();
    require(
        isFragment || !isSummed || sum.add(frame, transport, end).result() == 0,
        "its checksum is wrong");
    require(!isTcp() || transport + headerLength() <= end, "its header is longer than it");
  }

  private void require(boolean condition, String problem) {
    if (!condition) {
      throw new AssertionError("the stack sent a packet of which " + problem);
    }
  }

  private int sourceAt() {
    return ETHERNET + (ipv6 ? 8 : 12);
  }

  private int destinationAt() {
    return sourceAt() + (ipv6 ? 16 : 4);
  }

  private int u8(int at) {
    return bytes.get(at) & 0xff;
  }

  private int u16(int at) {
    return bytes.getShort(at) & 0xffff;
  }

  private long u32(int at) {
    return bytes.getInt(at) & WORD;
  }

  // ---- the network ----

  boolean isIpv6() {
    return ipv6;
  }

  String destination() {
    byte[] address =
        Arrays.copyOfRange(bytes.array(), destinationAt(), ETHERNET + (ipv6 ? 40 : 20));
    try {
      return InetAddress.getByAddress(address).getHostAddress();
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  byte[] destinationBytes() {
    return Arrays.copyOfRange(bytes.array(), destinationAt(), ETHERNET + (ipv6 ? 40 : 20));
  }

  int tos() {
    return ipv6 ? bytes.getInt(ETHERNET) >>> 20 & 0xff : u8(ETHERNET + 1);
  }

  int ttl() {
    return u8(ETHERNET + (ipv6 ? 7 : 8));
  }

  int flowLabel() {
    return ipv6 ? bytes.getInt(ETHERNET) & 0xf_ffff : 0;
  }

  /** The protocol's name. */
  String kind() {
    return isTcp() ? "tcp" : isUdp() ? "udp" : isIcmp() ? "icmp" : "protocol " + protocol;
  }

  // ---- the transport ----

  boolean isTcp() {
    return protocol == TCP;
  }

  boolean isUdp() {
    return protocol == UDP;
  }

  boolean isIcmp() {
    return protocol == (ipv6 ? ICMP_V6 : ICMP);
  }

  int sourcePort() {
    return u16(transport);
  }

  int destinationPort() {
    return u16(transport + 2);
  }

  /** Bytes of payload. */
  public int length() {
    return end - transport - headerLength();
  }

  private int headerLength() {
    return isTcp() ? (u8(transport + 12) >> 4) * 4 : 8;
  }

  long seq() {
    return u32(transport + 4);
  }

  long ack() {
    return u32(transport + 8);
  }

  /** Letters of {@code FSRPAUEWN}. */
  String flags() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < FLAGS.length(); i++) {
      text.append((u16(transport + 12) >> i & 1) == 0 ? "" : FLAGS.charAt(i));
    }
    return text.toString();
  }

  boolean has(char flag) {
    return flags().indexOf(flag) >= 0;
  }

  int window() {
    return u16(transport + 14);
  }

  int urgent() {
    return u16(transport + 18);
  }

  List<TcpOption> options() {
    List<TcpOption> options = new ArrayList<>();
    int limit = transport + headerLength();
    int at = transport + 20;
    while (at < limit) {
      int kind = u8(at);
      int size = kind <= TcpOption.NOP ? 1 : at + 1 < limit ? u8(at + 1) : 0;
      require(size > 0 && at + size <= limit, "a TCP option has a wrong length");
      byte[] body = size == 1 ? new byte[0] : Arrays.copyOfRange(bytes.array(), at + 2, at + size);
      options.add(new TcpOption(kind, body));
      at += size;
    }
    return options;
  }

  int icmpType() {
    return u8(transport);
  }

  int icmpCode() {
    return u8(transport + 1);
  }

  /** The second half of an ICMP header. */
  long icmpRest() {
    return u32(transport + 4);
  }

  /** Whether this goes on where {@code before} ends. */
  public boolean continues(SeenPacket before) {
    return isTcp()
        && length() != 0
        && before.isTcp()
        && seq() == (before.seq() + before.length() & WORD)
        && sourcePort() == before.sourcePort()
        && destinationPort() == before.destinationPort();
  }
}
