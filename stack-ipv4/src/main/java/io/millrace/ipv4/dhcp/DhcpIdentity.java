package io.millrace.ipv4.dhcp;

import java.nio.ByteBuffer;

/**
 * Who the client is.
 *
 * @param mac its link address, in the low 48 bits
 * @param id what the server knows it by (option 61), 2 to 255 bytes
 * @param hostName what it would like to be called, or empty; ASCII, at most 63 characters
 */
public record DhcpIdentity(long mac, byte[] id, String hostName) {
  private static final int TYPE_IAID_DUID = 255;
  private static final int DUID_LL = 3;
  private static final int ETHERNET = 1;

  /**
   * The identity of an interface: an IAID and a DUID made of its link address (RFC 4361 §6.1, RFC
   * 8415 §11.4), so that it is the same after a restart.
   *
   * @param number the interface's number
   */
  public static DhcpIdentity of(long mac, int number, String hostName) {
    ByteBuffer id = ByteBuffer.allocate(15);
    id.put((byte) TYPE_IAID_DUID).putInt(number);
    id.putShort((short) DUID_LL).putShort((short) ETHERNET);
    id.putShort((short) (mac >>> 32)).putInt((int) mac);
    return new DhcpIdentity(mac, id.array(), hostName);
  }
}
