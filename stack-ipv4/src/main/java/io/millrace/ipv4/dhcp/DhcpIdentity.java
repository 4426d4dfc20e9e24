package io.millrace.ipv4.dhcp;

import java.nio.ByteBuffer;

/** Who the client is. */
public final class DhcpIdentity {
  private static final int TYPE_IAID_DUID = 255;
  private static final int DUID_LL = 3;
  private static final int ETHERNET = 1;

  private final long mac;
  private final byte[] id;
  private final String hostName;

  private DhcpIdentity(long mac, byte[] id, String hostName) {
    this.mac = mac;
    this.id = id;
    this.hostName = hostName;
  }

  /**
   * The identity of an interface: an IAID and a DUID made of its link address (RFC 4361 §6.1, RFC
   * 8415 §11.4), so that it is the same after a restart.
   *
   * @param mac its link address, in the low 48 bits
   * @param number the interface's number
   * @param hostName what it would like to be called, or empty; ASCII, at most 63 characters
   */
  public static DhcpIdentity of(long mac, int number, String hostName) {
    ByteBuffer id = ByteBuffer.allocate(15);
    id.put((byte) TYPE_IAID_DUID).putInt(number);
    id.putShort((short) DUID_LL).putShort((short) ETHERNET);
    id.putShort((short) (mac >>> 32)).putInt((int) mac);
    return new DhcpIdentity(mac, id.array(), hostName);
  }

  /** The link address, in the low 48 bits. */
  long mac() {
    return mac;
  }

  /** What the server knows it by (option 61), 2 to 255 bytes; not to be changed. */
  byte[] id() {
    return id;
  }

  /** What it would like to be called, or empty. */
  String hostName() {
    return hostName;
  }
}
