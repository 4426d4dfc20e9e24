package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ip.NarrowPaths;
import io.millrace.ip.NextHop;
import io.millrace.ip.Route;
import io.millrace.link.Ethernet;
import io.millrace.link.Neighbor;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;

/**
 * The way from one of our addresses to one IPv6 destination.
 *
 * <p>Flow labels (RFC 6437 §3): a route has a secret number made of both addresses with the shard's
 * key. The label of a TCP, UDP or SCTP packet is that number mixed with its ports, which are the
 * first four bytes of what the transport gives us; other protocols have the number's own bits. So
 * each flow has one label of its own, fragments included, and nobody outside can tell it in
 * advance.
 */
final class Ipv6Route extends Route {
  /** RFC 8201 §4: how long a path MTU that was learned is believed. */
  private static final long REPLY_MTU_TIMEOUT = 600L * 1_000_000_000;

  private final Ipv6Family family;
  private final Shard shard;
  private final Counters counters;
  private final long wireSourceHi;
  private final long wireDestinationHi;
  private final int labelKey;

  private NetInterface networkInterface;
  private Neighbor neighbor;

  /** Null if the destination is on the link. */
  private NextHop router;

  private long nextHopHi;
  private long nextHopLo;
  private int inbound;
  private int linkHeaderSize;
  private int ourMacLow;
  private int generation;

  private int linkMtu;
  private int hopLimit;
  private int pathMtu;
  private NarrowPaths.Entry narrow;
  private int identification;

  /** What replies to echoes have room for; see {@link #learnReplyMtu}. */
  private int replyMtu;

  private long replyMtuEnd;

  /**
   * Creates a route that points nowhere yet.
   *
   * @param secret 64 bits that nobody can guess and that depend on both addresses
   */
  Ipv6Route(
      Ipv6Family family,
      Counters counters,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      long secret) {
    super(sourceHi, sourceLo, destinationHi, destinationLo);
    this.family = family;
    this.shard = family.shard();
    this.counters = counters;
    this.wireSourceHi = Ipv6Scope.onWire(sourceHi);
    this.wireDestinationHi = Ipv6Scope.onWire(destinationHi);
    this.labelKey = (int) secret;
    this.identification = (int) (secret >>> 32);
  }

  /**
   * Points the route at a next hop, at the family's present generation.
   *
   * @param group the link address if it need not be asked for: that of a group, or for ourselves
   *     the number of the interface that packets come in by; else -1
   */
  void pointTo(NextHop next, long group, int newGeneration) {
    NetInterface through = next.through();
    networkInterface = through;
    router = next.isOnLink() ? null : next;
    nextHopHi = next.isOnLink() ? wireDestinationHi : next.viaHi();
    nextHopLo = next.isOnLink() ? destinationLo() : next.viaLo();
    neighbor = group < 0 ? null : Neighbor.permanent(through, group);
    inbound = through == family.loopback() ? (int) group : through.index();
    linkHeaderSize = through.linkHeaderSize();
    ourMacLow = (int) through.mac();
    linkMtu = family.linkMtu(through);
    hopLimit = family.hopLimit(through);
    pathMtu = narrow == null ? linkMtu : Math.min(pathMtu, linkMtu);
    generation = newGeneration;
  }

  @Override
  public boolean isBroadcast() {
    return false;
  }

  boolean isCurrent() {
    return generation == family.generation();
  }

  /** Whether the route's router was asked for lately and did not answer. */
  boolean isSilent() {
    return router != null && neighbor != null && neighbor.isSilent();
  }

  @Override
  public NetInterface networkInterface() {
    return networkInterface;
  }

  @Override
  public int inboundInterface() {
    return inbound;
  }

  @Override
  public int pathMtu() {
    return pathMtu;
  }

  @Override
  public int hopLimit() {
    return hopLimit;
  }

  @Override
  public int networkHeaderSize() {
    return Ipv6Header.SIZE;
  }

  @Override
  public void send(
      Frame frame, int protocol, int trafficClass, int hopLimit, boolean dontFragment, long now) {
    int payload = frame.totalLength();
    Neighbor next = neighbor;
    if (payload + Ipv6Header.SIZE > pathMtu
        || next == null
        || !next.isUsable()
        || generation != family.generation()
        || shard.filter() != null) {
      family.output().send(this, frame, protocol, trafficClass, hopLimit, dontFragment, now);
      return;
    }
    counters.increment(Counter.IP_OUT_REQUESTS);
    int label = flowLabel(protocol, frame.address());
    pushHeader(frame, payload, protocol, trafficClass, hopLimit, label);
    transmit(frame, next, now);
  }

