package io.millrace.ipv4;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.link.Ethernet;
import io.millrace.link.Neighbor;
import io.millrace.link.NeighborResolver;
import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import java.util.ArrayList;
import java.util.List;

/**
 * The Address Resolution Protocol (RFC 826): answers for our addresses, asks for others', and
 * watches over our claims to addresses (RFC 5227).
 *
 * <p>What others announce changes neighbors that we already know, and makes none.
 */
final class Arp implements NeighborResolver {
  private final Shard shard;
  private final Counters counters;
  private final Ipv4Family family;
  private final Ipv4Addresses addresses;
  private final NeighborTable neighbors;
  private final List<AddressClaim> claims = new ArrayList<>();

  Arp(Shard shard, Ipv4Family family, Ipv4Addresses addresses, Ipv4Config config) {
    this.shard = shard;
    this.counters = shard.counters();
    this.family = family;
    this.addresses = addresses;
    this.neighbors =
        new NeighborTable(
            config.neighbors(),
            Ethernet.TYPE_IPV4,
            this,
            shard.wheel(),
            shard.counters(),
            shard.secret());
  }

  NeighborTable neighbors() {
    return neighbors;
  }

  /**
   * Claims an address: announces it at once, or probes for it first. The first shard does so for
   * all.
   */
  void claim(NetInterface on, IpPrefix prefix, boolean probe, long now) {
    if (shard.index() != 0) {
      if (!probe) {
        family.install(on, prefix);
      }
      return;
    }
    AddressClaim claim = claim(on, prefix, null);
    if (probe) {
      claim.probe(now);
    } else {
      claim.announce(now);
    }
  }

  /** A claim that its owner probes for and announces. On the first shard. */
  AddressClaim claim(NetInterface on, IpPrefix prefix, AddressClaim.Owner owner) {
    AddressClaim claim = new AddressClaim(family, this, counters, shard.wheel(), on, prefix, owner);
    claims.add(claim);
    return claim;
  }

  /** Takes a claim back. */
  void forget(AddressClaim claim) {
    claim.giveUp();
    claims.remove(claim);
  }

  // ---- in ----

  /** Takes ownership of a frame whose window starts at the ARP packet. */
  void input(Frame frame, NetInterface from, long now) {
    counters.increment(Counter.ARP_IN);
    DropReason dropped = accept(frame, from, now);
    if (shard.group().size() > 1 && !frame.has(Frame.HANDED_OVER)) {
      share(frame, dropped);
    }
    if (dropped != null) {
      counters.drop(dropped);
    }
    if (dropped != null || !answer(frame, from)) {
      frame.release();
    }
  }

  /**
   * A reply comes in by one queue, but any shard may have asked; an announcement concerns all who
   * know the sender. What is between others is not passed on.
   */
  private void share(Frame frame, DropReason dropped) {
    long at = frame.address();
    boolean announcement =
        dropped == DropReason.ARP_NOT_FOR_US
            && ArpHeader.senderAddress(at) == ArpHeader.targetAddress(at);
    if (dropped == null || announcement) {
      shard.group().shareResolution(frame);
    }
  }

  private DropReason accept(Frame frame, NetInterface from, long now) {
    long at = frame.address();
    if (!ArpHeader.isValid(at, frame.length())) {
      return DropReason.ARP_MALFORMED;
    }
    int sender = ArpHeader.senderAddress(at);
    int target = ArpHeader.targetAddress(at);
    long mac = ArpHeader.senderMac(at);
    if (mac == from.mac()) {
      // Our own packet, come back on a looping link.
      return DropReason.ARP_NOT_FOR_US;
    }
    if (isConflict(from, mac, sender, target, now)) {
      return null;
    }
    boolean forUs = addresses.isOn(from, target);
    Neighbor known = sender == 0 ? null : neighbors.find(from, 0, IpAddress.v4Lo(sender));
    if (known != null) {
      // RFC 826 "Packet Reception": an entry that is there is updated whatever the packet is for.
      boolean answer = ArpHeader.operation(at) == ArpHeader.REPLY && forUs;
      if (answer && neighbors.isAsked(known)) {
        neighbors.answered(known, mac, now);
      } else {
        neighbors.learned(known, mac, now);
      }
    } else if (forUs
        && sender != 0
        && ArpHeader.operation(at) == ArpHeader.REQUEST
        && addresses.isOnLink(from, sender)) {
      neighbors.admit(from, 0, IpAddress.v4Lo(sender), mac, now);
    }
    return forUs || known != null ? null : DropReason.ARP_NOT_FOR_US;
  }

