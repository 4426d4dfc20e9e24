package io.millrace.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * SipHash-2-4 against its definition over bytes, written down here a second time; and that one
 * against the example of the paper (Aumasson and Bernstein, 2012, appendix A).
 */
class SipHashTest {
  private static final long PAPER_K0 = 0x0706050403020100L;
  private static final long PAPER_K1 = 0x0f0e0d0c0b0a0908L;

  /** SipHash-2-4 of any bytes, section 2 of the paper. */
  private static long reference(long k0, long k1, byte... message) {
    long[] v = {
      k0 ^ 0x736f6d6570736575L,
      k1 ^ 0x646f72616e646f6dL,
      k0 ^ 0x6c7967656e657261L,
      k1 ^ 0x7465646279746573L
    };
    ByteBuffer words =
        ByteBuffer.allocate(message.length / 8 * 8 + 8).order(ByteOrder.LITTLE_ENDIAN).put(message);
    words.put(words.capacity() - 1, (byte) message.length).rewind();
    while (words.hasRemaining()) {
      long m = words.getLong();
      v[3] ^= m;
      rounds(v, 2);
      v[0] ^= m;
    }
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
  }

  private static void rounds(long[] v, int count) {
    for (int i = 0; i < count; i++) {
      v[0] += v[1];
      v[1] = Long.rotateLeft(v[1], 13) ^ v[0];
      v[0] = Long.rotateLeft(v[0], 32);
      v[2] += v[3];
      v[3] = Long.rotateLeft(v[3], 16) ^ v[2];
      v[0] += v[3];
      v[3] = Long.rotateLeft(v[3], 21) ^ v[0];
      v[2] += v[1];
      v[1] = Long.rotateLeft(v[1], 17) ^ v[2];
      v[2] = Long.rotateLeft(v[2], 32);
    }
  }

  @Test
  void theReferenceGivesThePapersExample() {
    byte[] message = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    assertThat(reference(PAPER_K0, PAPER_K1, message)).isEqualTo(0xa129ca6149be45e5L);
  }

  @Property
  void fiveWordsHashAsTheirFortyBytes(
      @ForAll long k0,
      @ForAll long k1,
      @ForAll long a,
      @ForAll long b,
      @ForAll long c,
      @ForAll long d,
      @ForAll long e) {
    byte[] bytes =
        ByteBuffer.allocate(40)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(a)
            .putLong(b)
            .putLong(c)
            .putLong(d)
            .putLong(e)
            .array();
    assertThat(new SipHash(k0, k1).hash(a, b, c, d, e)).isEqualTo(reference(k0, k1, bytes));
  }

  @Test
  void keysAreDrawnAnew() {
    SecureRandom random = new SecureRandom();
    Set<Long> hashes = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      hashes.add(new SipHash(random).hash(1, 2, 3, 4, 5));
    }
    assertThat(hashes).hasSize(100);
  }
}
