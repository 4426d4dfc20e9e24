package io.millrace.link;

import io.millrace.buf.Bytes;

/**
 * The Ethernet header (IEEE 802.3), the 802.1Q tag, and the 802.1ad tag in front of it.
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
 *
 *  with two:                             12     14     16     18     20        22
 *                                        +------+------+------+------+---------+ - - -
 *                                        | 88a8 | TCI  | 8100 | TCI  | type (2)| payload
 *                                        +------+------+------+------+---------+ - - -
 * </pre>
 *
 * <p>The tags of a frame are one number, {@code vlan}: the tag control information of 802.1Q in the
 * low 16 bits, that of 802.1ad in the high 16, and 0 where there is none.
 */
public final class Ethernet {
  /** Bytes of the header without a tag. */
  public static final int HEADER_SIZE = 14;

  /** Bytes that a tag adds. */
  public static final int VLAN_TAG_SIZE = 4;

  /** EtherType of IPv4. */
  public static final int TYPE_IPV4 = 0x0800;

  /** EtherType of ARP. */
  public static final int TYPE_ARP = 0x0806;

  /** EtherType of an 802.1Q tag. */
  public static final int TYPE_VLAN = 0x8100;

  /** EtherType of an 802.1ad tag, the outer one of two. */
  public static final int TYPE_SERVICE_VLAN = 0x88a8;

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

  /** Whether an EtherType is that of a tag. */
  public static boolean isTag(int type) {
    return type == TYPE_VLAN || type == TYPE_SERVICE_VLAN;
  }

  /** The bytes of a header with these tags: 14, 18 or 22. */
  public static int headerSize(int vlan) {
    int size = HEADER_SIZE;
    size += (vlan & 0xffff) == 0 ? 0 : VLAN_TAG_SIZE;
    return vlan >>> 16 == 0 ? size : size + VLAN_TAG_SIZE;
  }

  /** The tag control information of a tagged frame, of the outer tag if there are two. */
  public static int tci(long header) {
    return Bytes.u16(header + 14);
  }

  /** The EtherType behind the tag of a tagged frame. */
  public static int typeBehindTag(long header) {
    return Bytes.u16(header + 16);
  }

  /** The tag control information of the inner of two tags. */
  public static int innerTci(long header) {
    return Bytes.u16(header + 18);
  }

  /** The EtherType behind two tags. */
  public static int typeBehindTags(long header) {
    return Bytes.u16(header + 20);
  }

  /** Whether an address is a group address (multicast or broadcast). */
  public static boolean isGroup(long mac) {
    return (mac >>> 40 & 1) != 0;
  }

  /** Writes a header of {@link #headerSize} bytes. */
  public static void write(long header, long destination, long source, int type, int vlan) {
    Bytes.put64(header, destination << 16 | source >>> 32);
    Bytes.put32(header + 8, (int) source);
    writeType(header, type, vlan);
  }

  /** Writes what stands behind the two addresses: the tags, if there are any, and the EtherType. */
  public static void writeType(long header, int type, int vlan) {
    long at = header + 12;
    if (vlan >>> 16 != 0) {
      Bytes.put32(at, TYPE_SERVICE_VLAN << 16 | vlan >>> 16);
      at += VLAN_TAG_SIZE;
    }
    if ((vlan & 0xffff) != 0) {
      Bytes.put32(at, TYPE_VLAN << 16 | vlan & 0xffff);
      at += VLAN_TAG_SIZE;
    }
    Bytes.put16(at, type);
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
