package io.millrace.link;

import io.millrace.buf.Bytes;

/**
 * The Ethernet header (IEEE 802.3) and the 802.1Q tag.
 *
 * <pre>
 *  0                   6                  12        14
 * +-------------------+------------------+---------+ - - -
 * | destination (6)   | source (6)       | type (2)| payload
 * +-------------------+------------------+---------+ - - -
 *
 *  with a tag:                            12     14     16        18
 *                                        +------+------+---------+ - - -
 *                                        | 8100 | TCI  | type (2)| payload
 *                                        +------+------+---------+ - - -
 * </pre>
 */
public final class Ethernet {
  /** Bytes of the header without a tag. */
  public static final int HEADER_SIZE = 14;

  /** Bytes that an 802.1Q tag adds. */
  public static final int VLAN_TAG_SIZE = 4;

  /** EtherType of IPv4. */
  public static final int TYPE_IPV4 = 0x0800;

  /** EtherType of ARP. */
  public static final int TYPE_ARP = 0x0806;

  /** EtherType of an 802.1Q tag. */
  public static final int TYPE_VLAN = 0x8100;

  /** EtherType of IPv6. */
  public static final int TYPE_IPV6 = 0x86dd;

  /** The broadcast address. */
  public static final long BROADCAST = 0xffff_ffff_ffffL;

  private Ethernet() {}

  /** The destination, in the low 48 bits. */
  public static long destination(long header) {
    return Bytes.i64(header) >>> 16;
  }

  /** The source, in the low 48 bits. */
  public static long source(long header) {
    return Bytes.i64(header + 4) & BROADCAST;
  }

  /** The EtherType, or the tag's if there is one. */
  public static int type(long header) {
    return Bytes.u16(header + 12);
  }

  /** The tag control information of a tagged frame. */
  public static int tci(long header) {
    return Bytes.u16(header + 14);
  }

  /** The EtherType behind the tag of a tagged frame. */
  public static int typeBehindTag(long header) {
    return Bytes.u16(header + 16);
  }

  /** Whether an address is a group address (multicast or broadcast). */
  public static boolean isGroup(long mac) {
    return (mac >>> 40 & 1) != 0;
  }

  /** Writes a header of 14 bytes, or 18 if {@code vlan} is not 0. */
  public static void write(long header, long destination, long source, int type, int vlan) {
    Bytes.put64(header, destination << 16 | source >>> 32);
    Bytes.put32(header + 8, (int) source);
    if (vlan == 0) {
      Bytes.put16(header + 12, type);
    } else {
      Bytes.put32(header + 12, TYPE_VLAN << 16 | vlan);
      Bytes.put16(header + 16, type);
    }
  }

  /** A link address as people write it. */
  public static String format(long mac) {
    StringBuilder text = new StringBuilder(17);
    for (int shift = 40; shift >= 0; shift -= 8) {
      int b = (int) (mac >>> shift) & 0xff;
      text.append(Character.forDigit(b >>> 4, 16)).append(Character.forDigit(b & 15, 16));
      if (shift > 0) {
        text.append(':');
      }
    }
    return text.toString();
  }
}
