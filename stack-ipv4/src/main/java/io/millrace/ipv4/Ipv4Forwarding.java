package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.filter.Hook;
import io.millrace.ip.DestinationCache;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Lookahead;
import io.millrace.ip.NextHop;
import io.millrace.ip.NextHops;
import io.millrace.ip.ReversePath;
import io.millrace.ip.RoutingTable;
import io.millrace.ip.TokenBucket;
import io.millrace.link.Neighbor;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;

/**
 * What a router does with a datagram for somebody else (RFC 1812 §5): looks up the next hop, takes
 * one hop away and sends the same frame on.
 *
 * <p>A datagram leaves by the shard that it came in at. <b>Thread:</b> the shard's. Allocates
 * nothing per datagram, and copies only what has to be cut.
 */
final class Ipv4Forwarding {
  /** Hosts on our own links that were sent to lately: a power of two. */
  private static final int HOSTS = 1024;

  private static final int TCP_HEADER = 20;
  private static final int TCP_DATA_OFFSET_AT = 12;
  private static final int UDP_HEADER = 8;

  private final Shard shard;
  private final Counters counters;
  private final Ipv4Family family;
  private final Ipv4Addresses addresses;
  private final IcmpErrors errors;
  private final ForwardingConfig config;
  private final TransitFragmenter fragmenter;
  private final TokenBucket redirects;
  private final Neighbor[] hosts = new Neighbor[HOSTS];
  private final DestinationCache destinations;

  /** Where the ways back to senders are looked up. */
  private final DestinationCache sources;

  Ipv4Forwarding(
      Shard shard,
      Ipv4Family family,
      Ipv4Addresses addresses,
      RoutingTable routes,
      IcmpErrors errors,
      ForwardingConfig config) {
    this.shard = shard;
    this.counters = shard.counters();
    this.family = family;
    this.addresses = addresses;
    this.errors = errors;
    this.config = config;
    this.destinations = new DestinationCache(routes);
    this.sources = new DestinationCache(routes);
    this.fragmenter = new TransitFragmenter(shard, this);
    int rate = config.redirectRate();
    this.redirects = new TokenBucket(rate, rate, shard.clock().now());
  }

  /** What is to see the datagrams of a burst before the first is handled. */
  Lookahead lookahead() {
    return new Lookahead(destinations, config.reversePath() == ReversePath.OFF ? null : sources);
  }

  /**
   * Takes ownership of a frame whose window starts at a validated header with a destination that is
   * not ours and a source that a host may have.
   */
  void forward(Frame frame, NetInterface from, long now) {
    long at = frame.address();
    frame.trim(Ipv4Header.totalLength(at));
    DropReason dropped = tryForward(frame, at, from, now);
    if (dropped != null) {
      counters.drop(dropped);
      frame.release();
    }
  }

  private DropReason tryForward(Frame frame, long at, NetInterface from, long now) {
    int source = Ipv4Header.source(at);
    int destination = Ipv4Header.destination(at);
    if (!mayLeaveLink(source, destination)) {
      return DropReason.IP_NOT_FORWARDED;
    }
    // RFC 1812 §5.3.4: what came in a link broadcast or multicast goes no further.
    if (frame.has(Frame.LINK_MULTICAST)) {
      return DropReason.IP_LINK_BROADCAST;
    }
    if (config.reversePath() != ReversePath.OFF && !isFromThere(source, from)) {
      return DropReason.IP_REVERSE_PATH;
    }
    NextHops hops = destinations.ways(0, IpAddress.v4Lo(destination), family.generation());
    if (hops == null) {
      // RFC 1812 §5.2.7.1: net unreachable if there is no route.
      errors.sendInTransit(frame, IcmpHeader.DESTINATION_UNREACHABLE, 0, 0, now);
      return DropReason.IP_NO_ROUTE;
    }
    NextHop hop = hops.isSingle() ? hops.first() : hops.choose(flow(at));
    if (shard.filter() != null
        && family.hooks().filtered(frame, hop.through(), Hook.FORWARD, now)) {
      return null;
    }
    if (Ipv4Header.ttl(at) <= 1) {
      // RFC 1812 §5.3.1.
      errors.sendInTransit(frame, IcmpHeader.TIME_EXCEEDED, 0, 0, now);
      return DropReason.IP_HOPS_EXCEEDED;
    }
    return pass(frame, at, from, hop, destination, now);
  }

