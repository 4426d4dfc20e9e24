package io.millrace.transport;

/**
 * Serial number arithmetic on 32 bits (RFC 1982, RFC 9293 §3.4): the only way to compare sequence
 * numbers.
 *
 * <p>A difference of exactly 2^31 is undefined in RFC 1982; here it counts as "before".
 */
public final class Serial {
  private Serial() {}

  /** a &lt; b. */
  public static boolean lt(int a, int b) {
    return a - b < 0;
  }

  /** a &lt;= b. */
  public static boolean le(int a, int b) {
    return a - b <= 0;
  }

  /** a &gt; b. */
  public static boolean gt(int a, int b) {
    return a - b > 0;
  }

  /** a &gt;= b. */
  public static boolean ge(int a, int b) {
    return a - b >= 0;
  }

  /** The later of the two. */
  public static int max(int a, int b) {
    return gt(a, b) ? a : b;
  }

  /** The earlier of the two. */
  public static int min(int a, int b) {
    return lt(a, b) ? a : b;
  }

  /** Whether {@code value} lies in [from, from + size); {@code size} is unsigned and below 2^31. */
  public static boolean in(int value, int from, int size) {
    return Integer.compareUnsigned(value - from, size) < 0;
  }
}
