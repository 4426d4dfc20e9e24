package io.millrace.ipv4;

import io.millrace.ip.IpAddress;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Random;

/** Frames as a peer would send them, written without any code of the stack's. */
final class Packets {
  static final long BROADCAST_MAC = 0xffff_ffff_ffffL;

  private Packets() {}

  static byte[] ethernet(long destination, long source, int type, byte[] payload) {
    ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
    mac(frame, destination);
    mac(frame, source);
    frame.putShort((short) type).put(payload);
    return frame.array();
  }

  private static void mac(ByteBuffer to, long mac) {
    to.putShort((short) (mac >>> 32)).putInt((int) mac);
  }

  static byte[] arp(int operation, long senderMac, String sender, long targetMac, String target) {
    ByteBuffer arp = ByteBuffer.allocate(28);
    arp.putShort((short) 1).putShort((short) 0x800).put((byte) 6).put((byte) 4);
    arp.putShort((short) operation);
    mac(arp, senderMac);
    arp.putInt(bits(sender));
    mac(arp, targetMac);
    arp.putInt(bits(target));
    return ethernet(operation == 1 ? BROADCAST_MAC : TestPort.MAC, senderMac, 0x806, arp.array());
  }

  static int bits(String address) {
    return IpAddress.parse(address).v4Bits();
  }

  /** A datagram from the peer to us, to be changed before it is built. */
  static Ip ip(int protocol, byte[] payload) {
    return new Ip(protocol, payload);
  }

  static final class Ip {
    private final int protocol;
    private final byte[] payload;
    private String source = TestHost.PEER;
    private String destination = TestHost.OURS;
    private int tos;
    private int ttl = 64;
    private int id;
    private int fragment;
    private byte[] options = {};
    private long linkDestination = TestPort.MAC;

    private Ip(int protocol, byte[] payload) {
      this.protocol = protocol;
      this.payload = payload;
    }

    Ip from(String address) {
      source = address;
      return this;
    }

    Ip to(String address) {
      destination = address;
      return this;
    }

    Ip tos(int value) {
      tos = value;
      return this;
    }

    Ip ttl(int value) {
      ttl = value;
      return this;
    }

    Ip id(int value) {
      id = value;
      return this;
    }

    /** Offset in bytes, and whether more follow. */
    Ip fragment(int offset, boolean more) {
      fragment = offset / 8 | (more ? 0x2000 : 0);
      return this;
    }

    Ip dontFragment() {
      fragment |= 0x4000;
      return this;
    }

    Ip options(int... bytes) {
      options = new byte[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        options[i] = (byte) bytes[i];
      }
      return this;
    }

    Ip linkBroadcast() {
      linkDestination = BROADCAST_MAC;
      return this;
    }

    /** From the IP header on. */
    byte[] datagram() {
      int header = 20 + options.length;
      ByteBuffer ip = ByteBuffer.allocate(header + payload.length);
      ip.put((byte) (0x40 | header / 4)).put((byte) tos).putShort((short) ip.capacity());
      ip.putShort((short) id).putShort((short) fragment);
      ip.put((byte) ttl).put((byte) protocol).putShort((short) 0);
      ip.putInt(bits(source)).putInt(bits(destination)).put(options).put(payload);
      ip.putShort(10, (short) checksum(ip.array(), 0, header));
      return ip.array();
    }

    byte[] build() {
      return ethernet(linkDestination, TestHost.PEER_MAC, 0x800, datagram());
    }
  }

  static Ip udp(int sourcePort, int destinationPort, byte[] data) {
    return ip(17, udpPacket(sourcePort, destinationPort, data));
  }

  static byte[] udpPacket(int sourcePort, int destinationPort, byte[] data) {
    ByteBuffer udp = ByteBuffer.allocate(8 + data.length);
    udp.putShort((short) sourcePort).putShort((short) destinationPort);
    udp.putShort((short) udp.capacity()).putShort((short) 0).put(data);
    return udp.array();
  }

  static byte[] icmp(int type, int code, int rest, byte[] data) {
    ByteBuffer icmp = ByteBuffer.allocate(8 + data.length);
    icmp.put((byte) type).put((byte) code).putShort((short) 0).putInt(rest).put(data);
    icmp.putShort(2, (short) checksum(icmp.array(), 0, icmp.capacity()));
    return icmp.array();
  }

  static Ip echo(int identifier, int sequence, byte[] data) {
    return ip(1, icmp(8, 0, identifier << 16 | sequence, data));
  }

  /** RFC 1071 §4.1, word by word. */
  static int checksum(byte[] bytes, int from, int length) {
    long sum = 0;
    for (int i = 0; i < length; i++) {
      int b = bytes[from + i] & 0xff;
      sum += (i & 1) == 0 ? b << 8 : b;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (int) ~sum & 0xffff;
  }

  static byte[] random(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
