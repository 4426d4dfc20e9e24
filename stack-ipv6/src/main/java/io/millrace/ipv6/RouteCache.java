package io.millrace.ipv6;

import java.security.SecureRandom;

/**
 * The routes that were asked for lately, by source and destination: bounded, four to a set, the
 * newest in front; the oldest of a full set makes room. The sets are chosen with secret
 * multipliers, so that nobody outside can crowd one.
 */
final class RouteCache {
  private static final int WAYS = 4;

  /** Longs per key. */
  private static final int KEY = 4;

  private final long[] keys;
  private final Ipv6Route[] routes;
  private final int mask;
  private final long first;
  private final long second;
  private final long third;
  private final long fourth;

  RouteCache(int entries, SecureRandom random) {
    int size = Integer.highestOneBit(Math.max(entries, WAYS));
    keys = new long[size * KEY];
    routes = new Ipv6Route[size];
    mask = size - WAYS;
    first = random.nextLong() | 1;
    second = random.nextLong() | 1;
    third = random.nextLong() | 1;
    fourth = random.nextLong() | 1;
  }

  private int set(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    // Low bits are mixed down before each product: a product moves bits up only.
    long mixed = sourceHi * first + sourceLo * second;
    mixed = (mixed ^ mixed >>> 32) * third + destinationHi * first + destinationLo * fourth;
    mixed = (mixed ^ mixed >>> 32) * second;
    mixed = (mixed ^ mixed >>> 29) * third;
    return (int) (mixed >>> 32) & mask;
  }

  /** The route, or null. */
  Ipv6Route get(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    int set = set(sourceHi, sourceLo, destinationHi, destinationLo);
    for (int i = set; i < set + WAYS; i++) {
      Ipv6Route route = routes[i];
      if (route == null) {
        return null;
      }
      if (isAt(i, sourceHi, sourceLo, destinationHi, destinationLo)) {
        return route;
      }
    }
    return null;
  }

  private boolean isAt(
      int i, long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    int at = i * KEY;
    return keys[at + 3] == destinationLo
        && keys[at + 2] == destinationHi
        && keys[at + 1] == sourceLo
        && keys[at] == sourceHi;
  }

  /** Puts a route in front of its set, in the place of one with the same key if there is one. */
  void put(long sourceHi, long sourceLo, long destinationHi, long destinationLo, Ipv6Route route) {
    int set = set(sourceHi, sourceLo, destinationHi, destinationLo);
    int last = set;
    while (last < set + WAYS - 1
        && routes[last] != null
        && !isAt(last, sourceHi, sourceLo, destinationHi, destinationLo)) {
      last++;
    }
    System.arraycopy(keys, set * KEY, keys, (set + 1) * KEY, (last - set) * KEY);
    System.arraycopy(routes, set, routes, set + 1, last - set);
    keys[set * KEY] = sourceHi;
    keys[set * KEY + 1] = sourceLo;
    keys[set * KEY + 2] = destinationHi;
    keys[set * KEY + 3] = destinationLo;
    routes[set] = route;
  }
}