  /** The flow label of a packet whose transport header is at {@code at}; never 0 (RFC 6437 §3). */
  int flowLabel(int protocol, long at) {
    int mixed = labelKey;
    if (protocol == IpProtocol.TCP || protocol == IpProtocol.UDP || protocol == IpProtocol.SCTP) {
      mixed = (mixed ^ Bytes.i32(at)) * 0x9e37_79b1;
      mixed = (mixed ^ mixed >>> 15) * (labelKey | 1);
    }
    int label = mixed >>> 12;
    return label == 0 ? 1 : label;
  }

  /** Pushes a header with our addresses. */
  void pushHeader(
      Frame frame, int payload, int protocol, int trafficClass, int hopLimit, int flowLabel) {
    long at = frame.push(Ipv6Header.SIZE);
    frame.markL3();
    Ipv6Header.write(
        at,
        trafficClass,
        flowLabel,
        payload,
        protocol,
        hopLimit,
        wireSourceHi,
        sourceLo(),
        wireDestinationHi,
        destinationLo());
  }

  /** Pushes the link header and sends; the neighbor is usable. */
  private void transmit(Frame frame, Neighbor next, long now) {
    next.markUsed(now);
    long at = frame.push(linkHeaderSize);
    Bytes.put64(at, next.linkHead());
    Bytes.put32(at + 8, ourMacLow);
    if (linkHeaderSize == Ethernet.HEADER_SIZE) {
      Bytes.put16(at + 12, Ethernet.TYPE_IPV6);
    } else {
      Ethernet.writeType(at, Ethernet.TYPE_IPV6, networkInterface.vlan());
    }
    networkInterface.transmit(frame);
  }

  /**
   * Sends a packet with its header on, or lets it wait for the next hop's link address. Takes
   * ownership.
   */
  void emit(Frame packet, long now) {
    if (shard.filter() != null && family.hooks().filteredOut(packet, networkInterface, now)) {
      return;
    }
    Neighbor next = neighbor;
    if (next != null && next.isUsable()) {
      transmit(packet, next, now);
      return;
    }
    // While it waits it tells the zone of its addresses.
    packet.interfaceIndex(networkInterface.index());
    if (next == null || !next.send(packet, now)) {
      next = family.neighbors().demand(networkInterface, nextHopHi, nextHopLo, now);
      neighbor = next;
      if (router != null) {
        router.neighbor(next);
      }
      if (!next.send(packet, now)) {
        throw new AssertionError("a neighbor that was just found is in the table");
      }
    }
  }

  /**
   * The identification of the next packet that is cut, from a start that is hard to guess and
   * different per destination (RFC 7739 §5.3).
   */
  int nextIdentification() {
    return ++identification;
  }

  @Override
  public void learnPathMtu(int mtu, long now) {
    // RFC 8201 §4: less than every link takes is a lie; more than is known, never.
    if (mtu < Ipv6Header.MIN_MTU || mtu >= pathMtu) {
      return;
    }
    pathMtu = mtu;
    if (narrow == null) {
      narrow = new Narrow();
    }
    family.narrowPaths().learned(narrow, now);
  }

  /**
   * Takes what a router says of a reply to an echo. Nothing of ours is in flight that could vouch
   * for it, so it is kept apart from the path MTU that transports use: who makes it up gets replies
   * in more pieces, and nothing else.
   */
  void learnReplyMtu(int mtu, long now) {
    if (mtu < Ipv6Header.MIN_MTU || mtu >= replyMtu(now)) {
      return;
    }
    replyMtu = mtu;
    replyMtuEnd = now + REPLY_MTU_TIMEOUT;
  }

  /** The largest packet that a reply to an echo may be, in bytes. */
  int replyMtu(long now) {
    return replyMtu != 0 && now - replyMtuEnd < 0 ? Math.min(replyMtu, pathMtu) : pathMtu;
  }

  @Override
  public void confirm(long now) {
    Neighbor next = neighbor;
    if (next != null) {
      next.confirm(now);
    }
  }

  private final class Narrow extends NarrowPaths.Entry {
    @Override
    protected void forget() {
      narrow = null;
      pathMtu = linkMtu;
    }
  }
}
