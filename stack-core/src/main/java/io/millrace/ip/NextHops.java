package io.millrace.ip;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The ways to one destination, the best ones first. Flows are spread over those with the smallest
 * metric; a flow keeps its way as long as it is there, and when one goes, only its flows move.
 *
 * <p>Immutable but for what its ways know of their neighbors. <b>Thread:</b> the shard's.
 */
public final class NextHops {
  /** The most ways to one destination. */
  public static final int MOST = 64;

  private final List<NextHop> all;
  private final NextHop[] best;

  /** Ways in any order, at least one. */
  NextHops(List<NextHop> hops) {
    List<NextHop> sorted = new ArrayList<>(hops);
    sorted.sort(Comparator.comparingInt(NextHop::metric));
    int least = sorted.getFirst().metric();
    all = List.copyOf(sorted);
    best = all.stream().filter(hop -> hop.metric() == least).toArray(NextHop[]::new);
  }

  /** All ways, those with the smallest metric first. */
  public List<NextHop> all() {
    return all;
  }

  /** Whether there is only one best way, so that a flow's hash need not be computed. */
  public boolean isSingle() {
    return best.length == 1;
  }

  /** The one best way, or the first of several. */
  public NextHop first() {
    return best[0];
  }

  /**
   * The way for a flow: the one with the highest random weight (RFC 2991 §4) of those whose router
   * answers, of all if none does. One that does not is asked in the background whether it is back
   * (RFC 1122 §3.3.1.5, RFC 4861 §6.3.6).
   *
   * @param flow a hash of what the flow's packets have in common
   */
  public NextHop choose(int flow) {
    NextHop chosen = heaviest(flow, false);
    return chosen != null ? chosen : heaviest(flow, true);
  }

  private NextHop heaviest(int flow, boolean silentToo) {
    NextHop chosen = null;
    long most = 0;
    for (NextHop each : best) {
      if (!silentToo && each.isSilent()) {
        each.want();
        continue;
      }
      long weight = each.weight(flow) + Long.MIN_VALUE;
      if (chosen == null || weight > most) {
        chosen = each;
        most = weight;
      }
    }
    return chosen;
  }

  /** Whether one of the ways, of any metric, leads through an interface (RFC 3704 §2.3). */
  public boolean leadsThrough(int interfaceIndex) {
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).through().index() == interfaceIndex) {
        return true;
      }
    }
    return false;
  }

  /** The one of these ways that leads to the same router, through the same interface; or null. */
  public NextHop find(NextHop way) {
    for (NextHop each : all) {
      if (each.isSameWay(way)) {
        return each;
      }
    }
    return null;
  }

  /** These ways and one more, which takes the place of one to the same router. */
  NextHops with(NextHop hop) {
    List<NextHop> hops = without(hop);
    if (hops.size() == MOST) {
      throw new IllegalArgumentException("a destination has at most " + MOST + " ways");
    }
    hops.add(hop);
    return new NextHops(hops);
  }

  /** These ways without the one to the same router. */
  List<NextHop> without(NextHop hop) {
    List<NextHop> hops = new ArrayList<>(all);
    hops.removeIf(each -> each.isSameWay(hop));
    return hops;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NextHops hops && all.equals(hops.all);
  }

  @Override
  public int hashCode() {
    return all.hashCode();
  }
}
