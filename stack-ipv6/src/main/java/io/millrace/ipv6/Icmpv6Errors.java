package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ip.TokenBucket;
import io.millrace.net.Shard;

/**
 * The ICMPv6 errors that we send: about whom, when never, how much of the offender, how often (RFC
 * 4443 §2.4).
 */
final class Icmpv6Errors {
  /** RFC 4443 §2.4 (c): as much of the offender as fits into the least MTU. */
  private static final int MAX_QUOTE = Ipv6Header.MIN_MTU - Ipv6Header.SIZE - Icmpv6Header.SIZE;

  private final Shard shard;
  private final Counters counters;
  private final Ipv6Family family;
  private final TokenBucket bucket;

  Icmpv6Errors(Shard shard, Ipv6Family family, Ipv6Config config) {
    this.shard = shard;
    this.counters = shard.counters();
    this.family = family;
    this.bucket = new TokenBucket(config.icmpRate(), config.icmpBurst(), shard.clock().now());
  }

  /** Destination unreachable about a received frame, which stays the caller's. */
  void sendUnreachable(Frame offending, IcmpError error, long now) {
    switch (error) {
      case PORT_UNREACHABLE -> sendUnreachable(offending, Icmpv6Header.CODE_PORT, now);
      case ADMINISTRATIVELY_PROHIBITED ->
          sendUnreachable(offending, Icmpv6Header.CODE_PROHIBITED, now);
      case HOST_UNREACHABLE -> sendUnreachable(offending, Icmpv6Header.CODE_ADDRESS, now);
      case PROTOCOL_UNREACHABLE ->
          sendParameterProblem(
              offending,
              Icmpv6Header.CODE_UNRECOGNIZED_NEXT_HEADER,
              Ipv6Header.NEXT_HEADER_AT,
              false,
              now);
      case NET_UNREACHABLE, PACKET_TOO_BIG, SOURCE_ROUTE_FAILED, TIME_EXCEEDED, PARAMETER_PROBLEM ->
          throw new IllegalArgumentException("a host does not send " + error);
    }
  }

  private void sendUnreachable(Frame offending, int code, long now) {
    send(offending, Icmpv6Header.DESTINATION_UNREACHABLE, code, 0, false, false, now);
  }

  /**
   * Parameter problem about a received frame, which stays the caller's.
   *
   * @param pointer what it is about, in bytes from the IPv6 header
   * @param evenToGroup whether it is sent about a packet to a group as well
   */
  void sendParameterProblem(Frame offending, int code, int pointer, boolean evenToGroup, long now) {
    send(offending, Icmpv6Header.PARAMETER_PROBLEM, code, pointer, evenToGroup, false, now);
  }

  /**
   * Parameter problem about a fragment that is known to be none of ICMPv6 or is the first, even if
   * its upper layer cannot be seen; it stays the caller's.
   */
  void sendFragmentProblem(Frame fragment, int code, int pointer, long now) {
    send(fragment, Icmpv6Header.PARAMETER_PROBLEM, code, pointer, false, true, now);
  }

  /** Time exceeded in reassembly about a packet's first fragment, which stays the caller's. */
  void sendReassemblyTimeout(Frame first, long now) {
    send(first, Icmpv6Header.TIME_EXCEEDED, Icmpv6Header.CODE_REASSEMBLY, 0, false, false, now);
  }

  /**
   * About a packet that was to be forwarded, which stays the caller's.
   *
   * @param rest the second word of the message: an MTU, or 0
   */
  void send(Frame offending, int type, int code, int rest, long now) {
    send(offending, type, code, rest, false, false, now);
  }

  private void send(
      Frame offending,
      int type,
      int code,
      int rest,
      boolean evenToGroup,
      boolean evenUnseen,
      long now) {
    long at = offending.l3Address();
    int length = Ipv6Header.totalLength(at);
    if (!mayAnswer(offending, at, length, evenToGroup, evenUnseen)) {
      return;
    }
    if (!bucket.take(now)) {
      counters.drop(DropReason.ICMP_RATE_LIMITED);
      return;
    }
    Ipv6Route route = routeBack(offending, at);
    if (route == null) {
      counters.drop(DropReason.IP_NO_ROUTE);
      return;
    }
    Frame message = shard.pool().allocate();
    if (message == null) {
      counters.drop(DropReason.NO_FRAME);
      return;
    }
    int quoted = Math.min(Math.min(length, MAX_QUOTE), message.tailroom() - Icmpv6Header.SIZE);
    long to = message.append(Icmpv6Header.SIZE + quoted);
    Bytes.copy(at, to + Icmpv6Header.SIZE, quoted);
    Icmpv6Header.write(to, type, code, rest);
    family.icmp().send(message, route, family.hopLimit(route.networkInterface()), false, now);
  }

  /**
   * From the address that was sent to if it is ours (RFC 4443 §2.2 (a)). A group cannot answer, nor
   * can who a packet in transit is for, so an address of ours does that is near to its source.
   */
  private Ipv6Route routeBack(Frame offending, long at) {
    int index = offending.interfaceIndex();
    long oursHi = Ipv6Scope.onLink(Ipv6Header.destinationHi(at), index);
    long oursLo = Ipv6Header.destinationLo(at);
    boolean ours = family.isLocal(oursHi, oursLo);
    return family.routeTo(
        ours ? oursHi : 0,
        ours ? oursLo : 0,
        Ipv6Scope.onLink(Ipv6Header.sourceHi(at), index),
        Ipv6Header.sourceLo(at));
  }

  /** RFC 4443 §2.4 (e): what an error is never sent about. Bad sources never come this far. */
  private boolean mayAnswer(
      Frame offending, long at, int length, boolean evenToGroup, boolean evenUnseen) {
    boolean anonymous = (Ipv6Header.sourceHi(at) | Ipv6Header.sourceLo(at)) == 0;
    boolean group =
        offending.has(Frame.LINK_MULTICAST)
            || Ipv6Addresses.isMulticast(Ipv6Header.destinationHi(at));
    if (anonymous || (group && !evenToGroup)) {
      return false;
    }
    int upper = ExtensionHeaders.upperLayer(at, length);
    if (upper == ExtensionHeaders.NONE) {
      return evenUnseen; // perhaps it is an error itself
    }
    int offset = upper >>> 8;
    return (upper & 0xff) != IpProtocol.ICMPV6
        || (offset < length && !Icmpv6Header.isErrorOrRedirect(Icmpv6Header.type(at + offset)));
  }
}
