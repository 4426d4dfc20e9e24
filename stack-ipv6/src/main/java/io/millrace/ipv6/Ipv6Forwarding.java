package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.filter.Hook;
import io.millrace.ip.DestinationCache;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ip.Lookahead;
import io.millrace.ip.NextHop;
import io.millrace.ip.NextHops;
import io.millrace.ip.ReversePath;
import io.millrace.ip.TokenBucket;
import io.millrace.ipv6.nd.NeighborDiscovery;
import io.millrace.link.Neighbor;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;

/**
 * What a router does with a packet for somebody else (RFC 8200 §3, RFC 4443 §3): looks up the next
 * hop, takes one hop away and sends the same frame on. It never cuts a packet (RFC 8200 §4.5).
 *
 * <p>A packet leaves by the shard that it came in at. <b>Thread:</b> the shard's. Allocates nothing
 * per packet.
 */
final class Ipv6Forwarding {
  /** Hosts on our own links that were sent to lately: a power of two. */
  private static final int HOSTS = 1024;

  private static final int TCP_HEADER = 20;
  private static final int TCP_DATA_OFFSET_AT = 12;
  private static final int UDP_HEADER = 8;

  private final Shard shard;
  private final Counters counters;
  private final Ipv6Family family;
  private final Ipv6Addresses addresses;
  private final Ipv6Routes routes;
  private final NeighborDiscovery discovery;
  private final Icmpv6Errors errors;
  private final ForwardingConfig config;
  private final ExtensionHeaders extensions;
  private final TokenBucket redirects;
  private final DestinationCache destinations;

  /** Where the ways back to senders are looked up. */
  private final DestinationCache sources;

  private final Neighbor[] hosts = new Neighbor[HOSTS];

  Ipv6Forwarding(
      Shard shard,
      Ipv6Family family,
      Ipv6Addresses addresses,
      Ipv6Routes routes,
      NeighborDiscovery discovery,
      Icmpv6Errors errors,
      Ipv6Config ipv6,
      ForwardingConfig config) {
    this.shard = shard;
    this.counters = shard.counters();
    this.family = family;
    this.addresses = addresses;
    this.routes = routes;
    this.discovery = discovery;
    this.errors = errors;
    this.config = config;
    this.extensions = new ExtensionHeaders(ipv6);
    this.destinations = new DestinationCache(routes.table());
    this.sources = new DestinationCache(routes.table());
    int rate = config.redirectRate();
    this.redirects = new TokenBucket(rate, rate, shard.clock().now());
  }

  /** What is to see the packets of a burst before the first is handled. */
  Lookahead lookahead() {
    return new Lookahead(destinations, config.reversePath() == ReversePath.OFF ? null : sources);
  }

  /**
   * Takes ownership of a frame whose window starts at a validated header with a destination that is
   * not ours and a source that a host may have.
   */
  void forward(Frame frame, NetInterface from, long now) {
    long at = frame.address();
    frame.trim(Ipv6Header.totalLength(at));
    DropReason dropped = tryForward(frame, at, from, now);
    if (dropped != null) {
      counters.drop(dropped);
      frame.release();
    }
  }

  private DropReason tryForward(Frame frame, long at, NetInterface from, long now) {
    long destinationHi = Ipv6Header.destinationHi(at);
    long destinationLo = Ipv6Header.destinationLo(at);
    if (!mayBeForwardedTo(destinationHi, destinationLo)) {
      return DropReason.IP_NOT_FORWARDED;
    }
    // What came in a link broadcast or multicast was not sent to us as a router.
    if (frame.has(Frame.LINK_MULTICAST)) {
      return DropReason.IP_LINK_BROADCAST;
    }
    DropReason refused = refuseSource(frame, at, from, now);
    if (refused != null) {
      return refused;
    }
    NextHops hops = destinations.ways(destinationHi, destinationLo, family.generation());
    if (hops == null) {
      // RFC 4443 §3.1, code 0: no route to destination.
      unreachable(frame, Icmpv6Header.CODE_NO_ROUTE, now);
      return DropReason.IP_NO_ROUTE;
    }
    NextHop hop = hops.isSingle() ? hops.first() : hops.choose(flow(at));
    if (shard.filter() != null
        && family.hooks().filtered(frame, hop.through(), Hook.FORWARD, now)) {
      return null;
    }
    if (hop.through() != from && Ipv6Scope.isLinkLocal(Ipv6Header.sourceHi(at))) {
      // RFC 4291 §2.5.6, RFC 4007 §9: code 2, beyond the scope of the source address.
      unreachable(frame, Icmpv6Header.CODE_BEYOND_SCOPE, now);
      return DropReason.IP_NOT_FORWARDED;
    }
    if (Ipv6Header.hopLimit(at) <= 1) {
      // RFC 8200 §3, RFC 4443 §3.3.
      errors.send(frame, Icmpv6Header.TIME_EXCEEDED, 0, 0, now);
      return DropReason.IP_HOPS_EXCEEDED;
    }
    return pass(frame, at, from, hop, now);
  }

