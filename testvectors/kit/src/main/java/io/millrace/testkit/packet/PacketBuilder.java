package io.millrace.testkit.packet;

import io.millrace.ip.IpAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Builds a frame byte by byte, right or deliberately wrong.
 *
 * <pre>{@code
 * byte[] syn = PacketBuilder.tcp().ethernet(station.mac(), stackMac)
 *     .from("10.0.0.9", 5000).to("10.0.0.1", 80).seq(100).flags("S").options(mss(1460)).bytes();
 * }</pre>
 *
 * <p>Lengths and checksums are computed unless they are given. Addresses are IPv4.
 */
public final class PacketBuilder {
  private static final int AUTO = -1;

  private final int protocol;
  private long sourceMac = 0x0200_0000_00feL;
  private long destinationMac = 0x0200_0000_0001L;
  private int vlan;
  private int source;
  private int destination;
  private int sourcePort;
  private int destinationPort;
  private int ttl = 64;
  private int tos;
  private int ipId;
  private int fragment;
  private byte[] ipOptions = {};
  private int ipVersion = 4;
  private int ipHeaderWords = AUTO;
  private int ipLength = AUTO;
  private int ipChecksum = AUTO;
  private int length = AUTO;
  private int checksum = AUTO;
  private int dataOffset = AUTO;
  private long seq;
  private long ack;
  private int flags;
  private int window = 65_535;
  private int urgent;
  private byte[] options = {};
  private int icmpType;
  private int icmpCode;
  private int icmpRest;
  private byte[] payload = {};

  private PacketBuilder(int protocol) {
    this.protocol = protocol;
  }

  /** A TCP segment. */
  public static PacketBuilder tcp() {
    return new PacketBuilder(6);
  }

  /** A UDP datagram. */
  public static PacketBuilder udp() {
    return new PacketBuilder(17);
  }

  /** An ICMP message; {@code rest} is the second word of its header. */
  public static PacketBuilder icmp(int type, int code, int rest) {
    PacketBuilder builder = new PacketBuilder(1);
    builder.icmpType = type;
    builder.icmpCode = code;
    builder.icmpRest = rest;
    return builder;
  }

  /** A datagram of any protocol whose payload is all that it carries. */
  public static PacketBuilder ip(int protocol) {
    return new PacketBuilder(protocol | 0x100);
  }

  /** Link addresses in the low 48 bits. */
  public PacketBuilder ethernet(long from, long to) {
    sourceMac = from;
    destinationMac = to;
    return this;
  }

  /** An 802.1Q tag with this control information. */
  public PacketBuilder vlan(int tci) {
    vlan = tci;
    return this;
  }

  /** Source address and port. */
  public PacketBuilder from(String address, int port) {
    source = IpAddress.parse(address).v4Bits();
    sourcePort = port;
    return this;
  }

  /** Destination address and port. */
  public PacketBuilder to(String address, int port) {
    destination = IpAddress.parse(address).v4Bits();
    destinationPort = port;
    return this;
  }

  /** Time to live. */
  public PacketBuilder ttl(int hops) {
    ttl = hops;
    return this;
  }

  /** Type of service. */
  public PacketBuilder tos(int value) {
    tos = value;
    return this;
  }

  /** The IP identification. */
  public PacketBuilder ipId(int id) {
    ipId = id;
    return this;
  }

  /** The don't-fragment bit. */
  public PacketBuilder dontFragment() {
    fragment |= 0x4000;
    return this;
  }

  /** Makes it a fragment at a byte offset, a multiple of 8. */
  public PacketBuilder fragment(int offset, boolean more) {
    fragment = offset / 8 | (more ? 0x2000 : 0);
    return this;
  }

  /** The third 16-bit word of the IP header's second row, flags and offset, as it is. */
  public PacketBuilder fragmentField(int bits) {
    fragment = bits;
    return this;
  }

  /** IP options; a multiple of 4 bytes, unless it is to be wrong. */
  public PacketBuilder ipOptions(byte... bytes) {
    ipOptions = bytes.clone();
    return this;
  }

  /** The IP version field. */
  public PacketBuilder ipVersion(int version) {
    ipVersion = version;
    return this;
  }

  /** The IP header length field, in words. */
  public PacketBuilder ipHeaderWords(int words) {
    ipHeaderWords = words;
    return this;
  }

  /** The IP total length field. */
  public PacketBuilder ipLength(int bytes) {
    ipLength = bytes;
    return this;
  }

  /** The IP checksum field. */
  public PacketBuilder ipChecksum(int value) {
    ipChecksum = value;
    return this;
  }

  /** The UDP length field. */
  public PacketBuilder udpLength(int bytes) {
    length = bytes;
    return this;
  }

  /** The TCP, UDP or ICMP checksum field. */
  public PacketBuilder checksum(int value) {
    checksum = value;
    return this;
  }

  /** The TCP data offset field, in words. */
  public PacketBuilder dataOffset(int words) {
    dataOffset = words;
    return this;
  }

  /** The TCP sequence number, modulo 2^32. */
  public PacketBuilder seq(long number) {
    seq = number;
    return this;
  }

  /** The TCP acknowledgment number, modulo 2^32; sets the ACK flag. */
  public PacketBuilder ack(long number) {
    ack = number;
    flags |= 0x10;
    return this;
  }

