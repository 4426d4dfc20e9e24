package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ipv6.mld.Mld;
import io.millrace.ipv6.nd.NeighborDiscovery;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;

/**
 * ICMPv6 messages that come in (RFC 4443): pings are answered, errors handed to whom they concern,
 * Neighbor Discovery's messages to it.
 */
final class Icmpv6 {
  private static final int MAX_PINGS = 1 << 10;

  private final Shard shard;
  private final Counters counters;
  private final Ipv6Family family;
  private final Ipv6Addresses addresses;
  private final NeighborDiscovery discovery;
  private final Mld mld;
  private final boolean echoMulticast;

  /** The open pings, by the low bits of their identifiers. */
  private final Ping[] pings = new Ping[MAX_PINGS];

  Icmpv6(
      Shard shard,
      Ipv6Family family,
      Ipv6Addresses addresses,
      NeighborDiscovery discovery,
      Mld mld,
      Ipv6Config config) {
    this.shard = shard;
    this.counters = shard.counters();
    this.family = family;
    this.addresses = addresses;
    this.discovery = discovery;
    this.mld = mld;
    this.echoMulticast = config.echoMulticast();
  }

  /** Takes ownership of a frame whose window starts at the ICMPv6 header. */
  void input(Frame frame, NetInterface from, long now) {
    counters.increment(Counter.ICMP_IN_MSGS);
    long at = frame.address();
    int length = frame.length();
    DropReason dropped;
    if (length < Icmpv6Header.SIZE) {
      dropped = DropReason.ICMP_MALFORMED;
    } else if (!Icmpv6Header.checksumGood(
        at,
        length,
        frame.sourceHi(),
        frame.sourceLo(),
        frame.destinationHi(),
        frame.destinationLo())) {
      dropped = DropReason.ICMP_BAD_CHECKSUM;
    } else {
      int type = Icmpv6Header.type(at);
      if (Icmpv6Header.isDiscovery(type)) {
        discover(type, frame, from, now);
        return;
      }
      if (Icmpv6Header.isMld(type)) {
        mld.input(type, frame, from, now);
        return;
      }
      dropped = accept(type, frame, now);
    }
    if (dropped != null) {
      counters.drop(dropped);
      frame.release();
    }
  }

  /** Neighbor Discovery knows addresses as they are on the wire. */
  private void discover(int type, Frame frame, NetInterface from, long now) {
    frame.addresses(
        Ipv6Scope.onWire(frame.sourceHi()),
        frame.sourceLo(),
        Ipv6Scope.onWire(frame.destinationHi()),
        frame.destinationLo());
    discovery.input(type, frame, from, now);
  }

  private DropReason accept(int type, Frame frame, long now) {
    return switch (type) {
      case Icmpv6Header.ECHO -> answer(frame, now);
      case Icmpv6Header.ECHO_REPLY -> replyToPing(frame, now);
      // RFC 4443 §2.4 (b): unknown informational messages are silently discarded.
      default ->
          type >= Icmpv6Header.FIRST_INFORMATIONAL ? DropReason.ICMP_UNKNOWN : error(frame, now);
    };
  }

  /** Turns an echo into its reply, in place: the same data (RFC 4443 §4.2). */
  private DropReason answer(Frame frame, long now) {
    boolean group = frame.has(Frame.IP_MULTICAST);
    if (group && !echoMulticast) {
      return DropReason.ICMP_IGNORED;
    }
    // RFC 4443 §4.2: from the address that was asked; for a group from one of ours on that link.
    Ipv6Route route =
        family.routeTo(
            group ? 0 : frame.destinationHi(),
            group ? 0 : frame.destinationLo(),
            frame.sourceHi(),
            frame.sourceLo());
    if (route == null) {
      return DropReason.IP_NO_ROUTE;
    }
    int trafficClass = frame.trafficClass();
    Ipv6Output.makeNew(frame);
    if (group) {
      Bytes.put8(frame.address(), Icmpv6Header.ECHO_REPLY);
      fillChecksum(frame, route);
    } else {
      changeType(frame.address());
    }
    counters.increment(Counter.ICMP_OUT_MSGS);
    int hopLimit = family.hopLimit(route.networkInterface());
    int mtu = route.replyMtu(now);
    if (frame.totalLength() + Ipv6Header.SIZE > mtu) {
      family.output().sendFragments(route, frame, mtu, trafficClass, hopLimit, now);
    } else {
      route.send(frame, IpProtocol.ICMPV6, trafficClass, hopLimit, false, now);
    }
    return null;
  }

