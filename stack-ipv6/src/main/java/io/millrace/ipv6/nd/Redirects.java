package io.millrace.ipv6.nd;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;
import java.util.ArrayDeque;
import java.util.Iterator;

/**
 * Better first hops that routers have told us of (RFC 4861 §8.3), on one shard. When there are too
 * many, the oldest goes.
 */
final class Redirects {
  private record Entry(NetInterface on, IpPrefix destination, IpAddress via) {
    /** The neighbor that packets go to. */
    IpAddress neighbor() {
      return via == null ? destination.address() : via;
    }
  }

  private final NdHost host;
  private final NdLinks links;
  private final NeighborTable neighbors;
  private final int most;
  private final ArrayDeque<Entry> entries = new ArrayDeque<>();

  /**
   * Creates the empty list.
   *
   * @param most how many are kept, 0 to ignore redirects
   */
  Redirects(NdHost host, NdLinks links, NeighborTable neighbors, int most) {
    this.host = host;
    this.links = links;
    this.neighbors = neighbors;
    this.most = most;
  }

  /** A valid redirect; it stays the caller's. */
  DropReason redirect(Frame message, NetInterface from, long now) {
    // RFC 4861 §8.3: a router does not change its routes because of one.
    if (most == 0 || links.isRouter(from)) {
      return DropReason.ND_IGNORED;
    }
    long at = message.address();
    long hi = NdAddress.wireHi(Bytes.i64(at + 24));
    long lo = Bytes.i64(at + 32);
    // RFC 4861 §8.1: only from the router that we use for this destination.
    if (!host.isFirstHop(from, message.sourceLo(), hi, lo)) {
      return DropReason.ND_IGNORED;
    }
    long targetHi = NdMessage.targetHi(at);
    long targetLo = NdMessage.targetLo(at);
    if (host.stateOf(from, targetHi, targetLo) != null) {
      return DropReason.ND_IGNORED;
    }
    long mac = NdMessage.linkAddress(message, NdOption.TARGET_LINK_ADDRESS);
    if (mac >= 0) {
      neighbors.admit(from, targetHi, targetLo, mac, now);
    }
    // A target that is the destination says that it is a neighbor.
    boolean neighbor = targetHi == hi && targetLo == lo;
    put(
        new Entry(
            from,
            new IpPrefix(new IpAddress(hi, lo), 128),
            neighbor ? null : new IpAddress(targetHi, targetLo)));
    return null;
  }

  private void put(Entry entry) {
    boolean known =
        entries.removeIf(
            each -> each.on() == entry.on() && each.destination().equals(entry.destination()));
    if (!known && entries.size() == most) {
      Entry oldest = entries.remove();
      host.removeRoute(oldest.on(), oldest.destination());
    }
    entries.add(entry);
    host.setRoute(entry.on(), entry.destination(), entry.via());
  }

  /** A neighbor does not answer: what was redirected to it goes to the router again (§7.3.3). */
  void lost(NetInterface on, long hi, long lo) {
    IpAddress gone = new IpAddress(hi, lo);
    for (Iterator<Entry> all = entries.iterator(); all.hasNext(); ) {
      Entry each = all.next();
      if (each.on() == on && each.neighbor().equals(gone)) {
        all.remove();
        host.removeRoute(on, each.destination());
      }
    }
  }
}
