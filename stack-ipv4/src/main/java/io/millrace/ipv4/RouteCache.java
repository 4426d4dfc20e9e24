package io.millrace.ipv4;

import java.security.SecureRandom;

/**
 * The routes that were asked for lately, by source and destination: bounded, four to a set, the
 * newest in front; the oldest of a full set makes room. The sets are chosen with secret
 * multipliers, so that nobody outside can crowd one.
 */
final class RouteCache {
  private static final int WAYS = 4;

  private final long[] keys;
  private final Ipv4Route[] routes;
  private final int mask;
  private final long multiplier;
  private final long offset;

  RouteCache(int entries, SecureRandom random) {
    int size = Integer.highestOneBit(Math.max(entries, WAYS));
    keys = new long[size];
    routes = new Ipv4Route[size];
    mask = size - WAYS;
    multiplier = random.nextLong() | 1;
    offset = random.nextLong();
  }

  static long key(int source, int destination) {
    return ((long) source << 32) | (destination & 0xffff_ffffL);
  }

  private int set(long key) {
    long mixed = (key + offset) * multiplier;
    mixed = (mixed ^ mixed >>> 32) * multiplier;
    return (int) (mixed >>> 32) & mask;
  }

  /** The route, or null. */
  Ipv4Route get(long key) {
    int set = set(key);
    for (int i = set; i < set + WAYS; i++) {
      Ipv4Route route = routes[i];
      if (route == null) {
        return null;
      }
      if (keys[i] == key) {
        return route;
      }
    }
    return null;
  }

  /** Puts a route in front of its set, in the place of one with the same key if there is one. */
  void put(long key, Ipv4Route route) {
    int set = set(key);
    int last = set;
    while (last < set + WAYS - 1 && routes[last] != null && keys[last] != key) {
      last++;
    }
    System.arraycopy(keys, set, keys, set + 1, last - set);
    System.arraycopy(routes, set, routes, set + 1, last - set);
    keys[set] = key;
    routes[set] = route;
  }
}
