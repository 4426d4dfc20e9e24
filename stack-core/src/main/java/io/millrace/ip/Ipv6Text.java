package io.millrace.ip;

/** IPv6 addresses as people write them: the one form that RFC 5952 recommends. */
final class Ipv6Text {
  private Ipv6Text() {}

  static String format(long hi, long lo) {
    // RFC 5952 §4.2: the longest run of zero fields, the first of equals, at least two.
    int start = -1;
    int longest = 1;
    for (int i = 0; i < 8; i++) {
      int run = zeros(hi, lo, i);
      if (run > longest) {
        start = i;
        longest = run;
      }
    }
    StringBuilder text = new StringBuilder(39);
    for (int i = 0; i < 8; i++) {
      if (i == start) {
        text.append("::");
        i += longest - 1;
        continue;
      }
      if (i != 0 && (start < 0 || i != start + longest)) {
        text.append(':');
      }
      text.append(Integer.toHexString(field(hi, lo, i)));
    }
    return text.toString();
  }

  private static int zeros(long hi, long lo, int from) {
    int i = from;
    while (i < 8 && field(hi, lo, i) == 0) {
      i++;
    }
    return i - from;
  }

  private static int field(long hi, long lo, int i) {
    return (int) ((i < 4 ? hi : lo) >>> (48 - 16 * (i & 3))) & 0xffff;
  }
}