  private boolean isConflict(NetInterface from, long mac, int sender, int target, long now) {
    for (int i = 0; i < claims.size(); i++) {
      AddressClaim claim = claims.get(i);
      if (claim.contradicts(from, sender, target) && !isOurs(mac)) {
        claim.onConflict(now);
        return true;
      }
    }
    return false;
  }

  /** RFC 5227 §2.1.1, §2.4: another interface of ours on the same link does not contradict us. */
  private boolean isOurs(long mac) {
    for (int i = 0; i < shard.interfaceCount(); i++) {
      if (shard.networkInterface(i).mac() == mac) {
        return true;
      }
    }
    return false;
  }

  /**
   * Turns a request for an address of ours into the reply, in place; returns whether it did and the
   * frame is gone.
   */
  private boolean answer(Frame frame, NetInterface from) {
    long at = frame.address();
    int target = ArpHeader.targetAddress(at);
    int sender = ArpHeader.senderAddress(at);
    if (ArpHeader.operation(at) != ArpHeader.REQUEST
        || frame.has(Frame.HANDED_OVER)
        || sender == target
        || !addresses.isOn(from, target)) {
      return false;
    }
    long asker = ArpHeader.senderMac(at);
    ArpHeader.write(at, ArpHeader.REPLY, from.mac(), target, asker, sender);
    frame.trim(ArpHeader.SIZE);
    Ipv4Output.makeNew(frame);
    transmit(frame, from, asker);
    return true;
  }

  // ---- out ----

  @Override
  public void solicit(Neighbor neighbor, long now) {
    NetInterface on = neighbor.networkInterface();
    int target = (int) neighbor.lo();
    int sender = addresses.sourceFor(on, target);
    boolean alone = neighbor.isResolved();
    send(
        on,
        ArpHeader.REQUEST,
        alone ? neighbor.mac() : Ethernet.BROADCAST,
        sender,
        alone ? neighbor.mac() : 0,
        target);
  }

  /** Broadcasts an ARP probe: a request with sender 0 (RFC 5227 §1.1). */
  void probe(NetInterface on, int address) {
    send(on, ArpHeader.REQUEST, Ethernet.BROADCAST, 0, 0, address);
  }

  /** Broadcasts an ARP announcement: a request for our own address (RFC 5227 §1.1). */
  void announce(NetInterface on, int address) {
    send(on, ArpHeader.REQUEST, Ethernet.BROADCAST, address, 0, address);
  }

  private void send(
      NetInterface on, int operation, long destination, int sender, long targetMac, int target) {
    Frame frame = shard.pool().allocate();
    if (frame == null) {
      counters.drop(DropReason.NO_FRAME);
      return;
    }
    ArpHeader.write(frame.append(ArpHeader.SIZE), operation, on.mac(), sender, targetMac, target);
    transmit(frame, on, destination);
  }

  private void transmit(Frame frame, NetInterface on, long destination) {
    counters.increment(Counter.ARP_OUT);
    long header = frame.push(on.linkHeaderSize());
    Ethernet.write(header, destination, on.mac(), Ethernet.TYPE_ARP, on.vlan());
    on.transmit(frame);
  }

  @Override
  public void lost(Neighbor neighbor, long now) {
    family.redirects().lost(neighbor);
  }

  @Override
  public void unreachable(Frame datagram, long now) {
    counters.drop(DropReason.NEIGHBOR_UNREACHABLE);
    long at = datagram.address();
    int headerSize = Ipv4Header.size(at);
    if (!addresses.isLocal(Ipv4Header.source(at))) {
      family.unreachableInTransit(datagram, now);
    } else if ((Ipv4Header.flagsAndOffset(at) & Ipv4Header.OFFSET_MASK) == 0) {
      // RFC 1122 §3.3.1.4 and §2.4: the transport hears of it as if a router had said so.
      family.errorToTransport(
          Ipv4Header.protocol(at),
          IcmpError.HOST_UNREACHABLE,
          0,
          Ipv4Header.source(at),
          Ipv4Header.destination(at),
          at + headerSize,
          datagram.length() - headerSize,
          Ipv4Header.source(at),
          now);
    }
    datagram.release();
  }
}
