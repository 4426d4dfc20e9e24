package io.millrace.ip;

import java.util.List;

/**
 * The policy table of default address selection: which prefixes are preferred, and which belong
 * together (RFC 6724 §2.1). Immutable.
 *
 * @param entries looked up by the longest prefix that covers an address
 */
public record AddressPolicy(List<Entry> entries) {
  /** Scopes are those of groups (RFC 4291 §2.7, RFC 6724 §3.1): of the link. */
  static final int LINK_LOCAL = 2;

  static final int SITE_LOCAL = 5;
  static final int GLOBAL = 14;

  private static final AddressPolicy DEFAULTS =
      new AddressPolicy(
          List.of(
              entry("::1/128", 50, 0),
              entry("::/0", 40, 1),
              entry("::ffff:0:0/96", 35, 4),
              entry("2002::/16", 30, 2),
              entry("2001::/32", 5, 5),
              entry("fc00::/7", 3, 13),
              entry("::/96", 1, 3),
              entry("fec0::/10", 1, 11),
              entry("3ffe::/16", 1, 12)));

  /**
   * A row of the table.
   *
   * @param hi with {@code lo} the prefix
   * @param length the prefix's bits, 0 to 128
   * @param precedence the higher is preferred among destinations
   * @param label sources and destinations with the same are preferred together
   */
  public record Entry(long hi, long lo, int length, int precedence, int label) {}

  /** Keeps a copy; {@code ::/0} should be there. */
  public AddressPolicy {
    entries = List.copyOf(entries);
  }

  /** The table of RFC 6724 §2.1. */
  public static AddressPolicy defaults() {
    return DEFAULTS;
  }

  /** A row from text; IPv4 is written v4-mapped, {@code ::ffff:10.0.0.0/104}. */
  public static Entry entry(String prefix, int precedence, int label) {
    int slash = prefix.indexOf('/');
    IpAddress address = IpAddress.parse(prefix.substring(0, slash));
    int length = Integer.parseInt(prefix.substring(slash + 1));
    return new Entry(address.hi(), address.lo(), length, precedence, label);
  }

  /** The precedence of an address; 0 if no row covers it. */
  public int precedence(IpAddress address) {
    Entry found = find(address);
    return found == null ? 0 : found.precedence();
  }

  /** The label of an address; -1 if no row covers it. */
  public int label(IpAddress address) {
    Entry found = find(address);
    return found == null ? -1 : found.label();
  }

  private Entry find(IpAddress address) {
    Entry best = null;
    for (Entry each : entries) {
      if ((best == null || each.length() > best.length())
          && commonBits(each.hi(), each.lo(), Ipv6Scope.onWire(address.hi()), address.lo())
              >= each.length()) {
        best = each;
      }
    }
    return best;
  }

  /**
   * The scope of an address, 0 to 15: that of a group, or that of a unicast address (§3.1, §3.2).
   */
  static int scope(IpAddress address) {
    long hi = address.hi();
    if (address.isV4()) {
      int network = address.v4Bits() >>> 16;
      return network == 0xa9fe || network >>> 8 == 127 ? LINK_LOCAL : GLOBAL;
    }
    if (hi >>> 56 == 0xff) {
      return (int) (hi >>> 48) & 15;
    }
    boolean loopback = hi == 0 && address.lo() == 1;
    if (loopback || Ipv6Scope.isLinkLocal(hi)) {
      return LINK_LOCAL;
    }
    return hi >>> 54 == 0xfec0 >>> 6 ? SITE_LOCAL : GLOBAL;
  }

  /** The bits from the front in which two addresses are the same, 0 to 128. */
  static int commonBits(long hi, long lo, long otherHi, long otherLo) {
    return hi != otherHi
        ? Long.numberOfLeadingZeros(hi ^ otherHi)
        : 64 + Long.numberOfLeadingZeros(lo ^ otherLo);
  }
}
