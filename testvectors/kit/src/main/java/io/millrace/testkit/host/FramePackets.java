package io.millrace.testkit.host;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Random;

/**
 * What the packets of both families are made of, written without any code of the stack's. A
 * family's own {@code Packets} extends this and adds its headers.
 */
public class FramePackets {
  /** The Ethernet broadcast address. */
  public static final long BROADCAST_MAC = 0xffff_ffff_ffffL;

  /** For those that add to it. */
  protected FramePackets() {}

  /** An Ethernet frame without padding; link addresses in the low 48 bits. */
  public static byte[] ethernet(long destination, long source, int type, byte[] payload) {
    ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
    mac(frame, destination);
    mac(frame, source);
    frame.putShort((short) type).put(payload);
    return frame.array();
  }

  /** Appends a link address. */
  protected static void mac(ByteBuffer to, long mac) {
    to.putShort((short) (mac >>> 32)).putInt((int) mac);
  }

  /** A UDP datagram with a checksum of zero. */
  public static byte[] udpPacket(int sourcePort, int destinationPort, byte[] data) {
    ByteBuffer udp = ByteBuffer.allocate(8 + data.length);
    udp.putShort((short) sourcePort).putShort((short) destinationPort);
    udp.putShort((short) udp.capacity()).putShort((short) 0).put(data);
    return udp.array();
  }

  /** RFC 1071 §4.1, word by word. */
  public static int checksum(byte[] bytes, int from, int length) {
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

  /** Bytes that are the same for the same seed. */
  public static byte[] random(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** The parts, one behind the other. */
  public static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