  /** RFC 1812 §5.3.7, RFC 3927 §7: martians and link-local addresses are never forwarded. */
  private static boolean mayLeaveLink(int source, int destination) {
    return !Ipv4Addresses.isNoHost(destination)
        && destination >>> 16 != Ipv4Addresses.LINK_LOCAL
        && source >>> 16 != Ipv4Addresses.LINK_LOCAL;
  }

  private boolean isFromThere(int source, NetInterface from) {
    NextHops back = sources.ways(0, IpAddress.v4Lo(source), family.generation());
    return back != null
        && (config.reversePath() == ReversePath.LOOSE || back.leadsThrough(from.index()));
  }

  /** What a flow's packets have in common; of fragments, only the first has ports. */
  private static int flow(long at) {
    int flow = Bytes.i32(at + 12) * 0x9e37_79b9 + Bytes.i32(at + 16);
    flow = flow * 0x9e37_79b9 + Ipv4Header.protocol(at);
    int word = Ipv4Header.flagsAndOffset(at) & (Ipv4Header.MF | Ipv4Header.OFFSET_MASK);
    int size = Ipv4Header.size(at);
    if (word == 0 && Ipv4Header.totalLength(at) >= size + 4) {
      flow = flow * 0x9e37_79b9 + Bytes.i32(at + size);
    }
    return flow;
  }

  private DropReason pass(
      Frame frame, long at, NetInterface from, NextHop hop, int destination, long now) {
    NetInterface through = hop.through();
    int word = Bytes.u16(at);
    if ((word >>> 8) != 0x45 && !passOptions(at, through, destination)) {
      return DropReason.IP_BAD_OPTION;
    }
    if (through == from) {
      redirect(frame, at, hop, now);
    }
    // RFC 1624 §3: 0x0100 less in the word of TTL and protocol is 0x0100 more in the checksum.
    Bytes.put8(at + 8, Bytes.u8(at + 8) - 1);
    int checksum = Bytes.u16(at + 10) + 0x0100;
    Bytes.put16(at + 10, checksum + (checksum >>> 16));
    int nextHop = hop.isOnLink() ? destination : (int) hop.viaLo();
    if (frame.length() > through.mtu() && !isCutByPort(frame, at, through)) {
      return passInPieces(frame, at, through, nextHop, now);
    }
    counters.increment(Counter.IP_OUT_FORW_DATAGRAMS);
    if (shard.filter() != null && family.hooks().filtered(frame, through, Hook.POST_ROUTING, now)) {
      return null;
    }
    Neighbor neighbor = hop.isOnLink() ? host(destination, through) : hop.neighbor();
    if (neighbor != null && neighbor.send(frame, now)) {
      return null;
    }
    neighbor = family.neighbors().demand(through, 0, IpAddress.v4Lo(nextHop), now);
    if (hop.isOnLink()) {
      hosts[slot(destination)] = neighbor;
    } else {
      hop.neighbor(neighbor);
    }
    neighbor.send(frame, now);
    return null;
  }

  /** Whether a datagram's options let it pass, after what they ask for has been done. */
  private boolean passOptions(long at, NetInterface through, int destination) {
    int headerSize = Ipv4Header.size(at);
    // RFC 7126 §4.3, §4.4: source routes are refused, without a word.
    if (!Ipv4Header.optionsAcceptable(at, headerSize)) {
      return false;
    }
    Ipv4Options.recordRoute(at, headerSize, addresses.sourceFor(through, destination));
    Ipv4Header.updateChecksum(at);
    return true;
  }

