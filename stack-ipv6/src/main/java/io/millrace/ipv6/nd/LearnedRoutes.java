package io.millrace.ipv6.nd;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.net.NetInterface;
import io.millrace.time.TimerNode;
import io.millrace.time.TimerWheel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The routers of each link and what is behind them, on one shard: the default router list of RFC
 * 4861 §5.1 with the preferences and more-specific routes of RFC 4191 ("type C"). Of the routers
 * for one prefix, the family has one as its route: the best that answers.
 */
final class LearnedRoutes extends TimerNode {
  /** How long a router that does not answer is passed over (RFC 4191 §3.3). */
  private static final long RETRY = 60 * Lifetime.SECOND;

  private static final IpPrefix DEFAULT = new IpPrefix(new IpAddress(0, 0), 0);

  private static final class Entry {
    private final NetInterface on;
    private final IpPrefix prefix;
    private final long router;
    private int preference;
    private long until;

    /** Until when it is passed over. */
    private long lostUntil = Long.MIN_VALUE;

    Entry(NetInterface on, IpPrefix prefix, long router) {
      this.on = on;
      this.prefix = prefix;
      this.router = router;
    }

    boolean isDefault() {
      return prefix.length() == 0;
    }

    boolean isLost(long now) {
      return now < lostUntil;
    }

    /** Whether it is to be chosen before another for the same prefix. */
    boolean isBetterThan(Entry other, long now) {
      if (isLost(now) != other.isLost(now)) {
        // RFC 4861 §6.3.6, RFC 4191 §3.2: those that answer come before those that are preferred.
        return other.isLost(now);
      }
      if (isLost(now)) {
        // RFC 4861 §6.3.6 (2): in turn, so that one that has come back is found.
        return lostUntil < other.lostUntil;
      }
      return preference > other.preference;
    }
  }

  /** A prefix on a link. */
  private record Key(int on, IpPrefix prefix) {}

  private final NdHost host;
  private final TimerWheel wheel;
  private final int mostRouters;
  private final int mostRoutes;
  private final List<Entry> entries = new ArrayList<>();

  /** The routers that the family has as its routes. */
  private final Map<Key, Entry> chosen = new HashMap<>();

  /**
   * Creates the empty list.
   *
   * @param mostRouters default routers that are kept per link
   * @param mostRoutes more-specific routes that are kept per link
   */
  LearnedRoutes(NdHost host, int mostRouters, int mostRoutes) {
    this.host = host;
    this.wheel = host.shard().wheel();
    this.mostRouters = mostRouters;
    this.mostRoutes = mostRoutes;
  }

  // ---- what is learned ----

  /** A router on the link is one for the default route, until then. */
  boolean learnDefault(NetInterface on, long router, int preference, long until, long now) {
    return learn(on, DEFAULT, router, preference, until, now);
  }

  /**
   * A router on the link is one for a prefix.
   *
   * @param prefix its bits behind the length are zero
   * @param router the low half of its link-local address
   * @param preference -1, 0 or 1 (RFC 4191 §2.1)
   * @param until when that ends; if that is not later than now, it is forgotten
   * @return false if there was no room
   */
  boolean learn(
      NetInterface on, IpPrefix prefix, long router, int preference, long until, long now) {
    Entry entry = find(on, prefix, router);
    if (until <= now) {
      if (entry != null) {
        entries.remove(entry);
        update(now);
      }
      return true;
    }
    if (entry == null) {
      entry = new Entry(on, prefix, router);
      entry.preference = preference;
      if (!makeRoom(entry, now)) {
        return false;
      }
      entries.add(entry);
    }
    entry.preference = preference;
    entry.until = until;
    update(now);
    return true;
  }

  private Entry find(NetInterface on, IpPrefix prefix, long router) {
    for (Entry each : entries) {
      if (each.on == on && each.router == router && each.prefix.equals(prefix)) {
        return each;
      }
    }
    return null;
  }

  /** Of what is too much, the worst goes; what is new does not displace its equals. */
  private boolean makeRoom(Entry fresh, long now) {
    int count = 0;
    Entry worst = fresh;
    for (Entry each : entries) {
      if (each.on == fresh.on && each.isDefault() == fresh.isDefault()) {
        count++;
        worst = worst.isBetterThan(each, now) ? each : worst;
      }
    }
    if (count < (fresh.isDefault() ? mostRouters : mostRoutes)) {
      return true;
    }
    if (worst == fresh) {
      return false;
    }
    entries.remove(worst);
    return true;
  }

