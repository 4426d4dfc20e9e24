package io.millrace.transport;

import java.security.SecureRandom;

/**
 * SipHash-2-4, a keyed hash for what an attacker must not predict: sequence numbers (RFC 6528),
 * ports (RFC 6056), timestamp offsets, cookies. The key is drawn from a CSPRNG when the shard
 * starts and never leaves memory.
 */
public final class SipHash {
  private final long k0;
  private final long k1;

  /** Draws a key. */
  public SipHash(SecureRandom random) {
    this(random.nextLong(), random.nextLong());
  }

  /** Uses the key given; for verification vectors and repeatable simulations. */
  public SipHash(long k0, long k1) {
    this.k0 = k0;
    this.k1 = k1;
  }

  /**
   * A hash with a key of its own for one purpose. Who has this key makes the same one, and who
   * knows that one learns nothing of this.
   *
   * @param purpose differs between purposes
   */
  public SipHash derive(long purpose) {
    return new SipHash(hash(purpose, 0, 0, 0, 0), hash(purpose, 1, 0, 0, 0));
  }

  /**
   * The hash of five words (an address pair and what goes with it), as of their 40 little-endian
   * bytes.
   */
  public long hash(long a, long b, long c, long d, long e) {
    long v0 = k0 ^ 0x736f6d6570736575L;
    long v1 = k1 ^ 0x646f72616e646f6dL;
    long v2 = k0 ^ 0x6c7967656e657261L;
    long v3 = k1 ^ 0x7465646279746573L;
    for (int i = 0; i < 6; i++) {
      long m =
          switch (i) {
            case 0 -> a;
            case 1 -> b;
            case 2 -> c;
            case 3 -> d;
            case 4 -> e;
            default -> 40L << 56;
          };
      v3 ^= m;
      for (int round = 0; round < 2; round++) {
        v0 += v1;
        v2 += v3;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 = Long.rotateLeft(v2, 32);
      }
      v0 ^= m;
    }
    v2 ^= 0xff;
    for (int round = 0; round < 4; round++) {
      v0 += v1;
      v2 += v3;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 = Long.rotateLeft(v2, 32);
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }
}
