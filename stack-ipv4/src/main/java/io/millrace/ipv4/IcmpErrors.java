package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.TokenBucket;
import io.millrace.net.Shard;

/**
 * The ICMP errors that we send: about whom, when never, how much of the offender, how often (RFC
 * 1122 §3.2.2).
 */
final class IcmpErrors {
  /** RFC 1812 §4.3.2.3: as much of the offender as fits into a datagram of 576 bytes. */
  private static final int MAX_QUOTE = 576 - Ipv4Header.SIZE - IcmpHeader.SIZE;

  private static final int TTL = 64;

  private final Shard shard;
  private final Counters counters;
  private final Ipv4Family family;
  private final Ipv4Addresses addresses;
  private final TokenBucket bucket;

  IcmpErrors(Shard shard, Ipv4Family family, Ipv4Addresses addresses, Ipv4Config config) {
    this.shard = shard;
    this.counters = shard.counters();
    this.family = family;
    this.addresses = addresses;
    this.bucket = new TokenBucket(config.icmpRate(), config.icmpBurst(), shard.clock().now());
  }

  /** Destination unreachable about a received frame, which stays the caller's. */
  void sendUnreachable(Frame offending, IcmpError error, long now) {
    int code =
        switch (error) {
          case PORT_UNREACHABLE -> IcmpHeader.CODE_PORT;
          case PROTOCOL_UNREACHABLE -> IcmpHeader.CODE_PROTOCOL;
          case ADMINISTRATIVELY_PROHIBITED -> IcmpHeader.CODE_PROHIBITED;
          case HOST_UNREACHABLE -> IcmpHeader.CODE_HOST;
          case NET_UNREACHABLE,
              PACKET_TOO_BIG,
              SOURCE_ROUTE_FAILED,
              TIME_EXCEEDED,
              PARAMETER_PROBLEM ->
              throw new IllegalArgumentException("a host does not send " + error);
        };
    sendAboutOurs(offending, IcmpHeader.DESTINATION_UNREACHABLE, code, now);
  }

  /** Time exceeded in reassembly about a datagram's first fragment, which stays the caller's. */
  void sendReassemblyTimeout(Frame first, long now) {
    sendAboutOurs(first, IcmpHeader.TIME_EXCEEDED, IcmpHeader.CODE_REASSEMBLY, now);
  }

  /**
   * About a datagram that was to be forwarded, from the address of ours that is nearest to its
   * source (RFC 1812 §4.3.2.4). The frame stays the caller's.
   *
   * @param rest the second word of the message: an MTU, or a better router
   */
  void sendInTransit(Frame offending, int type, int code, int rest, long now) {
    long at = offending.l3Address();
    if (mayAnswer(offending, at)) {
      send(family.route(0, Ipv4Header.source(at)), at, type, code, rest, now);
    }
  }

  private void sendAboutOurs(Frame offending, int type, int code, long now) {
    long at = offending.l3Address();
    if (addresses.isOurs(Ipv4Header.destination(at)) && mayAnswer(offending, at)) {
      send(family.routeBack(at), at, type, code, 0, now);
    }
  }

  private void send(Ipv4Route route, long at, int type, int code, int rest, long now) {
    int quoted = Math.min(Ipv4Header.totalLength(at), MAX_QUOTE);
    if (!bucket.take(now)) {
      counters.drop(DropReason.ICMP_RATE_LIMITED);
      return;
    }
    if (route == null) {
      counters.drop(DropReason.IP_NO_ROUTE);
      return;
    }
    Frame message = shard.pool().allocate();
    if (message == null) {
      counters.drop(DropReason.NO_FRAME);
      return;
    }
    quoted = Math.min(quoted, message.tailroom() - IcmpHeader.SIZE);
    long to = message.append(IcmpHeader.SIZE + quoted);
    Bytes.copy(at, to + IcmpHeader.SIZE, quoted);
    IcmpHeader.write(to, type, code, rest, IcmpHeader.SIZE + quoted);
    counters.increment(Counter.ICMP_OUT_MSGS);
    route.send(message, IpProtocol.ICMP, 0, TTL, false, now);
  }

  /** RFC 1122 §3.2.2: what an ICMP error is never sent about. Bad sources never come this far. */
  private static boolean mayAnswer(Frame offending, long at) {
    int headerSize = Ipv4Header.size(at);
    return !offending.has(Frame.LINK_MULTICAST | Frame.IP_MULTICAST)
        && (Ipv4Header.flagsAndOffset(at) & Ipv4Header.OFFSET_MASK) == 0
        && !(Ipv4Header.protocol(at) == IpProtocol.ICMP
            && (Ipv4Header.totalLength(at) == headerSize
                || IcmpHeader.isError(IcmpHeader.type(at + headerSize))));
  }
}
