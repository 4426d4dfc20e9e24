package io.millrace.ipv6.nd;

import io.millrace.ip.IpAddress;
import io.millrace.link.Ethernet;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * An ICMPv6 message with its addresses, written and read byte by byte, independently of what is
 * tested.
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
public record Packet(IpAddress source, IpAddress destination, int hopLimit, byte[] bytes) {
  static final int RS = 133;
  static final int RA = 134;
  static final int NS = 135;
  static final int NA = 136;
  static final int REDIRECT = 137;

  public static Packet of(String source, String destination, byte[]... parts) {
    int size = 0;
    for (byte[] part : parts) {
      size += part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(size);
    for (byte[] part : parts) {
      all.put(part);
    }
    return new Packet(IpAddress.parse(source), IpAddress.parse(destination), 255, all.array());
  }

  public Packet withHopLimit(int newHopLimit) {
    return new Packet(source, destination, newHopLimit, bytes);
  }

  public Packet with(int index, int value) {
    byte[] changed = bytes.clone();
    changed[index] = (byte) value;
    return new Packet(source, destination, hopLimit, changed);
  }

  public Packet cut(int length) {
    return new Packet(source, destination, hopLimit, java.util.Arrays.copyOf(bytes, length));
  }

  // ---- parts ----

  public static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  public static byte[] address(String text) {
    IpAddress address = IpAddress.parse(text);
    return ByteBuffer.allocate(16).putLong(address.hi()).putLong(address.lo()).array();
  }

  public static byte[] join(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }

  public static byte[] ns(String target) {
    return join(hex("87 00 0000 00000000"), address(target));
  }

  /** Flags as in "RSO", each or none. */
  public static byte[] na(String target, String flags) {
    int bits =
        (flags.contains("R") ? 0x80 : 0)
            | (flags.contains("S") ? 0x40 : 0)
            | (flags.contains("O") ? 0x20 : 0);
    return join(hex("88 00 0000 %02x000000".formatted(bits)), address(target));
  }

  /** A router advertisement's fixed part; {@code flags} as they stand in its byte. */
  public static byte[] ra(int hops, int flags, int lifetime, long reachable, long retransmit) {
    return hex(
        "86 00 0000 %02x %02x %04x %08x %08x"
            .formatted(hops, flags, lifetime, reachable, retransmit));
  }

  /** One that says nothing but for how long its sender is a router. */
  public static byte[] ra(int lifetime) {
    return ra(0, 0, lifetime, 0, 0);
  }

  /** {@code flags} as in "LA", each or none. */
  public static byte[] prefix(String prefix, int length, String flags, long valid, long preferred) {
    int bits = (flags.contains("L") ? 0x80 : 0) | (flags.contains("A") ? 0x40 : 0);
    return join(
        hex("03 04 %02x %02x %08x %08x 00000000".formatted(length, bits, valid, preferred)),
        address(prefix));
  }

  public static byte[] mtu(long mtu) {
    return hex("05 01 0000 %08x".formatted(mtu));
  }

  /** A route of up to 64 bits; {@code preference} -1, 0, 1, or -2 for the reserved value. */
  public static byte[] route(String prefix, int length, int preference, long lifetime) {
    byte[] head = hex("18 02 %02x %02x %08x".formatted(length, (preference & 3) << 3, lifetime));
    return join(head, java.util.Arrays.copyOf(address(prefix), 8));
  }

  public static byte[] dnsServers(long lifetime, String... servers) {
    byte[] option = hex("19 %02x 0000 %08x".formatted(1 + 2 * servers.length, lifetime));
    for (String server : servers) {
      option = join(option, address(server));
    }
    return option;
  }

  /** The names in wire format as hexadecimal text, padded here. */
  public static byte[] dnsSearch(long lifetime, String names) {
    byte[] bytes = hex(names);
    int units = 1 + (bytes.length + 7) / 8;
    byte[] option = join(hex("1f %02x 0000 %08x".formatted(units, lifetime)), bytes);
    return java.util.Arrays.copyOf(option, units * 8);
  }

  public static byte[] redirect(String target, String destination) {
    return join(join(hex("89 00 0000 00000000"), address(target)), address(destination));
  }

  public static byte[] sourceMac(long mac) {
    return hex("01 01 %012x".formatted(mac));
  }

  public static byte[] targetMac(long mac) {
    return hex("02 01 %012x".formatted(mac));
  }

  public static byte[] nonce(long nonce) {
    return hex("0e 01 %012x".formatted(nonce));
  }

  // ---- read ----

  public int type() {
    return bytes[0] & 0xff;
  }

  /** The target of a solicitation, advertisement or redirect. */
  public IpAddress target() {
    return addressAt(8);
  }

  public IpAddress addressAt(int index) {
    ByteBuffer all = ByteBuffer.wrap(bytes);
    return new IpAddress(all.getLong(index), all.getLong(index + 8));
  }

  public String flags() {
    int bits = bytes[4] & 0xff;
    return ((bits & 0x80) != 0 ? "R" : "")
        + ((bits & 0x40) != 0 ? "S" : "")
        + ((bits & 0x20) != 0 ? "O" : "");
  }

  private int optionsAt() {
    return switch (type()) {
      case RS -> 8;
      case RA -> 16;
      case REDIRECT -> 40;
      default -> 24;
    };
  }

  /** The options, whole. */
  public List<byte[]> options() {
    List<byte[]> all = new ArrayList<>();
    for (int at = optionsAt(); at < bytes.length; at += (bytes[at + 1] & 0xff) * 8) {
      all.add(java.util.Arrays.copyOfRange(bytes, at, at + (bytes[at + 1] & 0xff) * 8));
    }
    return all;
  }

  /** The option of a type, or null. */
  public byte[] option(int type) {
    return options().stream().filter(each -> each[0] == type).findFirst().orElse(null);
  }

  /** The 48 bits in the option of a type, or -1. */
  public long value48(int type) {
    byte[] option = option(type);
    return option == null ? -1 : ByteBuffer.wrap(option).getLong() & Ethernet.BROADCAST;
  }

  @Override
  public String toString() {
    String name =
        switch (type()) {
          case RS -> "RS";
          case RA -> "RA";
          case NS -> "NS " + target();
          case NA -> "NA " + target() + " " + flags();
          case REDIRECT -> "redirect " + target();
          default -> "type " + type();
        };
    return name + " from " + source + " to " + destination;
  }
}