  /**
   * RFC 4291 §2.5.2, §2.5.3, §2.5.6: the unspecified, loopback and link-local addresses are never
   * forwarded to; groups are not by this router.
   */
  private static boolean mayBeForwardedTo(long hi, long lo) {
    return !Ipv6Addresses.isNoHost(hi, lo) && (hi | lo) != 0 && !Ipv6Scope.isLinkLocal(hi);
  }

  private DropReason refuseSource(Frame frame, long at, NetInterface from, long now) {
    long hi = Ipv6Header.sourceHi(at);
    long lo = Ipv6Header.sourceLo(at);
    if (addresses.isLocal(Ipv6Scope.onLink(hi, from.index()), lo)) {
      return DropReason.IP_BAD_SOURCE; // we have not sent it
    }
    if (config.reversePath() != ReversePath.OFF && !isFromThere(hi, lo, from)) {
      // RFC 4443 §3.1, code 5: source address failed ingress policy.
      unreachable(frame, Icmpv6Header.CODE_SOURCE_POLICY, now);
      return DropReason.IP_REVERSE_PATH;
    }
    return null;
  }

  /** RFC 3704 §2. A link-local address is from the link that it came in by. */
  private boolean isFromThere(long hi, long lo, NetInterface from) {
    if (Ipv6Scope.isLinkLocal(hi)) {
      return true;
    }
    NextHops back = sources.ways(hi, lo, family.generation());
    return back != null
        && (config.reversePath() == ReversePath.LOOSE || back.leadsThrough(from.index()));
  }

  /**
   * What a flow's packets have in common (RFC 6438 §3): the addresses and the flow label, or where
   * there is none the protocol and the ports in front.
   */
  private static int flow(long at) {
    long mixed = Ipv6Header.sourceHi(at) * 31 + Ipv6Header.sourceLo(at);
    mixed = (mixed * 31 + Ipv6Header.destinationHi(at)) * 31 + Ipv6Header.destinationLo(at);
    int flow = (int) (mixed ^ mixed >>> 32) * 0x9e37_79b9;
    int label = Ipv6Header.flowLabel(at);
    if (label != 0) {
      return flow + label;
    }
    int protocol = Ipv6Header.nextHeader(at);
    boolean ports =
        protocol == IpProtocol.TCP || protocol == IpProtocol.UDP || protocol == IpProtocol.SCTP;
    if (ports && Ipv6Header.payloadLength(at) >= 4) {
      flow = (flow + protocol) * 0x9e37_79b9 + Bytes.i32(at + Ipv6Header.SIZE);
    }
    return flow;
  }

  private DropReason pass(Frame frame, long at, NetInterface from, NextHop hop, long now) {
    NetInterface through = hop.through();
    if (Ipv6Header.nextHeader(at) == ExtensionHeaders.HOP_BY_HOP) {
      DropReason refused = passOptions(frame, at, now);
      if (refused != null) {
        return refused;
      }
    }
    if (frame.length() > family.linkMtu(through) && !isCutByPort(frame, at, through)) {
      return tooBig(frame, at, through, now);
    }
    if (through == from) {
      redirect(frame, at, hop, now);
    }
    Bytes.put8(at + Ipv6Header.HOP_LIMIT_AT, Ipv6Header.hopLimit(at) - 1);
    counters.increment(Counter.IP_OUT_FORW_DATAGRAMS);
    if (shard.filter() != null && family.hooks().filtered(frame, through, Hook.POST_ROUTING, now)) {
      return null;
    }
    transmit(frame, at, hop, now);
    return null;
  }

  private void transmit(Frame frame, long at, NextHop hop, long now) {
    NetInterface through = hop.through();
    if (hop.isOnLink()) {
      long hi = Ipv6Header.destinationHi(at);
      long lo = Ipv6Header.destinationLo(at);
      Neighbor neighbor = host(hi, lo, through);
      if (neighbor == null || !neighbor.send(frame, now)) {
        neighbor = family.neighbors().demand(through, hi, lo, now);
        hosts[slot(hi, lo)] = neighbor;
        neighbor.send(frame, now);
      }
      return;
    }
    Neighbor neighbor = hop.neighbor();
    if (neighbor == null || !neighbor.send(frame, now)) {
      neighbor = family.neighbors().demand(through, hop.viaHi(), hop.viaLo(), now);
      hop.neighbor(neighbor);
      neighbor.send(frame, now);
    }
  }

