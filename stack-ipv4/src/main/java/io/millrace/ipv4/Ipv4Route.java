package io.millrace.ipv4;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.ip.IpAddress;
import io.millrace.ip.NarrowPaths;
import io.millrace.ip.NextHop;
import io.millrace.ip.Route;
import io.millrace.link.Ethernet;
import io.millrace.link.Neighbor;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;

/** The way from one of our addresses to one IPv4 destination. */
final class Ipv4Route extends Route {
  /** RFC 1191 §6.3: how long a path MTU that was learned is believed. */
  private final Ipv4Family family;

  private final Shard shard;
  private final Counters counters;
  private final int source;
  private final int destination;
  private final long addressSum;

  private NetInterface networkInterface;
  private Neighbor neighbor;

  /** The router, or null if there is none. */
  private NextHop router;

  private int nextHop;
  private int linkHeaderSize;
  private int ourMacLow;
  private int generation;

  private int pathMtu;

  /**
   * The path takes less than the least that we believe in: its routers may fragment (RFC 1191 §3).
   */
  private boolean belowFloor;

  private NarrowPaths.Entry narrow;
  private int identification;
  private boolean broadcast;

  Ipv4Route(Ipv4Family family, Counters counters, int source, int destination, int identification) {
    super(0, IpAddress.v4Lo(source), 0, IpAddress.v4Lo(destination));
    this.family = family;
    this.shard = family.shard();
    this.counters = counters;
    this.source = source;
    this.destination = destination;
    this.addressSum = (source & 0xffff_ffffL) + (destination & 0xffff_ffffL);
    this.identification = identification;
  }

  /**
   * Points the route at an interface and a next hop, at the family's present generation.
   *
   * @param group the link address if it need not be asked for: that of a broadcast or multicast
   *     address, or of ourselves; else -1
   */
  void pointTo(NextHop next, long group, int newGeneration) {
    NetInterface through = next.through();
    networkInterface = through;
    router = next.isOnLink() ? null : next;
    nextHop = next.isOnLink() ? destination : (int) next.viaLo();
    neighbor = group < 0 ? null : Neighbor.permanent(through, group);
    broadcast = group == Ethernet.BROADCAST;
    linkHeaderSize = through.linkHeaderSize();
    ourMacLow = (int) through.mac();
    int linkMtu = family.linkMtu(through);
    pathMtu = narrow == null ? linkMtu : Math.min(pathMtu, linkMtu);
    generation = newGeneration;
  }

  @Override
  public boolean isBroadcast() {
    return broadcast;
  }

  int source() {
    return source;
  }

  int destination() {
    return destination;
  }

  boolean isCurrent() {
    return generation == family.generation();
  }

  /** Whether the route's router did not answer when it was asked last. */
  boolean isSilent() {
    return router != null && neighbor != null && neighbor.isSilent();
  }

  /** Whether datagrams of ours may say "don't fragment" on this path. */
  boolean allowsDontFragment() {
    return !belowFloor;
  }

  @Override
  public NetInterface networkInterface() {
    return networkInterface;
  }

  @Override
  public int pathMtu() {
    return pathMtu;
  }

  @Override
  public int networkHeaderSize() {
    return Ipv4Header.SIZE;
  }

  @Override
  public void send(
      Frame frame, int protocol, int trafficClass, int hopLimit, boolean dontFragment, long now) {
    int total = frame.totalLength() + Ipv4Header.SIZE;
    Neighbor next = neighbor;
    if (total > pathMtu
        || next == null
        || !next.isUsable()
        || generation != family.generation()
        || shard.filter() != null) {
      family.output().send(this, frame, protocol, trafficClass, hopLimit, dontFragment, now);
      return;
    }
    counters.increment(Counter.IP_OUT_REQUESTS);
    writeHeader(frame, total, protocol, trafficClass, hopLimit, dontFragment);
    transmit(frame, next, now);
  }

  /** Pushes the header of an unfragmented datagram. */
  void writeHeader(
      Frame frame, int total, int protocol, int trafficClass, int hopLimit, boolean dontFragment) {
    // RFC 6864 §4.1: the identification of an atomic datagram means nothing.
    long word1 = dontFragment && !belowFloor ? Ipv4Header.DF : (long) nextIdentification() << 16;
    long word0 = 0x4500_0000L | trafficClass << 16 | total;
    long word2 = (long) hopLimit << 24 | protocol << 16;
    int checksum = Checksum.finish(addressSum + word0 + word1 + word2);
    long at = frame.push(Ipv4Header.SIZE);
    frame.markL3();
    Bytes.put64(at, word0 << 32 | word1);
    Bytes.put64(at + 8, (word2 | checksum) << 32 | (source & 0xffff_ffffL));
    Bytes.put32(at + 16, destination);
  }

  /** Pushes the link header and sends; the neighbor is usable. */
  private void transmit(Frame frame, Neighbor next, long now) {
    next.markUsed(now);
    long at = frame.push(linkHeaderSize);
    Bytes.put64(at, next.linkHead());
    Bytes.put32(at + 8, ourMacLow);
    if (linkHeaderSize == Ethernet.HEADER_SIZE) {
      Bytes.put16(at + 12, Ethernet.TYPE_IPV4);
    } else {
      Ethernet.writeType(at, Ethernet.TYPE_IPV4, networkInterface.vlan());
    }
    networkInterface.transmit(frame);
  }

  /**
   * Sends a datagram with its header on, or lets it wait for the next hop's link address. Takes
   * ownership.
   */
  void emit(Frame datagram, long now) {
    if (shard.filter() != null && family.hooks().filteredOut(datagram, networkInterface, now)) {
      return;
    }
    Neighbor next = neighbor;
    if (next != null && next.isUsable()) {
      transmit(datagram, next, now);
      return;
    }
    if (next == null || !next.send(datagram, now)) {
      next = family.neighbors().demand(networkInterface, 0, IpAddress.v4Lo(nextHop), now);
      neighbor = next;
      if (router != null) {
        router.neighbor(next);
      }
      if (!next.send(datagram, now)) {
        throw new AssertionError("a neighbor that was just found is in the table");
      }
    }
  }

  /**
   * The identification of the next datagram that may be fragmented, 0 to 65535, from a start that
   * is hard to guess.
   */
  int nextIdentification() {
    identification = (identification + 1) & 0xffff;
    return identification;
  }

  @Override
  public void learnPathMtu(int mtu, long now) {
    int believed = Math.max(mtu, family.config().minPathMtu());
    if (believed > pathMtu || mtu >= pathMtu) {
      // RFC 1191 §3: never raised by a message.
      return;
    }
    belowFloor = mtu < believed;
    pathMtu = believed;
    if (narrow == null) {
      narrow = new Narrow();
    }
    family.narrowPaths().learned(narrow, now);
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
      belowFloor = false;
      pathMtu = family.linkMtu(networkInterface);
    }
  }
}
