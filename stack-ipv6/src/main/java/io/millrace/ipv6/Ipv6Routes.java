package io.millrace.ipv6;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.NextHop;
import io.millrace.ip.NextHops;
import io.millrace.ip.RoutingTable;
import io.millrace.net.NetInterface;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Where packets go: routes that were configured, prefixes on the link, and what Neighbor Discovery
 * has learned.
 *
 * <p>All of them are in one {@link RoutingTable}. For one prefix the configured ways count, with
 * their metrics; behind them what is found out, as a way with a metric that no configured one has:
 * on the link before learned, and of one kind the newest. Routers' addresses are as on the wire.
 */
final class Ipv6Routes {
  /** Where a route that nobody configured comes from, the most trusted first. */
  enum Kind {
    ON_LINK,
    LEARNED,
    /**
     * A default route: Neighbor Discovery may know a better router for a source address (RFC 8028).
     */
    LEARNED_DEFAULT
  }

  /** Configured metrics are smaller. */
  static final int FIRST_FOUND_METRIC = 1 << 30;

  /** A prefix without host bits. */
  record Prefix(long hi, long lo, int length) {
    static Prefix of(IpPrefix prefix) {
      int length = prefix.length();
      long hi = length == 0 ? 0 : prefix.address().hi() & -1L << (64 - Math.min(length, 64));
      long lo = length <= 64 ? 0 : prefix.address().lo() & -1L << (128 - length);
      return new Prefix(hi, lo, length);
    }
  }

  private final RoutingTable table = new RoutingTable(0);

  /** What was found out about each prefix, what counts in front. */
  private final Map<Prefix, List<NextHop>> found = new HashMap<>();

  /** All ways, the longest prefix first; for those who look up per packet. */
  RoutingTable table() {
    return table;
  }

  /** The ways to a destination, or null. */
  NextHops lookup(long hi, long lo) {
    return table.lookup(hi, lo);
  }

  /** The ways to exactly this prefix, or null. */
  NextHops ways(IpPrefix prefix) {
    return get(Prefix.of(prefix));
  }

  private NextHops get(Prefix key) {
    return table.get(key.hi(), key.lo(), key.length());
  }

  // ---- configured ----

  /** Adds a configured way, in place of the one through the same router and interface. */
  void add(IpPrefix prefix, NextHop hop) {
    Prefix key = Prefix.of(prefix);
    table.add(key.hi(), key.lo(), key.length(), hop);
  }

  /** Takes the configured way through the same router and interface away, if there is one. */
  void remove(IpPrefix prefix, NextHop hop) {
    Prefix key = Prefix.of(prefix);
    NextHops ways = get(key);
    NextHop there = ways == null ? null : ways.find(hop);
    if (there != null && !isFound(there)) {
      table.remove(key.hi(), key.lo(), key.length(), hop);
      // It may have stood in the place of the same way, found out.
      List<NextHop> all = found.get(key);
      show(key, all == null ? null : all.getFirst());
    }
  }

  // ---- found out ----

  /**
   * Adds a way that was found out, in place of the one of this kind for the same prefix and
   * interface.
   *
   * @param via the router, or null if destinations are on the link
   */
  void put(Kind kind, IpPrefix prefix, IpAddress via, NetInterface through) {
    Prefix key = Prefix.of(prefix);
    NextHop hop = new NextHop(through, via, FIRST_FOUND_METRIC + kind.ordinal(), null);
    List<NextHop> all = found.computeIfAbsent(key, _ -> new ArrayList<>());
    NextHop before = all.isEmpty() ? null : all.getFirst();
    all.removeIf(each -> each.metric() == hop.metric() && each.through() == through);
    int place = 0;
    while (place < all.size() && all.get(place).metric() < hop.metric()) {
      place++;
    }
    all.add(place, hop);
    change(key, before, all.getFirst());
  }

  /** Takes the way of this kind for a prefix through an interface away, if there is one. */
  void remove(Kind kind, IpPrefix prefix, NetInterface through) {
    Prefix key = Prefix.of(prefix);
    List<NextHop> all = found.get(key);
    if (all == null) {
      return;
    }
    NextHop before = all.getFirst();
    int metric = FIRST_FOUND_METRIC + kind.ordinal();
    all.removeIf(each -> each.metric() == metric && each.through() == through);
    if (all.isEmpty()) {
      found.remove(key);
    }
    change(key, before, all.isEmpty() ? null : all.getFirst());
  }

  private static boolean isFound(NextHop hop) {
    return hop.metric() >= FIRST_FOUND_METRIC;
  }

  /** Whether this is a default route that Neighbor Discovery has learned. */
  static boolean isLearnedDefault(NextHop hop) {
    return hop.metric() == FIRST_FOUND_METRIC + Kind.LEARNED_DEFAULT.ordinal();
  }

  private void change(Prefix key, NextHop before, NextHop after) {
    if (Objects.equals(before, after)) {
      return;
    }
    NextHops ways = get(key);
    NextHop there = before == null || ways == null ? null : ways.find(before);
    if (there != null && isFound(there)) {
      table.remove(key.hi(), key.lo(), key.length(), before);
    }
    show(key, after);
  }

  /** Adds what was found out to the table, unless the same way is configured. */
  private void show(Prefix key, NextHop hop) {
    NextHops ways = get(key);
    if (hop != null && (ways == null || ways.find(hop) == null)) {
      table.add(key.hi(), key.lo(), key.length(), hop);
    }
  }
}