  /** A neighbor says that it is no router any more (RFC 4861 §7.2.5). */
  void noRouter(NetInterface on, long lo, long now) {
    if (entries.removeIf(each -> each.on == on && each.router == lo)) {
      update(now);
    }
  }

  /** A neighbor does not answer (RFC 4861 §6.3.6); if it is a router, others are tried. */
  void lost(NetInterface on, long lo, long now) {
    boolean changed = false;
    for (Entry each : entries) {
      if (each.on == on && each.router == lo) {
        each.lostUntil = now + RETRY;
        changed = true;
      }
    }
    if (changed) {
      update(now);
    }
  }

  /** A neighbor has answered; if it was passed over, it is no longer. */
  void answered(NetInterface on, long lo, long now) {
    boolean changed = false;
    for (Entry each : entries) {
      if (each.on == on && each.router == lo && each.isLost(now)) {
        each.lostUntil = Long.MIN_VALUE;
        changed = true;
      }
    }
    if (changed) {
      update(now);
    }
  }

  /** Whether this is a router for the prefix or address that the family has as its route. */
  boolean isChosen(NetInterface on, long router) {
    for (Entry each : chosen.values()) {
      if (each.on == on && each.router == router) {
        return true;
      }
    }
    return false;
  }

  /**
   * How good a default router is: its preference, or {@code Integer.MIN_VALUE} if it is none or
   * does not answer.
   */
  int preferenceOf(NetInterface on, long router, long now) {
    Entry entry = find(on, DEFAULT, router);
    return entry == null || entry.isLost(now) ? Integer.MIN_VALUE : entry.preference;
  }

  // ---- the choice ----

  /** Has the family look up anew what goes through a link's default router. */
  void refresh(NetInterface on) {
    Entry entry = chosen.get(new Key(on.index(), DEFAULT));
    if (entry != null) {
      tell(entry);
    }
  }

  private void tell(Entry entry) {
    host.setRoute(entry.on, entry.prefix, new IpAddress(NdAddress.LINK_LOCAL_HI, entry.router));
  }

  @Override
  protected void onTimer(long now) {
    update(now);
  }

  private void update(long now) {
    entries.removeIf(each -> each.until <= now);
    Map<Key, Entry> best = new HashMap<>();
    for (Entry each : entries) {
      Key key = new Key(each.on.index(), each.prefix);
      Entry other = best.get(key);
      if (other == null || each.isBetterThan(other, now) || isStuckTo(key, each, other, now)) {
        best.put(key, each);
      }
    }
    // RFC 4191 §3.2: a longer prefix whose routers are all lost gives way to a default router that
    // is not.
    best.entrySet()
        .removeIf(each -> each.getValue().isLost(now) && hasOther(best, each.getKey(), now));
    chosen.forEach(
        (key, before) -> {
          if (!best.containsKey(key)) {
            host.removeRoute(before.on, before.prefix);
          }
        });
    best.forEach(
        (key, entry) -> {
          Entry before = chosen.get(key);
          if (before == null || before.router != entry.router) {
            tell(entry);
          }
        });
    chosen.clear();
    chosen.putAll(best);
    schedule(now);
  }

  /** Of equals the one that is in use stays. */
  private boolean isStuckTo(Key key, Entry each, Entry other, long now) {
    return chosen.get(key) == each && !other.isBetterThan(each, now);
  }

  private static boolean hasOther(Map<Key, Entry> best, Key key, long now) {
    if (key.prefix().length() == 0) {
      return false;
    }
    Entry router = best.get(new Key(key.on(), DEFAULT));
    return router != null && !router.isLost(now);
  }

  private void schedule(long now) {
    long next = Long.MAX_VALUE;
    for (Entry each : entries) {
      next = Math.min(next, each.isLost(now) ? Math.min(each.until, each.lostUntil) : each.until);
    }
    if (next == Long.MAX_VALUE) {
      wheel.cancel(this);
    } else {
      wheel.schedule(this, next);
    }
  }
}
