package io.millrace.apps.http;

import io.millrace.buf.Bytes;

/** The letters of HTTP in memory: character classes, case-insensitive comparison, numbers. */
final class Ascii {
  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long HIGH = 0x8080_8080_8080_8080L;

  /** RFC 9110 §5.6.2: the characters of a token. */
  private static final boolean[] TOKEN = new boolean[256];

  static {
    for (char c : "!#$%&'*+-.^_`|~0123456789".toCharArray()) {
      TOKEN[c] = true;
    }
    for (char c = 'a'; c <= 'z'; c++) {
      TOKEN[c] = true;
      TOKEN[Character.toUpperCase(c)] = true;
    }
  }

  private Ascii() {}

  static boolean isToken(int c) {
    return TOKEN[c];
  }

  /** The value of a hexadecimal digit, or -1. */
  static int hex(int c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    int lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }

  /**
   * The first address in [at, end) that holds a control character, DEL included; {@code end} if
   * there is none.
   */
  static long control(long at, long end) {
    while (end - at >= 8) {
      // The first byte of memory becomes the lowest of the word, where a borrow cannot have come
      // from.
      long word = Long.reverseBytes(Bytes.i64(at));
      long del = word ^ 0x7f * ONES;
      long found = ((word - 0x20 * ONES & ~word) | (del - ONES & ~del)) & HIGH;
      if (found != 0) {
        return at + (Long.numberOfTrailingZeros(found) >> 3);
      }
      at += 8;
    }
    while (at < end) {
      int c = Bytes.u8(at);
      if (c < 0x20 || c == 0x7f) {
        return at;
      }
      at++;
    }
    return end;
  }

  /** The first address in [at, end) that holds {@code wanted}; {@code end} if there is none. */
  static long find(int wanted, long at, long end) {
    long pattern = wanted * ONES;
    while (end - at >= 8) {
      long difference = Long.reverseBytes(Bytes.i64(at)) ^ pattern;
      long found = difference - ONES & ~difference & HIGH;
      if (found != 0) {
        return at + (Long.numberOfTrailingZeros(found) >> 3);
      }
      at += 8;
    }
    while (at < end && Bytes.u8(at) != wanted) {
      at++;
    }
    return at;
  }

  /**
   * Whether [at, end) spells {@code lowerCase} in any case; {@code lowerCase} has letters, digits,
   * '-' and '='.
   */
  static boolean spells(String lowerCase, long at, long end) {
    int n = lowerCase.length();
    if (end - at != n) {
      return false;
    }
    for (int i = 0; i < n; i++) {
      char wanted = lowerCase.charAt(i);
      int c = Bytes.u8(at + i);
      if (c != wanted && (wanted < 'a' || wanted > 'z' || (c | 0x20) != wanted)) {
        return false;
      }
    }
    return true;
  }

  /** The decimal number that fills [at, end), at most 18 digits; -1 if it is none. */
  static long number(long at, long end) {
    if (end <= at || end - at > 18) {
      return -1;
    }
    long value = 0;
    for (; at < end; at++) {
      int digit = Bytes.u8(at) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return value;
  }

  /** The first address in [at, end) that is not a space or tab. */
  static long skipBlank(long at, long end) {
    while (at < end && isBlank(Bytes.u8(at))) {
      at++;
    }
    return at;
  }

  /** The end of [at, end) without its trailing spaces and tabs. */
  static long trimBlank(long at, long end) {
    while (end > at && isBlank(Bytes.u8(end - 1))) {
      end--;
    }
    return end;
  }

  private static boolean isBlank(int c) {
    return c == ' ' || c == '\t';
  }
}
