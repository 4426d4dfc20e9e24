package io.millrace.ipv4;

import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.NextHop;
import io.millrace.ip.TokenBucket;
import io.millrace.link.Neighbor;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import java.util.ArrayDeque;
import java.util.Iterator;

/**
 * Better routers that routers have told this host of (RFC 1122 §3.2.2.2), each for one destination,
 * whatever the redirect says of its network. When there are too many, the oldest goes. The shard
 * that hears of one tells the others.
 *
 * <p><b>Thread:</b> the shard's.
 */
final class Redirects {
  /** Redirects that are followed per second in the long run, and at once. */
  private static final int RATE = 100;

  private record Entry(int destination, NextHop hop) {
    IpPrefix prefix() {
      return new IpPrefix(IpAddress.v4(destination), 32);
    }
  }

  private final Shard shard;
  private final Ipv4Family family;
  private final Ipv4Addresses addresses;
  private final int most;
  private final TokenBucket bucket;
  private final ArrayDeque<Entry> entries = new ArrayDeque<>();

  /**
   * Creates the empty list.
   *
   * @param most how many are kept, 0 to ignore redirects
   */
  Redirects(Shard shard, Ipv4Family family, Ipv4Addresses addresses, int most) {
    this.shard = shard;
    this.family = family;
    this.addresses = addresses;
    this.most = most;
    this.bucket = new TokenBucket(RATE, RATE, shard.clock().now());
  }

  /**
   * A redirect about a datagram that may be one of ours. It stays the caller's.
   *
   * @param quote where the datagram's header is
   * @return whether it is followed; if not, it is silently discarded
   */
  boolean follow(Frame message, long quote, long now) {
    int destination = Ipv4Header.destination(quote);
    int better = IcmpHeader.gateway(message.address());
    NetInterface from = shard.networkInterface(message.interfaceIndex());
    if (most == 0
        || !isBelievable(from, (int) message.sourceLo(), Ipv4Header.source(quote), destination)
        || !isRouter(from, better, (int) message.sourceLo())
        || !bucket.take(now)) {
      return false;
    }
    int index = from.index();
    shard
        .group()
        .submitToAll(
            each -> ((Ipv4Family) each.ipv4()).redirects().put(index, destination, better));
    return true;
  }

  /** RFC 1122 §3.2.2.2: from the router that we use for this destination now, as we see it. */
  private boolean isBelievable(NetInterface from, int sender, int source, int destination) {
    NextHop present = family.findNextHop(source, destination);
    return present != null
        && !present.isOnLink()
        && present.through() == from
        && (int) present.viaLo() == sender
        && !addresses.isDirectedBroadcast(destination);
  }

  /** RFC 1122 §3.2.2.2: on the network that the redirect came from, and another one than before. */
  private boolean isRouter(NetInterface on, int better, int present) {
    return better != present
        && addresses.isOnLink(on, better)
        && !addresses.isLocal(better)
        && !addresses.isDirectedBroadcast(better);
  }

  private void put(int interfaceIndex, int destination, int better) {
    NetInterface on = shard.networkInterface(interfaceIndex);
    IpAddress via = better == destination ? null : IpAddress.v4(better);
    Entry entry = new Entry(destination, new NextHop(on, via, 0, null));
    if (!removeFor(destination) && family.ways(entry.prefix()) != null) {
      return; // a host's own route is what the application has said
    }
    if (entries.size() == most) {
      remove(entries.remove());
    }
    entries.add(entry);
    family.addRoute(entry.prefix(), entry.hop());
  }

  private boolean removeFor(int destination) {
    for (Iterator<Entry> all = entries.iterator(); all.hasNext(); ) {
      Entry each = all.next();
      if (each.destination() == destination) {
        all.remove();
        remove(each);
        return true;
      }
    }
    return false;
  }

  private void remove(Entry entry) {
    family.removeRoute(entry.prefix(), entry.hop());
  }

  /** A neighbor does not answer: what was redirected to it goes to the router again. */
  void lost(Neighbor neighbor) {
    for (Iterator<Entry> all = entries.iterator(); all.hasNext(); ) {
      Entry each = all.next();
      int via = each.hop().isOnLink() ? each.destination() : (int) each.hop().viaLo();
      if (each.hop().through() == neighbor.networkInterface()
          && IpAddress.v4Lo(via) == neighbor.lo()) {
        all.remove();
        remove(each);
      }
    }
  }

  /**
   * An address has gone: what was redirected to routers that are on no network of ours any more.
   */
  void forgetUnreachable() {
    for (Iterator<Entry> all = entries.iterator(); all.hasNext(); ) {
      Entry each = all.next();
      int via = each.hop().isOnLink() ? each.destination() : (int) each.hop().viaLo();
      if (!addresses.isOnLink(each.hop().through(), via)) {
        all.remove();
        remove(each);
      }
    }
  }
}
