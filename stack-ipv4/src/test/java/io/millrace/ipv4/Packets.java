package io.millrace.ipv4;

import io.millrace.ip.IpAddress;
import io.millrace.testkit.host.FramePackets;
import io.millrace.testkit.host.TestPort;
import java.nio.ByteBuffer;

/** Frames as a peer would send them, written without any code of the stack's. */
final class Packets extends FramePackets {
  private Packets() {}

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

  static byte[] icmp(int type, int code, int rest, byte[] data) {
    ByteBuffer icmp = ByteBuffer.allocate(8 + data.length);
    icmp.put((byte) type).put((byte) code).putShort((short) 0).putInt(rest).put(data);
    icmp.putShort(2, (short) checksum(icmp.array(), 0, icmp.capacity()));
    return icmp.array();
  }

  static Ip echo(int identifier, int sequence, byte[] data) {
    return ip(1, icmp(8, 0, identifier << 16 | sequence, data));
  }
}
