package io.millrace.ipv6;

import io.millrace.ip.IpPrefix;
import io.millrace.ip.RouteTable;
import io.millrace.net.NetInterface;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where packets go: routes that were configured, prefixes on the link, and what Neighbor Discovery
 * has learned. Of several for one prefix, the kind that comes first counts, and of one kind the
 * newest.
 */
final class Ipv6Routes {
  /** Where a route comes from, the most trusted first. */
  enum Kind {
    CONFIGURED,
    ON_LINK,
    LEARNED
  }

  /**
   * Where packets for a prefix go.
   *
   * @param viaHi with {@code viaLo} the router as on the wire; 0 and 0 if the destination is on the
   *     link
   * @param bySource whether Neighbor Discovery may know a better router for a source address (RFC
   *     8028)
   */
  record NextHop(NetInterface through, long viaHi, long viaLo, boolean bySource) {
    static NextHop onLink(NetInterface through) {
      return new NextHop(through, 0, 0, false);
    }

    boolean isOnLink() {
      return (viaHi | viaLo) == 0;
    }
  }

  private record Entry(Kind kind, NextHop next) {}

  /** A prefix without host bits. */
  record Prefix(long hi, long lo, int length) {
    static Prefix of(IpPrefix prefix) {
      int length = prefix.length();
      long hi = length == 0 ? 0 : prefix.address().hi() & -1L << (64 - Math.min(length, 64));
      long lo = length <= 64 ? 0 : prefix.address().lo() & -1L << (128 - length);
      return new Prefix(hi, lo, length);
    }
  }

  private final RouteTable table = new RouteTable(0);

  /** All routes for each prefix, the one that counts in front. */
  private final Map<Prefix, List<Entry>> entries = new HashMap<>();

  /** What the values of the table stand for, null where one is free, and how many use it. */
  private final List<NextHop> hops = new ArrayList<>();

  private int[] uses = new int[8];

  /** Adds a route, in place of the one of this kind for the same prefix and interface. */
  void put(Kind kind, IpPrefix prefix, NextHop next) {
    Prefix key = Prefix.of(prefix);
    List<Entry> all = entries.computeIfAbsent(key, _ -> new ArrayList<>());
    all.removeIf(each -> each.kind() == kind && each.next().through() == next.through());
    int place = 0;
    while (place < all.size() && all.get(place).kind().compareTo(kind) < 0) {
      place++;
    }
    all.add(place, new Entry(kind, next));
    update(key, all);
  }

  /** Takes the route of this kind for a prefix through an interface away, if there is one. */
  void remove(Kind kind, IpPrefix prefix, NetInterface through) {
    Prefix key = Prefix.of(prefix);
    List<Entry> all = entries.get(key);
    if (all == null
        || !all.removeIf(each -> each.kind() == kind && each.next().through() == through)) {
      return;
    }
    if (all.isEmpty()) {
      entries.remove(key);
    }
    update(key, all);
  }

  private void update(Prefix key, List<Entry> all) {
    int before = table.get(key.hi(), key.lo(), key.length());
    if (all.isEmpty()) {
      table.remove(key.hi(), key.lo(), key.length());
    } else {
      int now = take(all.getFirst().next());
      table.put(key.hi(), key.lo(), key.length(), now);
    }
    if (before != RouteTable.NONE && --uses[before] == 0) {
      hops.set(before, null);
    }
  }

  /** The number of a next hop, which is used once more. */
  private int take(NextHop next) {
    int index = hops.indexOf(next);
    if (index < 0) {
      index = hops.indexOf(null);
    }
    if (index < 0) {
      index = hops.size();
      hops.add(next);
      if (index == uses.length) {
        uses = Arrays.copyOf(uses, index * 2);
      }
    }
    hops.set(index, next);
    uses[index]++;
    return index;
  }

  /** The next hop to a destination, or null. */
  NextHop find(long hi, long lo) {
    int found = table.lookup(hi, lo);
    return found == RouteTable.NONE ? null : hops.get(found);
  }
}