  /** TCP flags, letters of {@code FSRPAUEW}, added to those set. */
  public PacketBuilder flags(String letters) {
    for (int i = 0; i < letters.length(); i++) {
      char letter = letters.charAt(i);
      int bit = "FSRPAUEW".indexOf(letter);
      if (bit < 0) {
        throw new IllegalArgumentException("'" + letter + "' is no TCP flag");
      }
      flags |= 1 << bit;
    }
    return this;
  }

  /** The TCP window field. */
  public PacketBuilder window(int field) {
    window = field;
    return this;
  }

  /** The TCP urgent pointer; does not set the flag. */
  public PacketBuilder urgent(int pointer) {
    urgent = pointer;
    return this;
  }

  /** TCP options, padded with end-of-list to whole words. */
  public PacketBuilder options(TcpOption... all) {
    return options(List.of(all));
  }

  /** TCP options, padded with end-of-list to whole words. */
  public PacketBuilder options(List<TcpOption> all) {
    int size = all.stream().mapToInt(TcpOption::length).sum();
    ByteBuffer buffer = ByteBuffer.allocate((size + 3) / 4 * 4);
    for (TcpOption option : all) {
      buffer.put((byte) option.kind());
      if (option.kind() > TcpOption.NOP) {
        buffer.put((byte) option.length()).put(option.body());
      }
    }
    return rawOptions(buffer.array());
  }

  /** The bytes behind the TCP header's fixed part, as they are. */
  public PacketBuilder rawOptions(byte... bytes) {
    options = bytes.clone();
    return this;
  }

  /** What is carried. */
  public PacketBuilder payload(byte... bytes) {
    payload = bytes.clone();
    return this;
  }

  /** So many bytes of zeros. */
  public PacketBuilder payload(int zeros) {
    payload = new byte[zeros];
    return this;
  }

  /** The frame from the Ethernet header on. */
  public byte[] bytes() {
    byte[] ip = ipBytes();
    ByteBuffer frame = ByteBuffer.allocate(14 + (vlan != 0 ? 4 : 0) + ip.length);
    frame.putShort((short) (destinationMac >>> 32)).putInt((int) destinationMac);
    frame.putShort((short) (sourceMac >>> 32)).putInt((int) sourceMac);
    if (vlan != 0) {
      frame.putShort((short) 0x8100).putShort((short) vlan);
    }
    return frame.putShort((short) 0x0800).put(ip).array();
  }

  /** The datagram from the IP header on. */
  public byte[] ipBytes() {
    byte[] transport = transportBytes();
    int header = 20 + ipOptions.length;
    ByteBuffer out = ByteBuffer.allocate(header + transport.length);
    out.put((byte) (ipVersion << 4 | (pick(ipHeaderWords, header / 4) & 15))).put((byte) tos);
    out.putShort((short) pick(ipLength, out.capacity()));
    out.putShort((short) ipId).putShort((short) fragment);
    out.put((byte) ttl).put((byte) protocol).putShort((short) 0);
    out.putInt(source).putInt(destination).put(ipOptions);
    out.putShort(10, (short) pick(ipChecksum, checksum(out.array(), header, 0)));
    return out.put(transport).array();
  }

  /** The transport's header and what it carries. */
  public byte[] transportBytes() {
    return switch (protocol) {
      case 6 -> tcpBytes();
      case 17 -> udpBytes();
      case 1 -> icmpBytes();
      default -> payload.clone();
    };
  }

  private byte[] tcpBytes() {
    int header = 20 + options.length;
    ByteBuffer out = ByteBuffer.allocate(header + payload.length);
    out.putShort((short) sourcePort).putShort((short) destinationPort);
    out.putInt((int) seq).putInt((int) ack);
    out.put((byte) (pick(dataOffset, header / 4) << 4)).put((byte) flags);
    out.putShort((short) window).putShort((short) 0).putShort((short) urgent);
    out.put(options).put(payload);
    out.putShort(
        16, (short) pick(checksum, checksum(out.array(), out.capacity(), pseudo(out.capacity()))));
    return out.array();
  }

  private byte[] udpBytes() {
    ByteBuffer out = ByteBuffer.allocate(8 + payload.length);
    int field = pick(length, out.capacity());
    out.putShort((short) sourcePort).putShort((short) destinationPort);
    out.putShort((short) field).putShort((short) 0).put(payload);
    int sum = checksum(out.array(), out.capacity(), pseudo(field));
    out.putShort(6, (short) pick(checksum, sum == 0 ? 0xffff : sum));
    return out.array();
  }

  private byte[] icmpBytes() {
    ByteBuffer out = ByteBuffer.allocate(8 + payload.length);
    out.put((byte) icmpType).put((byte) icmpCode).putShort((short) 0).putInt(icmpRest);
    out.put(payload);
    out.putShort(2, (short) pick(checksum, checksum(out.array(), out.capacity(), 0)));
    return out.array();
  }

  private long pseudo(int transportLength) {
    return ((long) source >>> 16)
        + (source & 0xffff)
        + (destination >>> 16)
        + (destination & 0xffff)
        + protocol
        + transportLength;
  }

  /** RFC 1071, as the RFC explains it: one 16-bit word after the other. */
  private static int checksum(byte[] bytes, int count, long initial) {
    long sum = initial;
    byte[] even = Arrays.copyOf(bytes, count + (count & 1));
    for (int i = 0; i < count; i += 2) {
      sum += (even[i] & 0xff) << 8 | (even[i + 1] & 0xff);
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (int) ~sum & 0xffff;
  }

  private static int pick(int given, int computed) {
    return given == AUTO ? computed : given;
  }
}
