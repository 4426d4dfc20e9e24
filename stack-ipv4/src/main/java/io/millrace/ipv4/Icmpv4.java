package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;

/**
 * ICMP messages that come in (RFC 792, RFC 1122 §3.2.2): pings are answered, errors handed to whom
 * they concern.
 */
final class Icmpv4 {
  private static final int TTL = 64;
  private static final int MAX_PINGS = 1 << 10;

  /** RFC 1191 §7: what routers that do not say their MTU are likely to mean, largest first. */
  private static final int[] PLATEAUS = {
    65_535, 32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, 296, 68
  };

  private final Shard shard;
  private final Counters counters;
  private final Ipv4Family family;
  private final Ipv4Addresses addresses;
  private final Ipv4Config config;

  /** The open pings, by the low bits of their identifiers. */
  private final Ping[] pings = new Ping[MAX_PINGS];

  Icmpv4(Shard shard, Ipv4Family family, Ipv4Addresses addresses, Ipv4Config config) {
    this.shard = shard;
    this.counters = shard.counters();
    this.family = family;
    this.addresses = addresses;
    this.config = config;
  }

  /** Takes ownership of a frame whose window starts at the ICMP header. */
  void input(Frame frame, long now) {
    counters.increment(Counter.ICMP_IN_MSGS);
    DropReason dropped = accept(frame, now);
    if (dropped != null) {
      counters.drop(dropped);
      frame.release();
    }
  }

  private DropReason accept(Frame frame, long now) {
    long at = frame.address();
    int length = frame.length();
    if (length < IcmpHeader.SIZE) {
      return DropReason.ICMP_MALFORMED;
    }
    if (!IcmpHeader.checksumGood(at, length)) {
      return DropReason.ICMP_BAD_CHECKSUM;
    }
    return switch (IcmpHeader.type(at)) {
      case IcmpHeader.ECHO -> answer(frame, now);
      case IcmpHeader.ECHO_REPLY -> replyToPing(frame, now);
      case IcmpHeader.DESTINATION_UNREACHABLE,
          IcmpHeader.TIME_EXCEEDED,
          IcmpHeader.PARAMETER_PROBLEM ->
          error(frame, now);
      case IcmpHeader.REDIRECT -> redirect(frame, now);
      // RFC 6633 §3: source quench must be ignored.
      case IcmpHeader.SOURCE_QUENCH -> DropReason.ICMP_IGNORED;
      // RFC 1122 §3.2.2: unknown types are silently discarded.
      default -> DropReason.ICMP_UNKNOWN;
    };
  }

  /**
   * Turns an echo into its reply, in place: the same data, the same type of service (RFC 1122
   * §3.2.2.6).
   */
  private DropReason answer(Frame frame, long now) {
    boolean group = frame.has(Frame.IP_MULTICAST | Frame.LINK_MULTICAST);
    if (group && !config.echoBroadcast()) {
      return DropReason.ICMP_IGNORED;
    }
    // RFC 1122 §3.2.2.6: from the address that was asked; a group cannot answer, so an address of
    // ours does.
    int source = frame.has(Frame.IP_MULTICAST) ? 0 : (int) frame.destinationLo();
    Ipv4Route route = family.route(source, (int) frame.sourceLo());
    if (route == null) {
      return DropReason.IP_NO_ROUTE;
    }
    long at = frame.address();
    int word = Bytes.u16(at);
    Bytes.put16(at, (IcmpHeader.ECHO_REPLY << 8) | (word & 0xff));
    int checksum = Checksum.update(Bytes.u16(at + 2), word, Bytes.u16(at));
    // Where the rest is all zeros only one of the two zeros of one's complement verifies.
    Bytes.put16(at + 2, checksum == 0 ? 0xffff : checksum);
    Ipv4Output.makeNew(frame);
    counters.increment(Counter.ICMP_OUT_MSGS);
    route.send(frame, IpProtocol.ICMP, frame.trafficClass(), TTL, false, now);
    return null;
  }

  /** The shard that sent a quoted datagram, as far as this one can tell. */
  private int senderOf(long quote, Frame frame) {
    long header = quote + Ipv4Header.size(quote);
    if (Ipv4Header.protocol(quote) == IpProtocol.ICMP) {
      return IcmpHeader.identifier(header) % shard.group().size();
    }
    Transport transport = family.transport(Ipv4Header.protocol(quote));
    if (transport == null) {
      return shard.index();
    }
    long ours = IpAddress.v4Lo(Ipv4Header.source(quote));
    long theirs = IpAddress.v4Lo(Ipv4Header.destination(quote));
    int ports = Bytes.i32(header);
    int sender = transport.shardOf(0, ours, 0, theirs, ports);
    if (sender >= 0) {
      return sender;
    }
    return frame.has(Frame.HANDED_OVER)
        ? shard.index()
        : shard
            .steering()
            .owner(frame.interfaceIndex(), 0, theirs, 0, ours, Integer.rotateLeft(ports, 16));
  }

