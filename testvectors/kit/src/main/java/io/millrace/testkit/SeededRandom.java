package io.millrace.testkit;

import java.security.SecureRandom;
import java.security.SecureRandomSpi;
import java.util.SplittableRandom;

/**
 * A {@link SecureRandom} that is not: the same numbers for the same seed, so that a run can be
 * repeated.
 */
final class SeededRandom extends SecureRandom {
  private static final long serialVersionUID = 1;

  SeededRandom(long seed) {
    super(new Spi(seed), null);
  }

  private static final class Spi extends SecureRandomSpi {
    private static final long serialVersionUID = 1;
    private final transient SplittableRandom random;

    Spi(long seed) {
      random = new SplittableRandom(seed);
    }

    @Override
    protected void engineSetSeed(byte[] seed) {}

    @Override
    protected void engineNextBytes(byte[] bytes) {
      random.nextBytes(bytes);
    }

    @Override
    protected byte[] engineGenerateSeed(int count) {
      byte[] seed = new byte[count];
      random.nextBytes(seed);
      return seed;
    }
  }
}
