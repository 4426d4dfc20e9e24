package io.millrace.ipv6;

import io.millrace.net.NetInterface;
import java.util.Arrays;

/** The groups that we are in, per interface. Few: a scan is all it needs. */
final class Ipv6Groups {
  private NetInterface[] on = new NetInterface[8];
  private long[] words = new long[16];
  private int[] joined = new int[8];
  private int count;

  /** Counts one more that wants the group. */
  void join(NetInterface where, long hi, long lo) {
    int i = indexOf(where, hi, lo);
    if (i < 0) {
      i = count++;
      if (i == on.length) {
        on = Arrays.copyOf(on, i * 2);
        words = Arrays.copyOf(words, i * 4);
        joined = Arrays.copyOf(joined, i * 2);
      }
      on[i] = where;
      words[i * 2] = hi;
      words[i * 2 + 1] = lo;
      joined[i] = 0;
    }
    joined[i]++;
  }

  /** Counts one less; nothing happens if nobody wanted it. */
  void leave(NetInterface where, long hi, long lo) {
    int i = indexOf(where, hi, lo);
    if (i < 0 || --joined[i] > 0) {
      return;
    }
    int last = --count;
    on[i] = on[last];
    words[i * 2] = words[last * 2];
    words[i * 2 + 1] = words[last * 2 + 1];
    joined[i] = joined[last];
    on[last] = null;
  }

  /** Whether what is sent to the group is for us; all nodes are always in theirs. */
  boolean has(NetInterface where, long hi, long lo) {
    // RFC 4291 §2.7.1: of the interface and of the link.
    return (lo == 1 && (hi == 0xff02L << 48 || hi == 0xff01L << 48)) || indexOf(where, hi, lo) >= 0;
  }

  private int indexOf(NetInterface where, long hi, long lo) {
    for (int i = 0; i < count; i++) {
      if (words[i * 2 + 1] == lo && words[i * 2] == hi && on[i] == where) {
        return i;
      }
    }
    return -1;
  }
}
