package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.spi.PortInfo;

/**
 * What {@link Ipv4Route#send} leaves to others: unknown next hops, changed routes, datagrams that
 * are too big.
 */
final class Ipv4Output {
  private static final int UDP_CHECKSUM_OFFSET = 6;

  private final Shard shard;
  private final Counters counters;
  private final Ipv4Family family;

  Ipv4Output(Shard shard, Ipv4Family family) {
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
      Ipv4Route route,
      Frame frame,
      int protocol,
      int trafficClass,
      int ttl,
      boolean dontFragment,
      long now) {
    // RFC 1122 §3.3.1.5: when a router does not answer, another one of the same metric has its
    // turn.
    if ((!route.isCurrent() || route.isSilent()) && !family.refresh(route)) {
      drop(frame, DropReason.IP_NO_ROUTE);
      return;
    }
    int total = frame.totalLength() + Ipv4Header.SIZE;
    if (total <= route.pathMtu() || isCutByPort(route, frame, protocol, total)) {
      counters.increment(Counter.IP_OUT_REQUESTS);
      route.writeHeader(frame, total, protocol, trafficClass, ttl, dontFragment);
      route.emit(frame, now);
    } else if (total > Ipv4Header.MAX_TOTAL || (dontFragment && route.allowsDontFragment())) {
      drop(frame, DropReason.IP_TOO_BIG);
    } else {
      fragment(route, frame, protocol, trafficClass, ttl, now);
    }
  }

  /**
   * Sends a datagram with a header of the application's own; see {@link
   * io.millrace.ip.IpFamily#sendDatagram}. It is not fragmented: whoever writes headers decides
   * about that.
   */
  DropReason sendDatagram(Frame datagram, long now) {
    long at = datagram.address();
    if (datagram.tailLength() != 0) {
      return DropReason.IP_BAD_LENGTH; // the header's length would not be that of the window
    }
    DropReason malformed = Ipv4Header.validate(at, datagram.length());
    if (malformed != null) {
      return malformed;
    }
    Ipv4Route route = family.route(0, Ipv4Header.destination(at));
    if (route == null) {
      return DropReason.IP_NO_ROUTE;
    }
    if (Ipv4Addresses.isLoopback(Ipv4Header.source(at))
        && route.networkInterface() != shard.loopback()) {
      // RFC 1122 §3.2.1.3 (g): must not appear outside a host.
      return DropReason.IP_BAD_SOURCE;
    }
    datagram.trim(Ipv4Header.totalLength(at));
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

  private static boolean isCutByPort(Ipv4Route route, Frame frame, int protocol, int total) {
    return frame.segmentSize() != 0
        && total <= Ipv4Header.MAX_TOTAL
        && cuts(route.networkInterface(), protocol);
  }

  /** Whether a port cuts what is merged of a protocol. */
  static boolean cuts(NetInterface through, int protocol) {
    return through
        .info()
        .offers(protocol == IpProtocol.UDP ? PortInfo.TX_SEGMENT_UDP4 : PortInfo.TX_SEGMENT_TCP4);
  }

  private void drop(Frame frame, DropReason reason) {
    counters.drop(reason);
    frame.release();
  }

  /** RFC 791 §3.2, "An Example Fragmentation Procedure". */
  private void fragment(
      Ipv4Route route, Frame frame, int protocol, int trafficClass, int ttl, long now) {
    int length = frame.totalLength();
    int most = (route.pathMtu() - Ipv4Header.SIZE) & ~7;
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
      resolveChecksum(frame);
    }
    int identification = route.nextIdentification();
    for (int offset = 0; offset < length; offset += most) {
      int size = Math.min(most, length - offset);
      Frame piece = shard.pool().allocate();
      long at = piece.append(Ipv4Header.SIZE + size);
      piece.markL3();
      Ipv4Header.write(
          at,
          trafficClass,
          Ipv4Header.SIZE + size,
          identification,
          (offset >>> 3) | (offset + size < length ? Ipv4Header.MF : 0),
          ttl,
          protocol,
          route.source(),
          route.destination());
      copy(frame, offset, at + Ipv4Header.SIZE, size);
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

  /**
   * Computes the transport checksum that was left to the port, which cannot see it in fragments.
   * The field holds the pseudo-header's sum.
   */
  static void resolveChecksum(Frame frame) {
    long from = frame.checksumAddress();
    int own = (int) (frame.address() + frame.length() - from);
    long sum = Checksum.add(0, from, own);
    if (frame.tailLength() != 0) {
      int tail = Checksum.fold(Checksum.add(0, frame.tailAddress(), frame.tailLength()));
      // RFC 1071 §2 (B): behind an odd number of bytes the words are swapped.
      sum += (own & 1) == 0 ? tail : Short.reverseBytes((short) tail) & 0xffff;
    }
    int checksum = Checksum.finish(sum);
    // RFC 768: zero would mean that there is none.
    boolean udp = frame.checksumOffset() == UDP_CHECKSUM_OFFSET;
    Bytes.put16(from + frame.checksumOffset(), checksum == 0 && udp ? 0xffff : checksum);
    frame.clear(Frame.CHECKSUM_PARTIAL);
  }
}