  /** The pseudo-header is the same with source and destination exchanged. */
  private static void changeType(long at) {
    int word = Bytes.u16(at);
    Bytes.put16(at, Icmpv6Header.ECHO_REPLY << 8 | (word & 0xff));
    int checksum = Checksum.update(Bytes.u16(at + 2), word, Bytes.u16(at));
    Bytes.put16(at + 2, checksum);
  }

  private static void fillChecksum(Frame message, Ipv6Route route) {
    Icmpv6Header.fillChecksum(
        message.address(),
        message.length(),
        route.sourceHi(),
        route.sourceLo(),
        route.destinationHi(),
        route.destinationLo());
  }

  /**
   * Sends a message of ours, whose window starts at its header; fills in the checksum. Takes
   * ownership.
   */
  void send(Frame message, Ipv6Route route, int hopLimit, boolean dontFragment, long now) {
    fillChecksum(message, route);
    counters.increment(Counter.ICMP_OUT_MSGS);
    route.send(message, IpProtocol.ICMPV6, 0, hopLimit, dontFragment, now);
  }

  // ---- errors about what we sent ----

  private DropReason error(Frame frame, long now) {
    if (frame.has(Frame.IP_MULTICAST)) {
      // We send from unicast addresses: what is about us comes to one.
      return DropReason.ICMP_IGNORED;
    }
    long at = frame.address();
    long quote = at + Icmpv6Header.SIZE;
    int available = frame.length() - Icmpv6Header.SIZE;
    if (available < Ipv6Header.SIZE || Ipv6Header.version(quote) != 6) {
      return DropReason.ICMP_MALFORMED;
    }
    available = Math.min(available, Ipv6Header.totalLength(quote));
    int upper = ExtensionHeaders.upperLayer(quote, available);
    if (upper == ExtensionHeaders.NONE || available - (upper >>> 8) < Icmpv6Header.SIZE) {
      return DropReason.ICMP_MALFORMED;
    }
    int index = frame.interfaceIndex();
    long oursHi = Ipv6Scope.onLink(Ipv6Header.sourceHi(quote), index);
    if (!Ipv6Scope.isWireForm(Ipv6Header.sourceHi(quote))
        || !addresses.isOurs(oursHi, Ipv6Header.sourceLo(quote))) {
      return DropReason.ICMP_MALFORMED;
    }
    IcmpError error = kind(at);
    int mtu = error == IcmpError.PACKET_TOO_BIG ? Icmpv6Header.mtu(at) : 0;
    if (error == IcmpError.PACKET_TOO_BIG && mtu < Ipv6Header.MIN_MTU) {
      // RFC 8201 §4: no link is that narrow.
      return DropReason.ICMP_IGNORED;
    }
    return tell(frame, error, mtu, quote, upper, available, oursHi, now);
  }

  private DropReason tell(
      Frame frame,
      IcmpError error,
      int mtu,
      long quote,
      int upper,
      int available,
      long oursHi,
      long now) {
    int offset = upper >>> 8;
    int protocol = upper & 0xff;
    long oursLo = Ipv6Header.sourceLo(quote);
    long theirsHi = Ipv6Scope.onLink(Ipv6Header.destinationHi(quote), frame.interfaceIndex());
    long theirsLo = Ipv6Header.destinationLo(quote);
    if (shard.group().size() > 1) {
      int sender = senderOf(protocol, quote + offset, oursHi, oursLo, theirsHi, theirsLo, frame);
      if (sender != shard.index()) {
        return handOver(frame, sender);
      }
    }
    family.errorToTransport(
        protocol,
        error,
        mtu,
        oursHi,
        oursLo,
        theirsHi,
        theirsLo,
        quote + offset,
        available - offset,
        frame.sourceHi(),
        frame.sourceLo(),
        now);
    frame.release();
    return null;
  }

  /** The shard that sent a quoted packet, as far as this one can tell. */
  private int senderOf(
      int protocol,
      long header,
      long oursHi,
      long oursLo,
      long theirsHi,
      long theirsLo,
      Frame frame) {
    if (protocol == IpProtocol.ICMPV6) {
      return Icmpv6Header.type(header) == Icmpv6Header.ECHO_REPLY
          ? shard.steering().owner(frame.interfaceIndex(), theirsHi, theirsLo, oursHi, oursLo, 0)
          : Icmpv6Header.identifier(header) % shard.group().size();
    }
    Transport transport = family.transport(protocol);
    if (transport == null) {
      return shard.index();
    }
    int ports = Bytes.i32(header);
    int sender = transport.shardOf(oursHi, oursLo, theirsHi, theirsLo, ports);
    if (sender >= 0) {
      return sender;
    }
    return frame.has(Frame.HANDED_OVER)
        ? shard.index()
        : shard
            .steering()
            .owner(
                frame.interfaceIndex(),
                theirsHi,
                theirsLo,
                oursHi,
                oursLo,
                Integer.rotateLeft(ports, 16));
  }