  /** Whether the port makes datagrams that fit of one that a port has put together. */
  private static boolean isCutByPort(Frame frame, long at, NetInterface through) {
    return frame.segmentSize() != 0
        && Ipv4Output.cuts(through, Ipv4Header.protocol(at))
        && segmentLength(frame, at) <= through.mtu();
  }

  /** Bytes of a datagram of those that were put together, its header included. */
  private static int segmentLength(Frame frame, long at) {
    int size = Ipv4Header.size(at);
    if (frame.length() < size + TCP_HEADER) {
      return frame.length();
    }
    int header =
        Ipv4Header.protocol(at) == IpProtocol.TCP
            ? Bytes.u8(at + size + TCP_DATA_OFFSET_AT) >>> 4 << 2
            : UDP_HEADER;
    return size + header + frame.segmentSize();
  }

  private DropReason passInPieces(
      Frame frame, long at, NetInterface through, int nextHop, long now) {
    boolean merged = frame.segmentSize() != 0;
    if (merged && segmentLength(frame, at) <= through.mtu()) {
      // It was never one datagram on the wire, so its sender has nothing to mend.
      return DropReason.IP_TOO_BIG;
    }
    // What cannot be sent on is said even where it might have been cut, were it one datagram.
    if (merged || (Ipv4Header.flagsAndOffset(at) & Ipv4Header.DF) != 0) {
      // RFC 1191 §4: with the MTU of the link that it does not fit into.
      errors.sendInTransit(
          frame,
          IcmpHeader.DESTINATION_UNREACHABLE,
          IcmpHeader.CODE_FRAGMENTATION_NEEDED,
          through.mtu(),
          now);
      return DropReason.IP_TOO_BIG;
    }
    DropReason dropped = fragmenter.send(frame, through, nextHop, now);
    if (dropped == null) {
      counters.increment(Counter.IP_OUT_FORW_DATAGRAMS);
      frame.release();
    }
    return dropped;
  }

  /** Sends a piece of a datagram. Takes ownership. */
  void transmit(Frame datagram, NetInterface through, int nextHop, long now) {
    if (shard.filter() == null
        || !family.hooks().filtered(datagram, through, Hook.POST_ROUTING, now)) {
      family.neighbors().demand(through, 0, IpAddress.v4Lo(nextHop), now).send(datagram, now);
    }
  }

  /**
   * RFC 1812 §5.2.7.2: a host on the link that the datagram goes back to could have sent it there
   * itself.
   */
  private void redirect(Frame frame, long at, NextHop hop, long now) {
    if (!config.redirects() || !addresses.isOnLink(hop.through(), Ipv4Header.source(at))) {
      return;
    }
    int better = hop.isOnLink() ? Ipv4Header.destination(at) : (int) hop.viaLo();
    if (addresses.isOnLink(hop.through(), better) && redirects.take(now)) {
      errors.sendInTransit(frame, IcmpHeader.REDIRECT, IcmpHeader.CODE_HOST, better, now);
    }
  }

  // ---- hosts on our links ----

  private static int slot(int destination) {
    return (destination * 0x9e37_79b9) >>> 22;
  }

  private Neighbor host(int destination, NetInterface through) {
    Neighbor neighbor = hosts[slot(destination)];
    return neighbor != null
            && neighbor.lo() == IpAddress.v4Lo(destination)
            && neighbor.networkInterface() == through
        ? neighbor
        : null;
  }

  /** A next hop did not answer: whoever sent the datagram hears of it (RFC 1812 §5.2.7.1). */
  void unreachable(Frame datagram, long now) {
    errors.sendInTransit(
        datagram, IcmpHeader.DESTINATION_UNREACHABLE, IcmpHeader.CODE_HOST, 0, now);
  }
}
