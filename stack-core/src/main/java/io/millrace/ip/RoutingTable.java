package io.millrace.ip;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One family's routes: a {@link RouteTable} of prefixes, and behind each prefix its {@link
 * NextHops}, which all prefixes with the same ways share. So a million routes through a few routers
 * cost what their prefixes cost, and nothing per route beside it: 54 bytes each where they are
 * spread at random over all addresses of IPv4 with lengths from 16 to 24, less where they are close
 * together, as on the Internet.
 *
 * <p>Looking up allocates nothing; changing may. <b>Thread:</b> the shard's.
 */
public final class RoutingTable {
  private final RouteTable prefixes;
  private final Map<NextHops, Integer> indexes = new HashMap<>();
  private NextHops[] groups = new NextHops[8];

  private final BitSet taken = new BitSet();

  /** How many prefixes each group stands behind. */
  private int[] users = new int[8];

  private final int[] batch = new int[RouteTable.BATCH];

  /**
   * Creates an empty table.
   *
   * @param commonBits the leading bits that all addresses have in common: 96 for IPv4, 0 for IPv6
   */
  public RoutingTable(int commonBits) {
    prefixes = new RouteTable(commonBits);
  }

  /** The number of prefixes. */
  public int size() {
    return prefixes.size();
  }

  /** Bytes of memory that the prefixes take. */
  public long memory() {
    return prefixes.memory();
  }

  /** The ways behind the longest prefix that covers the address, or null. */
  public NextHops lookup(long hi, long lo) {
    int found = prefixes.lookup(hi, lo);
    return found == RouteTable.NONE ? null : groups[found];
  }

  /** The same for many addresses at once; see {@link RouteTable#lookup(long[], int, int[])}. */
  void lookup(long[] addresses, int count, NextHops[] ways) {
    prefixes.lookup(addresses, count, batch);
    for (int i = 0; i < count; i++) {
      ways[i] = batch[i] == RouteTable.NONE ? null : groups[batch[i]];
    }
  }

  /**
   * The ways behind exactly this prefix, or null.
   *
   * @param length of 128 bits: 96 + n for an IPv4 prefix of length n
   */
  public NextHops get(long hi, long lo, int length) {
    int found = prefixes.get(hi, lo, length);
    return found == RouteTable.NONE ? null : groups[found];
  }

  /**
   * Adds a way to a prefix, beside those that are there; one through the same router and interface
   * is replaced.
   *
   * @throws IllegalArgumentException if the prefix has {@link NextHops#MOST} ways already
   */
  public void add(long hi, long lo, int length, NextHop hop) {
    NextHops before = get(hi, lo, length);
    point(hi, lo, length, before == null ? new NextHops(List.of(hop)) : before.with(hop));
  }

  /**
   * Takes a way away from a prefix: the one through the same interface and router, whatever its
   * metric.
   *
   * @return whether it was there
   */
  public boolean remove(long hi, long lo, int length, NextHop hop) {
    NextHops before = get(hi, lo, length);
    if (before == null) {
      return false;
    }
    List<NextHop> left = before.without(hop);
    if (left.isEmpty()) {
      leave(prefixes.remove(hi, lo, length));
    } else if (left.size() < before.all().size()) {
      point(hi, lo, length, new NextHops(left));
    }
    return left.size() < before.all().size();
  }

  private void point(long hi, long lo, int length, NextHops hops) {
    int before = prefixes.put(hi, lo, length, join(hops));
    if (before != RouteTable.NONE) {
      leave(before);
    }
  }

  private int join(NextHops hops) {
    Integer known = indexes.get(hops);
    if (known != null) {
      users[known]++;
      return known;
    }
    int index = taken.nextClearBit(0);
    if (index == groups.length) {
      groups = Arrays.copyOf(groups, index * 2);
      users = Arrays.copyOf(users, index * 2);
    }
    taken.set(index);
    groups[index] = hops;
    users[index] = 1;
    indexes.put(hops, index);
    return index;
  }

  private void leave(int index) {
    if (--users[index] == 0) {
      indexes.remove(groups[index]);
      groups[index] = null;
      taken.clear(index);
    }
  }
}