  /** To the shard that sent what this is about; it counts the message. */
  private DropReason handOver(Frame frame, int to) {
    counters.add(Counter.ICMP_IN_MSGS, -1);
    shard.group().handOver(frame, to);
    return null;
  }

  /**
   * What an error says. One of an unknown type is passed on as well, as one that ends nothing (RFC
   * 4443 §2.4 (a)).
   */
  private static IcmpError kind(long at) {
    int code = Icmpv6Header.code(at);
    return switch (Icmpv6Header.type(at)) {
      case Icmpv6Header.DESTINATION_UNREACHABLE ->
          // RFC 4443 §3.1, RFC 6550 §20.15.
          switch (code) {
            case 0 -> IcmpError.NET_UNREACHABLE;
            case Icmpv6Header.CODE_PROHIBITED, 5, 6 -> IcmpError.ADMINISTRATIVELY_PROHIBITED;
            case Icmpv6Header.CODE_PORT -> IcmpError.PORT_UNREACHABLE;
            case 7 -> IcmpError.SOURCE_ROUTE_FAILED;
            default -> IcmpError.HOST_UNREACHABLE;
          };
      case Icmpv6Header.PACKET_TOO_BIG -> IcmpError.PACKET_TOO_BIG;
      case Icmpv6Header.TIME_EXCEEDED -> IcmpError.TIME_EXCEEDED;
      case Icmpv6Header.PARAMETER_PROBLEM ->
          code == Icmpv6Header.CODE_UNRECOGNIZED_NEXT_HEADER
              ? IcmpError.PROTOCOL_UNREACHABLE
              : IcmpError.PARAMETER_PROBLEM;
      default -> IcmpError.PARAMETER_PROBLEM;
    };
  }

  // ---- pings of ours ----

  /** Gives a ping an identifier of its own; returns it, or -1 if there are too many. */
  int open(Ping ping) {
    int random = shard.random().nextInt(1 << 16);
    int shards = shard.group().size();
    for (int i = 0; i < MAX_PINGS * shards; i++) {
      int identifier = (random + i) & 0xffff;
      if (identifier % shards == shard.index() && pings[identifier % MAX_PINGS] == null) {
        pings[identifier % MAX_PINGS] = ping;
        return identifier;
      }
    }
    return -1;
  }

  void close(Ping ping) {
    if (find(ping.identifier()) == ping) {
      pings[ping.identifier() % MAX_PINGS] = null;
    }
  }

  private Ping find(int identifier) {
    Ping ping = pings[identifier % MAX_PINGS];
    return ping != null && ping.identifier() == identifier ? ping : null;
  }

  private DropReason replyToPing(Frame frame, long now) {
    int identifier = Icmpv6Header.identifier(frame.address());
    Ping ping = find(identifier);
    if (ping == null) {
      int asker = identifier % shard.group().size();
      if (asker == shard.index() || frame.has(Frame.HANDED_OVER)) {
        return DropReason.ICMP_UNKNOWN;
      }
      return handOver(frame, asker);
    }
    if (!ping.onReply(frame, now)) {
      return DropReason.ICMP_UNKNOWN;
    }
    frame.release();
    return null;
  }

  /** An error about an echo of ours, which is quoted at {@code header}. */
  void errorToPing(
      IcmpError error,
      int mtu,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      long header,
      long fromHi,
      long fromLo,
      long now) {
    int type = Icmpv6Header.type(header);
    if (type == Icmpv6Header.ECHO_REPLY) {
      if (error == IcmpError.PACKET_TOO_BIG) {
        family.learnReplyMtu(sourceHi, sourceLo, destinationHi, destinationLo, mtu, now);
      }
      return;
    }
    Ping ping = find(Icmpv6Header.identifier(header));
    if (ping != null && type == Icmpv6Header.ECHO) {
      int sequence = Icmpv6Header.sequence(header);
      ping.onError(error, mtu, destinationHi, destinationLo, sequence, fromHi, fromLo, now);
    }
  }
}
