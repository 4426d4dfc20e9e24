package io.millrace.capture;

/** Time stamps of any resolution as nanoseconds. */
final class CaptureTime {
  private static final long NANOS = 1_000_000_000L;

  private CaptureTime() {}

  /**
   * Nanoseconds since 1970, rounded down; times beyond the range of a {@code long} (the year 2262)
   * become its end.
   *
   * @param units the unsigned time in units of the resolution
   * @param resolution pcapng's {@code if_tsresol}: a unit is 10^-n s, or 2^-n s if the high bit is
   *     set
   * @param offsetSeconds pcapng's {@code if_tsoffset}
   */
  static long nanos(long units, int resolution, long offsetSeconds) {
    int exponent = resolution & 0x7f;
    long nanos = (resolution & 0x80) == 0 ? decimal(units, exponent) : binary(units, exponent);
    try {
      return Math.addExact(nanos, Math.multiplyExact(offsetSeconds, NANOS));
    } catch (ArithmeticException e) {
      return offsetSeconds < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  private static long decimal(long units, int exponent) {
    if (exponent <= 9) {
      long factor = power(9 - exponent);
      return clamp(Math.unsignedMultiplyHigh(units, factor), units * factor);
    }
    int digits = exponent - 9;
    return digits > 18 ? 0 : clamp(0, Long.divideUnsigned(units, power(digits)));
  }

  private static long binary(long units, int exponent) {
    long high = Math.unsignedMultiplyHigh(units, NANOS);
    long low = units * NANOS;
    if (exponent == 0) {
      return clamp(high, low);
    }
    if (exponent >= 64) {
      return high >>> (exponent - 64);
    }
    return clamp(high >>> exponent, (high << (64 - exponent)) | (low >>> exponent));
  }

  private static long power(int digits) {
    long power = 1;
    for (int i = 0; i < digits; i++) {
      power *= 10;
    }
    return power;
  }

  private static long clamp(long high, long low) {
    return high != 0 || low < 0 ? Long.MAX_VALUE : low;
  }
}