  /**
   * RFC 8200 §4.3: hop-by-hop options are looked at by every node on the way. None asks for more
   * than to be passed on: a Router Alert (RFC 2711) of a protocol that we do not have is passed as
   * well.
   */
  private DropReason passOptions(Frame frame, long at, long now) {
    DropReason refused = extensions.walkHopByHop(at, frame.length());
    if (refused != null && extensions.problem() != ExtensionHeaders.SILENT) {
      errors.sendParameterProblem(
          frame, extensions.problem(), extensions.pointer(), extensions.evenToGroup(), now);
    }
    return refused;
  }

  // ---- what does not fit ----

  /** Whether the port makes packets that fit of one that a port has put together. */
  private boolean isCutByPort(Frame frame, long at, NetInterface through) {
    return frame.segmentSize() != 0
        && Ipv6Output.cuts(through, ExtensionHeaders.upperLayer(at, frame.length()) & 0xff)
        && segmentLength(frame, at) <= family.linkMtu(through);
  }

  /** Bytes of a packet of those that were put together, the IPv6 header included. */
  private static int segmentLength(Frame frame, long at) {
    int upper = ExtensionHeaders.upperLayer(at, frame.length());
    if (upper == ExtensionHeaders.NONE || frame.length() - (upper >>> 8) < TCP_HEADER) {
      return frame.length();
    }
    int offset = upper >>> 8;
    int header =
        (upper & 0xff) == IpProtocol.TCP
            ? Bytes.u8(at + offset + TCP_DATA_OFFSET_AT) >>> 4 << 2
            : UDP_HEADER;
    return offset + header + frame.segmentSize();
  }

  private DropReason tooBig(Frame frame, long at, NetInterface through, long now) {
    int mtu = family.linkMtu(through);
    if (frame.segmentSize() == 0 || segmentLength(frame, at) > mtu) {
      // RFC 8200 §5, RFC 4443 §3.2: with the MTU of the link that it does not fit into. What a port
      // has put together fits or not as its packets do.
      errors.send(frame, Icmpv6Header.PACKET_TOO_BIG, 0, mtu, now);
    }
    return DropReason.IP_TOO_BIG;
  }

  // ---- errors and redirects ----

  private void unreachable(Frame packet, int code, long now) {
    errors.send(packet, Icmpv6Header.DESTINATION_UNREACHABLE, code, 0, now);
  }

  /** A next hop did not answer: whoever sent the packet hears of it (RFC 4443 §3.1, code 3). */
  void unreachable(Frame packet, long now) {
    unreachable(packet, Icmpv6Header.CODE_ADDRESS, now);
  }

  /**
   * RFC 4861 §8.2: a host on the link that the packet goes back to could have sent it there itself.
   * A router that is not known by its link-local address is nobody to redirect to.
   */
  private void redirect(Frame frame, long at, NextHop hop, long now) {
    boolean known = hop.isOnLink() || Ipv6Scope.isLinkLocal(hop.viaHi());
    if (!config.redirects() || !known || !isNeighbor(at, hop.through()) || !redirects.take(now)) {
      return;
    }
    long hi = hop.isOnLink() ? Ipv6Header.destinationHi(at) : hop.viaHi();
    long lo = hop.isOnLink() ? Ipv6Header.destinationLo(at) : hop.viaLo();
    discovery.sendRedirect(frame, hop.through(), hi, lo, now);
  }

  /** Whether the source of a packet is on a link of ours. */
  private boolean isNeighbor(long at, NetInterface on) {
    long hi = Ipv6Header.sourceHi(at);
    if (Ipv6Scope.isLinkLocal(hi)) {
      return true;
    }
    NextHops back = routes.lookup(hi, Ipv6Header.sourceLo(at));
    return back != null && back.first().isOnLink() && back.first().through() == on;
  }

  // ---- hosts on our links ----

  private static int slot(long hi, long lo) {
    return (int) ((hi * 31 + lo) * 0x9e37_79b9_7f4a_7c15L >>> 54);
  }

  private Neighbor host(long hi, long lo, NetInterface through) {
    Neighbor neighbor = hosts[slot(hi, lo)];
    return neighbor != null
            && neighbor.lo() == lo
            && neighbor.hi() == hi
            && neighbor.networkInterface() == through
        ? neighbor
        : null;
  }
}
