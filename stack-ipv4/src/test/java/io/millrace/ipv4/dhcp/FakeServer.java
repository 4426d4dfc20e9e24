package io.millrace.ipv4.dhcp;

import io.millrace.ip.IpAddress;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes what servers send and reads what clients send, byte by byte (RFC 2131 §2). */
public final class FakeServer {
  public static final int DISCOVER = 1;
  public static final int OFFER = 2;
  public static final int REQUEST = 3;
  public static final int DECLINE = 4;
  public static final int ACK = 5;
  public static final int NAK = 6;
  public static final int RELEASE = 7;

  private final Map<Integer, byte[]> options = new LinkedHashMap<>();
  public String server = "10.0.0.254";
  public String address = "10.0.0.17";

  public FakeServer() {
    option(1, 255, 255, 255, 0);
    option(3, 10, 0, 0, 254);
    option(6, 10, 0, 0, 53, 10, 0, 0, 54);
    seconds(51, 3600);
  }

  public FakeServer option(int code, int... bytes) {
    byte[] value = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      value[i] = (byte) bytes[i];
    }
    options.put(code, value);
    return this;
  }

  public FakeServer seconds(int code, int seconds) {
    options.put(code, ByteBuffer.allocate(4).putInt(seconds).array());
    return this;
  }

  public FakeServer without(int code) {
    options.remove(code);
    return this;
  }

  /** An answer to a client's message. */
  public byte[] reply(int type, byte[] request) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] head = Arrays.copyOf(request, 240);
    head[0] = 2;
    Arrays.fill(head, 12, 16, (byte) 0);
    ByteBuffer.wrap(head).putInt(16, type == NAK ? 0 : IpAddress.parse(address).v4Bits());
    out.writeBytes(head);
    put(out, 53, new byte[] {(byte) type});
    put(out, 54, ByteBuffer.allocate(4).putInt(IpAddress.parse(server).v4Bits()).array());
    if (type != NAK) {
      options.forEach((code, value) -> put(out, code, value));
    }
    out.write(255);
    return out.toByteArray();
  }

  private static void put(ByteArrayOutputStream out, int code, byte[] value) {
    out.write(code);
    out.write(value.length);
    out.writeBytes(value);
  }

  /** An option of a client's message, or null. */
  public static byte[] option(byte[] message, int code) {
    for (int at = 240; at < message.length && (message[at] & 0xff) != 255; ) {
      int length = message[at + 1] & 0xff;
      if ((message[at] & 0xff) == code) {
        return Arrays.copyOfRange(message, at + 2, at + 2 + length);
      }
      at += 2 + length;
    }
    return null;
  }

  public static int type(byte[] message) {
    return option(message, 53)[0];
  }

  /** An option of four bytes as an address; null if it is not there. */
  public static String addressOption(byte[] message, int code) {
    byte[] value = option(message, code);
    return value == null ? null : IpAddress.v4(ByteBuffer.wrap(value).getInt()).toString();
  }

  public static String clientAddress(byte[] message) {
    return IpAddress.v4(ByteBuffer.wrap(message).getInt(12)).toString();
  }

  public static int xid(byte[] message) {
    return ByteBuffer.wrap(message).getInt(4);
  }
}
