package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ip.Route;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.spi.PortInfo;

/**
 * What {@link Ipv6Route#send} leaves to others: unknown next hops, changed routes, packets that are
 * too big. Only the source cuts a packet (RFC 8200 §4.5), and only where it has to: there are no
 * atomic fragments (RFC 8021).
 */
final class Ipv6Output {
  private final Shard shard;
  private final Counters counters;
  private final Ipv6Family family;

  Ipv6Output(Shard shard, Ipv6Family family) {
    this.shard = shard;
    this.counters = shard.counters();
    this.family = family;
  }

  /** Makes a received frame one to be sent: drops what the way up said about it. */
  static void makeNew(Frame frame) {
    frame.clear(-1);
    frame.segmentSize(0);
  }

  /**
   * Sends by the long way. Takes ownership of a frame whose window starts at the transport header.
   */
  void send(
      Ipv6Route route,
      Frame frame,
      int protocol,
      int trafficClass,
      int hopLimit,
      boolean dontFragment,
      long now) {
    // RFC 4861 §6.3.6: when a router does not answer, another one of the same metric has its turn.
    if ((!route.isCurrent() || route.isSilent()) && !family.refresh(route)) {
      drop(frame, DropReason.IP_NO_ROUTE);
      return;
    }
    int payload = frame.totalLength();
    if (payload + Ipv6Header.SIZE <= route.pathMtu()
        || isCutByPort(route, frame, protocol, payload)) {
      counters.increment(Counter.IP_OUT_REQUESTS);
      int label = route.flowLabel(protocol, frame.address());
      route.pushHeader(frame, payload, protocol, trafficClass, hopLimit, label);
      route.emit(frame, now);
    } else if (payload > Ipv6Header.MAX_PAYLOAD || dontFragment) {
      drop(frame, DropReason.IP_TOO_BIG);
    } else {
      fragment(route, frame, route.pathMtu(), protocol, trafficClass, hopLimit, now);
    }
  }

  /** Sends a message of ICMPv6 in fragments of at most {@code mtu} bytes. Takes ownership. */
  void sendFragments(
      Ipv6Route route, Frame frame, int mtu, int trafficClass, int hopLimit, long now) {
    fragment(route, frame, mtu, IpProtocol.ICMPV6, trafficClass, hopLimit, now);
  }

  /**
   * Sends a packet with a header of the application's own; see {@link
   * io.millrace.ip.IpFamily#sendDatagram}. Not to link-local addresses, which say nothing of a
   * link.
   */
  DropReason sendDatagram(Frame datagram, long now) {
    long at = datagram.address();
    if (datagram.tailLength() != 0) {
      return DropReason.IP_BAD_LENGTH; // the header's length would not be that of the window
    }
    DropReason malformed = Ipv6Header.validate(at, datagram.length());
    if (malformed != null) {
      return malformed;
    }
    long destinationHi = Ipv6Header.destinationHi(at);
    if (Ipv6Scope.isLinkLocal(destinationHi)) {
      return DropReason.IP_NO_ROUTE;
    }
    Route found = family.route(0, 0, destinationHi, Ipv6Header.destinationLo(at));
    if (!(found instanceof Ipv6Route route)) {
      return DropReason.IP_NO_ROUTE;
    }
    if (Ipv6Addresses.isLoopback(Ipv6Header.sourceHi(at), Ipv6Header.sourceLo(at))
        && route.networkInterface() != shard.loopback()) {
      // RFC 4291 §2.5.3: must not be sent outside of a single node.
      return DropReason.IP_BAD_SOURCE;
    }
    datagram.trim(Ipv6Header.totalLength(at));
    if (datagram.length() > route.pathMtu()) {
      return DropReason.IP_TOO_BIG;
    }
    if (route.networkInterface().transmitRoom() == 0) {
      return DropReason.TX_QUEUE_FULL;
    }
    datagram.clear(~Frame.CHECKSUM_PARTIAL);
    datagram.segmentSize(0);
    datagram.markL3();
    counters.increment(Counter.IP_OUT_REQUESTS);
    route.emit(datagram, now);
    return null;
  }

  private static boolean isCutByPort(Ipv6Route route, Frame frame, int protocol, int payload) {
    return frame.segmentSize() != 0
        && payload <= Ipv6Header.MAX_PAYLOAD
        && cuts(route.networkInterface(), protocol);
  }

  /** Whether a port cuts what is merged of a protocol. */
  static boolean cuts(NetInterface through, int protocol) {
    return through
        .info()
        .offers(protocol == IpProtocol.UDP ? PortInfo.TX_SEGMENT_UDP6 : PortInfo.TX_SEGMENT_TCP6);
  }

  private void drop(Frame frame, DropReason reason) {
    counters.drop(reason);
    frame.release();
  }

  /** RFC 8200 §4.5. */
  private void fragment(
      Ipv6Route route,
      Frame frame,
      int mtu,
      int protocol,
      int trafficClass,
      int hopLimit,
      long now) {
    int length = frame.totalLength();
    int most = (mtu - Ipv6Header.SIZE - FragmentHeader.SIZE) & ~7;
    // All or nothing: the receiver has no use for some of them.
    int pieces = (length + most - 1) / most;
    if (route.networkInterface().transmitRoom() < pieces) {
      drop(frame, DropReason.TX_QUEUE_FULL);
      return;
    }
    if (shard.pool().available() < pieces) {
      drop(frame, DropReason.NO_FRAME);
      return;
    }
    if (frame.has(Frame.CHECKSUM_PARTIAL)) {
      Checksum.complete(frame); // the port cannot see it in fragments
    }
    int identification = route.nextIdentification();
    int label = route.flowLabel(protocol, frame.address());
    for (int offset = 0; offset < length; offset += most) {
      int size = Math.min(most, length - offset);
      Frame piece = shard.pool().allocate();
      long at = piece.append(FragmentHeader.SIZE + size);
      boolean more = offset + size < length;
      FragmentHeader.write(at, protocol, offset, more, identification);
      copy(frame, offset, at + FragmentHeader.SIZE, size);
      route.pushHeader(
          piece,
          FragmentHeader.SIZE + size,
          ExtensionHeaders.FRAGMENT,
          trafficClass,
          hopLimit,
          label);
      route.emit(piece, now);
    }
    counters.increment(Counter.IP_OUT_REQUESTS);
    counters.increment(Counter.IP_FRAG_OKS);
    frame.release();
  }

  /** Copies {@code size} bytes from {@code offset} of the frame's window and tail together. */
  private static void copy(Frame frame, int offset, long to, int size) {
    int own = Math.clamp(frame.length() - offset, 0, size);
    if (own > 0) {
      Bytes.copy(frame.address() + offset, to, own);
    }
    if (own < size) {
      int skipped = offset + own - frame.length();
      Bytes.copy(frame.tailAddress() + skipped, to + own, size - own);
    }
  }
}