  /** To the shard that sent what this is about; it counts the message. */
  private DropReason handOver(Frame frame, int to) {
    counters.add(Counter.ICMP_IN_MSGS, -1);
    shard.group().handOver(frame, to);
    return null;
  }

  /** RFC 1122 §3.2.2.2, RFC 1812 §5.2.7.2: of no interest to a router. */
  private DropReason redirect(Frame frame, long now) {
    long quote = frame.address() + IcmpHeader.SIZE;
    // Types of service have no routes of their own, and networks are not told apart from hosts.
    if (frame.has(Frame.IP_MULTICAST)
        || IcmpHeader.code(frame.address()) > IcmpHeader.CODE_REDIRECT_LAST
        || !isOurs(quote, frame.length() - IcmpHeader.SIZE)
        || !family.redirects().follow(frame, quote, now)) {
      return DropReason.ICMP_IGNORED;
    }
    frame.release();
    return null;
  }

  // ---- errors about what we sent ----

  private DropReason error(Frame frame, long now) {
    if (frame.has(Frame.IP_MULTICAST)) {
      // We send from unicast addresses: what is about us comes to one.
      return DropReason.ICMP_IGNORED;
    }
    long quote = frame.address() + IcmpHeader.SIZE;
    int available = frame.length() - IcmpHeader.SIZE;
    if (!isOurs(quote, available)) {
      return DropReason.ICMP_MALFORMED;
    }
    IcmpError error = kind(frame.address());
    if (error == null) {
      return DropReason.ICMP_UNKNOWN;
    }
    int headerSize = Ipv4Header.size(quote);
    if (shard.group().size() > 1) {
      int sender = senderOf(quote, frame);
      if (sender != shard.index()) {
        return handOver(frame, sender);
      }
    }
    family.errorToTransport(
        Ipv4Header.protocol(quote),
        error,
        error == IcmpError.PACKET_TOO_BIG ? mtu(frame.address(), quote) : 0,
        Ipv4Header.source(quote),
        Ipv4Header.destination(quote),
        quote + headerSize,
        Math.min(available, Ipv4Header.totalLength(quote)) - headerSize,
        (int) frame.sourceLo(),
        now);
    frame.release();
    return null;
  }

  /**
   * Whether a quoted datagram can be one of ours, with the eight bytes of its transport (RFC 1122
   * §3.2.2).
   */
  private boolean isOurs(long quote, int available) {
    if (available < Ipv4Header.SIZE + IcmpHeader.SIZE || Ipv4Header.version(quote) != 4) {
      return false;
    }
    int headerSize = Ipv4Header.size(quote);
    return headerSize >= Ipv4Header.SIZE
        && headerSize + IcmpHeader.SIZE <= available
        && headerSize + IcmpHeader.SIZE <= Ipv4Header.totalLength(quote)
        && (Ipv4Header.flagsAndOffset(quote) & Ipv4Header.OFFSET_MASK) == 0
        && addresses.isOurs(Ipv4Header.source(quote));
  }

  private static IcmpError kind(long at) {
    return switch (IcmpHeader.type(at)) {
      case IcmpHeader.TIME_EXCEEDED -> IcmpError.TIME_EXCEEDED;
      case IcmpHeader.PARAMETER_PROBLEM -> IcmpError.PARAMETER_PROBLEM;
      default ->
          // RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1.
          switch (IcmpHeader.code(at)) {
            case 0, 6, 11 -> IcmpError.NET_UNREACHABLE;
            case 1, 7, 8, 12 -> IcmpError.HOST_UNREACHABLE;
            case 2 -> IcmpError.PROTOCOL_UNREACHABLE;
            case 3 -> IcmpError.PORT_UNREACHABLE;
            case IcmpHeader.CODE_FRAGMENTATION_NEEDED -> IcmpError.PACKET_TOO_BIG;
            case 5 -> IcmpError.SOURCE_ROUTE_FAILED;
            case 9, 10, 13, 14, 15 -> IcmpError.ADMINISTRATIVELY_PROHIBITED;
            default -> null;
          };
    };
  }

  /**
   * The MTU that a router says, or the next plateau below the datagram that it could not pass on.
   */
  private static int mtu(long at, long quote) {
    int said = IcmpHeader.nextHopMtu(at);
    if (said != 0) {
      return said;
    }
    // RFC 1191 §5: routers of old say nothing.
    int total = Ipv4Header.totalLength(quote);
    for (int plateau : PLATEAUS) {
      if (plateau < total) {
        return plateau;
      }
    }
    return PLATEAUS[PLATEAUS.length - 1];
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
    long at = frame.address();
    int identifier = IcmpHeader.identifier(at);
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
  void errorToPing(IcmpError error, int destination, long header, int from) {
    Ping ping = find(IcmpHeader.identifier(header));
    if (ping != null && IcmpHeader.type(header) == IcmpHeader.ECHO) {
      ping.onError(error, destination, IcmpHeader.sequence(header), from);
    }
  }
}
