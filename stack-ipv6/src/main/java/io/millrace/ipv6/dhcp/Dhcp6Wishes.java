package io.millrace.ipv6.dhcp;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * Who the client is and what it wants.
 *
 * @param duid who it is (RFC 8415 §11), 3 to 130 bytes
 * @param iaid the number of its associations, the same after a restart
 * @param addresses whether it wants an address (IA_NA)
 * @param prefixLength the length of the network that it wants to give out (IA_PD), 1 to 128, or 0
 *     for none
 * @param rapidCommit whether a server may answer at once (§18.2.1)
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
public record Dhcp6Wishes(
    byte[] duid, int iaid, boolean addresses, int prefixLength, boolean rapidCommit) {
  private static final int DUID_LL = 3;
  private static final int DUID_UUID = 4;
  private static final int ETHERNET = 1;

  /** Checks the ranges. */
  public Dhcp6Wishes {
    if (duid.length < 3 || duid.length > 130) {
      throw new IllegalArgumentException("a DUID has 3 to 130 bytes, not " + duid.length);
    }
    if (prefixLength < 0 || prefixLength > 128) {
      throw new IllegalArgumentException("a prefix has 0 to 128 bits, not " + prefixLength);
    }
  }

  /** An address and no prefix, at once if the server likes, for an interface. */
  public static Dhcp6Wishes of(long mac, int number) {
    return new Dhcp6Wishes(duid(mac), number, true, 0, true);
  }

  /** DUID-LL, made of a link address (§11.4): the same after a restart. */
  public static byte[] duid(long mac) {
    ByteBuffer duid = ByteBuffer.allocate(10).putShort((short) DUID_LL).putShort((short) ETHERNET);
    return duid.putShort((short) (mac >>> 32)).putInt((int) mac).array();
  }

  /** DUID-UUID (§11.5, RFC 6355): the same whatever network cards the host has. */
  public static byte[] duid(UUID uuid) {
    ByteBuffer duid = ByteBuffer.allocate(18).putShort((short) DUID_UUID);
    return duid.putLong(uuid.getMostSignificantBits())
        .putLong(uuid.getLeastSignificantBits())
        .array();
  }

  /** Only what a server tells everybody: DNS servers and domains (§18.2.6). */
  boolean onlyInformation() {
    return !addresses && prefixLength == 0;
  }
}
