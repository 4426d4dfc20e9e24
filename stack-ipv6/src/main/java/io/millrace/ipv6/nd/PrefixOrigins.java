package io.millrace.ipv6.nd;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.net.NetInterface;
import java.util.ArrayList;
import java.util.List;

/**
 * Which routers have advertised which prefixes, on one shard: a packet from an address of a prefix
 * goes through a router that has given it, as another's provider may not take it (RFC 8028 §3.1).
 */
final class PrefixOrigins {
  private static final class Entry {
    private final NetInterface on;
    private final IpPrefix prefix;
    private final long router;
    private long until;

    Entry(NetInterface on, IpPrefix prefix, long router) {
      this.on = on;
      this.prefix = prefix;
      this.router = router;
    }
  }

  private final LearnedRoutes routes;
  private final int most;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * Creates the empty list.
   *
   * @param most pairs of prefix and router that are kept
   */
  PrefixOrigins(LearnedRoutes routes, int most) {
    this.routes = routes;
    this.most = most;
  }

  /** A router has advertised a prefix that is valid until then. */
  void learn(NetInterface on, IpPrefix prefix, long router, long until, long now) {
    boolean gone = entries.removeIf(each -> each.until <= now);
    Entry entry = null;
    for (Entry each : entries) {
      if (each.on == on && each.router == router && each.prefix.equals(prefix)) {
        entry = each;
      }
    }
    if (entry == null && until > now && entries.size() < most) {
      entry = new Entry(on, prefix, router);
      entries.add(entry);
      gone = true;
    }
    if (entry != null) {
      entry.until = until;
    }
    if (gone) {
      routes.refresh(on);
    }
  }

  /** The low half of the router to send from an address through, or 0 if any is as good. */
  long routerFor(NetInterface on, long sourceHi, long sourceLo, long now) {
    long found = 0;
    int best = Integer.MIN_VALUE;
    for (int i = 0; i < entries.size(); i++) {
      Entry each = entries.get(i);
      IpAddress network = each.prefix.address();
      if (each.on == on
          && each.until > now
          && NdAddress.covers(network, each.prefix.length(), sourceHi, sourceLo)) {
        int preference = routes.preferenceOf(on, each.router, now);
        if (preference > best) {
          best = preference;
          found = each.router;
        }
      }
    }
    return found;
  }
}
