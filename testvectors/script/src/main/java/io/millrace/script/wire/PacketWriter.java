package io.millrace.script.wire;

import io.millrace.testkit.packet.TcpOption;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Writes packets of either family, from the Ethernet header on; payloads are zeros. */
final class PacketWriter {
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int ICMP = 1;
  private static final int ICMP_V6 = 58;
  private static final String FLAGS = "FSRPAUEWN";

  private final byte[] source;
  private final byte[] destination;
  private int tos;
  private int flowLabel;
  private int ttl = 255;

  PacketWriter(String source, String destination) {
    this.source = address(source);
    this.destination = address(destination);
  }

  static byte[] address(String text) {
    try {
      return InetAddress.getByName(text).getAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(text + " is no address", e);
    }
  }

  PacketWriter tos(int value) {
    tos = value;
    return this;
  }

  PacketWriter flowLabel(int value) {
    flowLabel = value;
    return this;
  }

  PacketWriter ttl(int value) {
    ttl = value;
    return this;
  }

  private boolean isV6() {
    return source.length == 16;
  }

  /** What a TCP header says. */
  record TcpFields(
      int sourcePort,
      int destinationPort,
      long seq,
      long ack,
      String flags,
      int window,
      int urgent,
      List<TcpOption> options) {}

  byte[] tcp(TcpFields fields, int payload) {
    byte[] options = options(fields.options());
    ByteBuffer segment = ByteBuffer.allocate(20 + options.length + payload);
    segment.putShort((short) fields.sourcePort()).putShort((short) fields.destinationPort());
    segment.putInt((int) fields.seq()).putInt((int) fields.ack());
    int bits = (20 + options.length) / 4 << 12;
    for (int i = 0; i < FLAGS.length(); i++) {
      bits |= fields.flags().indexOf(FLAGS.charAt(i)) < 0 ? 0 : 1 << i;
    }
    segment.putShort((short) bits).putShort((short) fields.window());
    segment.putShort((short) 0).putShort((short) fields.urgent()).put(options);
    return ip(TCP, summed(segment.array(), TCP, 16));
  }

  private static byte[] options(List<TcpOption> options) {
    int length = options.stream().mapToInt(TcpOption::length).sum();
    ByteBuffer out = ByteBuffer.allocate((length + 3) / 4 * 4);
    for (TcpOption option : options) {
      out.put((byte) option.kind());
      if (option.kind() > TcpOption.NOP) {
        out.put((byte) option.length()).put(option.body());
      }
    }
    return out.array();
  }

  byte[] udp(int sourcePort, int destinationPort, int payload) {
    ByteBuffer datagram = ByteBuffer.allocate(8 + payload);
    datagram.putShort((short) sourcePort).putShort((short) destinationPort);
    datagram.putShort((short) (8 + payload));
    return ip(UDP, summed(datagram.array(), UDP, 6));
  }

  /** An ICMP message of the family's version. */
  byte[] icmp(int type, int code, int rest, byte[] body) {
    ByteBuffer message = ByteBuffer.allocate(8 + body.length);
    message.put((byte) type).put((byte) code).putShort((short) 0).putInt(rest).put(body);
    int protocol = isV6() ? ICMP_V6 : ICMP;
    return ip(protocol, summed(message.array(), protocol, 2));
  }

  private byte[] summed(byte[] transport, int protocol, int at) {
    InternetChecksum sum = new InternetChecksum();
    if (protocol != ICMP) {
      sum.pseudo(source, destination, transport.length, protocol);
    }
    int value = sum.add(transport, 0, transport.length).result();
    // RFC 768: a sum of zero is sent as all ones.
    int sent = protocol == UDP && value == 0 ? 0xffff : value;
    ByteBuffer.wrap(transport).putShort(at, (short) sent);
    return transport;
  }

  private byte[] ip(int protocol, byte[] transport) {
    return isV6() ? ipv6(protocol, transport) : ipv4(protocol, transport);
  }

  private byte[] ipv4(int protocol, byte[] transport) {
    ByteBuffer packet = ByteBuffer.allocate(20 + transport.length);
    packet.put((byte) 0x45).put((byte) tos).putShort((short) packet.capacity());
    packet.putShort((short) 0).putShort((short) 0x4000).put((byte) ttl).put((byte) protocol);
    packet.putShort((short) 0).put(source).put(destination).put(transport);
    int sum = new InternetChecksum().add(packet.array(), 0, 20).result();
    return packet.putShort(10, (short) sum).array();
  }

  private byte[] ipv6(int protocol, byte[] transport) {
    ByteBuffer packet = ByteBuffer.allocate(40 + transport.length);
    packet.putInt(6 << 28 | tos << 20 | flowLabel);
    packet.putShort((short) transport.length).put((byte) protocol).put((byte) ttl);
    return packet.put(source).put(destination).put(transport).array();
  }

  /** A frame around an IP packet. */
  static byte[] ethernet(long from, long to, byte[] packet) {
    boolean v6 = (packet[0] & 0xf0) == 0x60;
    ByteBuffer frame = ByteBuffer.allocate(14 + packet.length);
    frame.putShort((short) (to >>> 32)).putInt((int) to);
    frame.putShort((short) (from >>> 32)).putInt((int) from);
    return frame.putShort((short) (v6 ? 0x86dd : 0x0800)).put(packet).array();
  }

  /** As much of a packet as an ICMP error quotes here: its IP header and eight bytes. */
  static byte[] quoted(byte[] packet) {
    int header = (packet[0] & 0xf0) == 0x60 ? 40 : 20;
    return Arrays.copyOf(packet, Math.min(packet.length, header + 8));
  }
}
