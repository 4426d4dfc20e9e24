package io.millrace.ip;

/**
 * Link-local addresses of IPv6 and the links they are on (RFC 4007).
 *
 * <p>{@code fe80::1} means nothing without its link. Inside the stack the link is in the address,
 * so that two longs stay the whole key of a flow: the interface's zone, its index plus one, stands
 * in the second 16 bits, which are zero on the wire (RFC 4291 §2.5.6), and its complement in the
 * third.
 *
 * <pre>
 *   on the wire   fe80:0000:0000:0000   interface identifier
 *   in the stack  fe80: zone:~zone:0000  interface identifier
 * </pre>
 *
 * <p>In one's complement the two add up to zero: checksums over either form are the same. The
 * family adds the zone to what comes in and takes it off what goes out; an address from outside
 * with any of those bits set is refused, so nobody else can name a zone. Groups have no zone: their
 * interface is that of the frame or of the source address.
 */
public final class Ipv6Scope {
  /** The first half of every link-local address on the wire, {@code fe80::/64}. */
  public static final long LINK_LOCAL = 0xfe80L << 48;

  /** fe80::/10. */
  private static final long LINK_LOCAL_MASK = 0xffc0L << 48;

  private Ipv6Scope() {}

  /** Whether this is the first half of an address in {@code fe80::/10}, with zone or without. */
  public static boolean isLinkLocal(long hi) {
    return (hi & LINK_LOCAL_MASK) == LINK_LOCAL;
  }

  /** Whether the first half is one that may be on the wire: not link-local, or without a zone. */
  public static boolean isWireForm(long hi) {
    return !isLinkLocal(hi) || hi == LINK_LOCAL;
  }

  /**
   * The form inside the stack of an address on the wire of this interface; only {@code fe80::/64}
   * changes.
   */
  public static long onLink(long hi, int interfaceIndex) {
    return hi == LINK_LOCAL ? withZone(interfaceIndex + 1) : hi;
  }

  /**
   * The first half of the link-local addresses of a zone.
   *
   * @param zone 1 to 65535, an interface's index plus one; 0 for none
   */
  static long withZone(int zone) {
    return zone == 0 ? LINK_LOCAL : LINK_LOCAL | (long) zone << 32 | (~zone & 0xffffL) << 16;
  }

  /** The form on the wire: without the zone. */
  public static long onWire(long hi) {
    return zone(hi) == 0 ? hi : LINK_LOCAL;
  }

  /**
   * The zone of a link-local address, the index of its interface plus one; 0 if it has none, or is
   * not link-local.
   */
  public static int zone(long hi) {
    int zone = (int) (hi >>> 32) & 0xffff;
    return hi == withZone(zone) ? zone : 0;
  }
}
