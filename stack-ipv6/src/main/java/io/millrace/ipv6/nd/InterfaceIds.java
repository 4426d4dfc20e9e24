package io.millrace.ipv6.nd;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.millrace.net.NetInterface;
import io.millrace.transport.SipHash;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/** Interface identifiers: the low half of an address that we make ourselves. */
final class InterfaceIds {
  private final SecureRandom random;
  private final SipHash secret;

  /**
   * @param text the secret, or null for a random one
   */
  InterfaceIds(String text, SecureRandom random) {
    this.random = random;
    if (text == null) {
      secret = new SipHash(random);
    } else {
      ByteBuffer key = ByteBuffer.wrap(digest(text));
      secret = new SipHash(key.getLong(), key.getLong());
    }
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /**
   * The same each time for the same prefix, port and secret, and telling nothing about either: F()
   * of RFC 7217 §5 with SipHash. {@code Net_Iface} is the port's name, which survives a restart
   * where a made-up link address does not; there is no {@code Network_ID}.
   *
   * @param attempt how many were refused as duplicates before: DAD_Counter
   */
  long stable(long prefixHi, NetInterface on, int attempt) {
    long name = on.vlan();
    ByteBuffer bytes = ByteBuffer.wrap(on.info().name().getBytes(UTF_8));
    while (bytes.hasRemaining()) {
      name = secret.hash(name, bytes.get(), bytes.remaining(), 0, 0);
    }
    for (int i = 0; ; i++) {
      long id = secret.hash(prefixHi, name, attempt, i, 1);
      if (!isReserved(id)) {
        return id;
      }
    }
  }

  /** Another one each time (RFC 8981 §3.3.1). */
  long temporary() {
    long id;
    do {
      id = random.nextLong();
    } while (isReserved(id));
    return id;
  }

  /** RFC 5453 §3: anycast of routers, of other services, and Ethernet's reserved block. */
  static boolean isReserved(long id) {
    return id == 0
        || id >>> 24 == 0x0200_5eff_fe00_0000L >>> 24
        || id >>> 7 == 0xfdff_ffff_ffff_ff80L >>> 7;
  }
}
