package io.millrace.ipv6;

import io.millrace.ip.IpAddress;
import io.millrace.testkit.host.FramePackets;
import io.millrace.testkit.host.TestPort;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Frames as a peer would send them, written without any code of the stack's. */
final class Packets extends FramePackets {
  static final int UDP = 17;
  static final int ICMPV6 = 58;

  private Packets() {}

  static byte[] address(String text) {
    IpAddress address = IpAddress.parse(text);
    return ByteBuffer.allocate(16).putLong(address.hi()).putLong(address.lo()).array();
  }

  /** The address at an offset of a packet. */
  static IpAddress addressAt(byte[] packet, int at) {
    ByteBuffer bytes = ByteBuffer.wrap(packet);
    return new IpAddress(bytes.getLong(at), bytes.getLong(at + 8));
  }

  /** A packet from the peer to us, to be changed before it is built. */
  static Ip ip(int protocol, byte[] payload) {
    return new Ip(protocol, payload);
  }

  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  private record Extension(int number, byte[] bytes) {}

  static final class Ip {
    private final int protocol;
    private final byte[] payload;
    private final List<Extension> extensions = new ArrayList<>();
    private String source = TestHost.PEER;
    private String destination = TestHost.OURS;
    private int trafficClass;
    private int flowLabel = 0x12345;
    private int hopLimit = 64;
    private long linkDestination = TestPort.MAC;
    private boolean checksum;

    private Ip(int protocol, byte[] payload) {
      this.protocol = protocol;
      this.payload = payload;
      this.checksum = protocol == ICMPV6;
    }

    Ip from(String address) {
      source = address;
      return this;
    }

    Ip to(String address) {
      destination = address;
      return this;
    }

    Ip trafficClass(int value) {
      trafficClass = value;
      return this;
    }

    Ip label(int value) {
      flowLabel = value;
      return this;
    }

    Ip hops(int value) {
      hopLimit = value;
      return this;
    }

    Ip linkTo(long mac) {
      linkDestination = mac;
      return this;
    }

    /** Leaves the checksum of ICMPv6 as it stands. */
    Ip asIs() {
      checksum = false;
      return this;
    }

    /** An extension header, whose first byte will be the next header's number. */
    Ip with(int number, int... bytes) {
      byte[] copy = new byte[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        copy[i] = (byte) bytes[i];
      }
      extensions.add(new Extension(number, copy));
      return this;
    }

    /** Offset in bytes, and whether more follow. */
    Ip fragment(int id, int offset, boolean more) {
      int word = offset | (more ? 1 : 0);
      return with(44, 0, 0, word >>> 8, word, id >>> 24, id >>> 16, id >>> 8, id);
    }

    /** From the IPv6 header on. */
    byte[] datagram() {
      ByteArrayOutputStream behind = new ByteArrayOutputStream();
      for (int i = 0; i < extensions.size(); i++) {
        byte[] bytes = extensions.get(i).bytes().clone();
        bytes[0] = (byte) (i + 1 < extensions.size() ? extensions.get(i + 1).number() : protocol);
        behind.writeBytes(bytes);
      }
      byte[] data = payload.clone();
      if (checksum && data.length >= 4) {
        data[2] = 0;
        data[3] = 0;
        int sum = pseudoChecksum(source, destination, protocol, data);
        data[2] = (byte) (sum >>> 8);
        data[3] = (byte) sum;
      }
      behind.writeBytes(data);
      ByteBuffer ip = ByteBuffer.allocate(40 + behind.size());
      ip.putInt(6 << 28 | trafficClass << 20 | flowLabel).putShort((short) behind.size());
      ip.put((byte) (extensions.isEmpty() ? protocol : extensions.get(0).number()));
      ip.put((byte) hopLimit).put(address(source)).put(address(destination));
      ip.put(behind.toByteArray());
      return ip.array();
    }

    byte[] build() {
      return ethernet(linkDestination, TestHost.PEER_MAC, 0x86dd, datagram());
    }
  }

  static int pseudoChecksum(String source, String destination, int protocol, byte[] data) {
    ByteBuffer all = ByteBuffer.allocate(40 + data.length);
    all.put(address(source)).put(address(destination)).putInt(data.length).putInt(protocol);
    all.put(data);
    return checksum(all.array(), 0, all.capacity());
  }

  static Ip udp(int sourcePort, int destinationPort, byte[] data) {
    return ip(UDP, udpPacket(sourcePort, destinationPort, data));
  }

  static byte[] icmp(int type, int code, int rest, byte[] data) {
    ByteBuffer icmp = ByteBuffer.allocate(8 + data.length);
    icmp.put((byte) type).put((byte) code).putShort((short) 0).putInt(rest).put(data);
    return icmp.array();
  }

  static Ip echo(int identifier, int sequence, byte[] data) {
    return ip(ICMPV6, icmp(128, 0, identifier << 16 | sequence, data));
  }

  /** A solicitation for an address of ours by a neighbor. */
  static byte[] solicitation(String neighbor, long mac, String target) {
    ByteBuffer data = ByteBuffer.allocate(24);
    data.put(address(target)).put((byte) 1).put((byte) 1);
    mac(data, mac);
    return ip(ICMPV6, icmp(135, 0, 0, data.array())).from(neighbor).to(target).hops(255).build();
  }
}
