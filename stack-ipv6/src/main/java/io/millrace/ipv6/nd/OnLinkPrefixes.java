package io.millrace.ipv6.nd;

import io.millrace.ip.IpPrefix;
import io.millrace.net.NetInterface;
import io.millrace.time.TimerNode;
import java.util.ArrayList;
import java.util.List;

/** The prefix list of RFC 4861 §5.1, on one shard: what routers say is on the link. */
final class OnLinkPrefixes extends TimerNode {
  private static final class Entry {
    private final NetInterface on;
    private final IpPrefix prefix;
    private long until;

    Entry(NetInterface on, IpPrefix prefix) {
      this.on = on;
      this.prefix = prefix;
    }
  }

  private final NdHost host;
  private final int most;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * Creates the empty list.
   *
   * @param most prefixes that are kept per link
   */
  OnLinkPrefixes(NdHost host, int most) {
    this.host = host;
    this.most = most;
  }

  /**
   * A prefix is on the link, until then (RFC 4861 §6.3.4).
   *
   * @return false if there was no room
   */
  boolean learn(NetInterface on, IpPrefix prefix, long until, long now) {
    Entry entry = null;
    int count = 0;
    for (Entry each : entries) {
      if (each.on == on) {
        count++;
        entry = each.prefix.equals(prefix) ? each : entry;
      }
    }
    if (entry == null) {
      if (until <= now) {
        return true;
      }
      if (count >= most) {
        return false;
      }
      entry = new Entry(on, prefix);
      entries.add(entry);
      host.addOnLink(on, prefix);
    }
    entry.until = until;
    expire(now);
    return true;
  }

  @Override
  protected void onTimer(long now) {
    expire(now);
  }

  private void expire(long now) {
    long next = Long.MAX_VALUE;
    for (int i = entries.size() - 1; i >= 0; i--) {
      Entry each = entries.get(i);
      if (each.until <= now) {
        entries.remove(i);
        host.removeOnLink(each.on, each.prefix);
      } else {
        next = Math.min(next, each.until);
      }
    }
    if (next == Long.MAX_VALUE) {
      host.shard().wheel().cancel(this);
    } else {
      host.shard().wheel().schedule(this, next);
    }
  }
}
