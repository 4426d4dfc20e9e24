package io.millrace.ip;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An IPv4 or IPv6 address as two longs; IPv4 is v4-mapped ({@code ::ffff:a.b.c.d}, RFC 4291
 * §2.5.5.2).
 *
 * <p>For configuration and the application's convenience; the packet path carries the two longs
 * themselves.
 *
 * @param hi the first 8 bytes
 * @param lo the last 8 bytes
 */
public record IpAddress(long hi, long lo) {
  /** The unspecified IPv4 address, 0.0.0.0. */
  public static final IpAddress ANY_V4 = v4(0);

  private static final long V4_PREFIX = 0xffffL << 32;

  /** An IPv4 address from its 32 bits in network order. */
  public static IpAddress v4(int bits) {
    return new IpAddress(0, v4Lo(bits));
  }

  /** The low long of an IPv4 address; the high one is 0. */
  public static long v4Lo(int bits) {
    return V4_PREFIX | (bits & 0xffff_ffffL);
  }

  /** Whether two longs are an IPv4 address. */
  public static boolean isV4(long hi, long lo) {
    return hi == 0 && lo >>> 32 == 0xffff;
  }

  /** Whether two longs are the address of a group: 224/4 or ff00::/8. */
  public static boolean isMulticast(long hi, long lo) {
    return isV4(hi, lo) ? (lo >>> 28 & 0xf) == 0xe : hi >>> 56 == 0xff;
  }

  /**
   * Whether two longs are a group that every host is in without joining: 224.0.0.1 (RFC 1112 §4),
   * ff01::1 and ff02::1 (RFC 4291 §2.7.1).
   */
  public static boolean isAllNodes(long hi, long lo) {
    return isV4(hi, lo)
        ? (int) lo == 0xe000_0001
        : lo == 1 && (hi == 0xff01L << 48 || hi == 0xff02L << 48);
  }

  /** Whether this is the address of a group. */
  public boolean isMulticast() {
    return isMulticast(hi, lo);
  }

  /** Whether this is an IPv4 address. */
  public boolean isV4() {
    return isV4(hi, lo);
  }

  /** The 32 bits of an IPv4 address. */
  public int v4Bits() {
    return (int) lo;
  }

  /** The address of an {@link InetAddress}; a scope is not kept. */
  public static IpAddress of(InetAddress address) {
    byte[] bytes = address.getAddress();
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return bytes.length == 4
        ? v4(buffer.getInt())
        : new IpAddress(buffer.getLong(), buffer.getLong());
  }

  /**
   * Parses {@code 192.0.2.1}, {@code 2001:db8::1} or {@code fe80::1%2}; never asks a name service.
   * The number behind the percent sign is the zone of a link-local address (RFC 4007 §11): 1 for
   * the stack's first port. Where it is missing, the stack takes the first. {@link
   * io.millrace.net.NetStack#address} knows ports by name.
   *
   * @throws IllegalArgumentException if the text is no address
   */
  public static IpAddress parse(String text) {
    int percent = text.indexOf('%');
    if (percent >= 0) {
      return parseZoned(text, percent);
    }
    try {
      InetAddress address = InetAddress.ofLiteral(text);
      // ofLiteral also takes forms such as "10.1": four parts are what people mean.
      if (address instanceof Inet4Address
          && text.indexOf(':') < 0
          && text.chars().filter(c -> c == '.').count() != 3) {
        throw new IllegalArgumentException();
      }
      return of(address);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("'" + text + "' is not an IP address", e);
    }
  }

  private static IpAddress parseZoned(String text, int percent) {
    IpAddress address = parse(text.substring(0, percent));
    try {
      return address.inZone(Integer.parseInt(text.substring(percent + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "' has no number of a port behind the percent sign", e);
    }
  }

  /**
   * The same link-local address on the link of another port.
   *
   * @param zone the port's number, counted from 1
   * @throws IllegalArgumentException if the address is not link-local, or there is no such zone
   */
  public IpAddress inZone(int zone) {
    if (!Ipv6Scope.isLinkLocal(hi)) {
      throw new IllegalArgumentException(this + " is not link-local: only those have a zone");
    }
    if (zone < 1 || zone > 0xffff) {
      throw new IllegalArgumentException("a zone is the number of a port from 1, not " + zone);
    }
    return new IpAddress(Ipv6Scope.withZone(zone), lo);
  }

  /** The same address for the java.net API, without its zone. */
  public InetAddress toInetAddress() {
    byte[] bytes =
        isV4()
            ? ByteBuffer.allocate(4).putInt(v4Bits()).array()
            : ByteBuffer.allocate(16).putLong(Ipv6Scope.onWire(hi)).putLong(lo).array();
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public String toString() {
    int zone = isV4() ? 0 : Ipv6Scope.zone(hi);
    String text = toInetAddress().getHostAddress();
    return zone == 0 ? text : text + "%" + zone;
  }
}
