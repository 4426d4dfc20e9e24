package io.millrace.ip;

import java.util.Arrays;

/**
 * The ways to the destinations that a router has looked up lately, in front of its {@link
 * RoutingTable}: a longest-prefix match in a large table costs several misses of the processor's
 * caches, and packets come in flows.
 *
 * <p>Each destination has one place, chosen by a hash; a newer one takes it. <b>Thread:</b> the
 * shard's. Allocates nothing when it is asked.
 */
public final class DestinationCache {
  private static final int PLACES = 1 << 15;
  private static final int SHIFT = 64 - 15;

  /** As many as a burst has packets. */
  private static final int BATCH = RouteTable.BATCH;

  /** Of fewer in a burst, each is looked up when its turn comes. */
  private static final int OFTEN = 4;

  private final RoutingTable routes;

  /** Two longs for each place. */
  private final long[] destinations = new long[2 * PLACES];

  private final NextHops[] ways = new NextHops[PLACES];

  /** The generation of the routes that the cache is of. */
  private int generation;

  /** Destinations that were not here since the last burst began. */
  private int missed;

  /** Those of a burst that are to be looked up together, and where they belong. */
  private final long[] expected = new long[2 * BATCH];

  private final int[] expectedAt = new int[BATCH];
  private final NextHops[] found = new NextHops[BATCH];
  private int expectedCount;

  /** Creates an empty cache of a table. */
  public DestinationCache(RoutingTable routes) {
    this.routes = routes;
  }

  /**
   * The ways to a destination, or null if there is none.
   *
   * @param now the generation of the routes: what was found in another one is forgotten (RFC 1812
   *     §5.2.4.3)
   */
  public NextHops ways(long hi, long lo, int now) {
    if (generation != now) {
      Arrays.fill(ways, null);
      generation = now;
    }
    int place = place(hi, lo);
    NextHops found = ways[place];
    if (found == null || destinations[2 * place + 1] != lo || destinations[2 * place] != hi) {
      found = routes.lookup(hi, lo);
      missed++;
      destinations[2 * place] = hi;
      destinations[2 * place + 1] = lo;
      ways[place] = found;
    }
    return found;
  }

  // ---- many at once ----

  /**
   * Whether more than a few destinations were not here since the last call, so that those of the
   * next burst are better looked up together.
   */
  boolean hasMissedOften() {
    boolean often = missed >= OFTEN;
    missed = 0;
    return often;
  }

  /** This destination will be asked for soon. More than {@value #BATCH} are not remembered. */
  void expect(long hi, long lo) {
    int place = place(hi, lo);
    boolean known =
        ways[place] != null && destinations[2 * place + 1] == lo && destinations[2 * place] == hi;
    if (known || expectedCount == BATCH) {
      return;
    }
    missed++;
    int i = expectedCount++;
    expected[2 * i] = hi;
    expected[2 * i + 1] = lo;
    expectedAt[i] = place;
  }

  /** Looks up what is expected. */
  void lookUpExpected() {
    int count = expectedCount;
    expectedCount = 0;
    routes.lookup(expected, count, found);
    for (int i = 0; i < count; i++) {
      int place = expectedAt[i];
      destinations[2 * place] = expected[2 * i];
      destinations[2 * place + 1] = expected[2 * i + 1];
      ways[place] = found[i];
    }
  }

  private static int place(long hi, long lo) {
    long mixed = hi * 0x9e37_79b9_7f4a_7c15L;
    return (int) ((mixed ^ mixed >>> 32 ^ lo) * 0xd6e8_feb8_6659_fd93L >>> SHIFT);
  }
}
