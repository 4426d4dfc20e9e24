package io.millrace.ipv4;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;

/**
 * The way up: a frame is validated, found to be ours, made whole and given to its transport (RFC
 * 1122 §3.2.1).
 */
final class Ipv4Input {
  private final Shard shard;
  private final Counters counters;
  private final Ipv4Addresses addresses;
  private final Icmpv4 icmp;
  private final IcmpErrors errors;
  private final Igmp igmp;
  private final Ipv4Fragments fragments;
  private final Ipv4Family family;

  /** Null in a host. */
  private final Ipv4Forwarding forwarding;

  /** Null if there is no client. */
  private Dhcp dhcp;

  Ipv4Input(
      Shard shard,
      Ipv4Family family,
      Ipv4Addresses addresses,
      Icmpv4 icmp,
      IcmpErrors errors,
      Igmp igmp,
      Ipv4Fragments fragments,
      Ipv4Forwarding forwarding) {
    this.shard = shard;
    this.family = family;
    this.forwarding = forwarding;
    this.counters = shard.counters();
    this.addresses = addresses;
    this.icmp = icmp;
    this.errors = errors;
    this.igmp = igmp;
    this.fragments = fragments;
  }

  /** Whom to give what DHCP servers send, before it is asked for which address it is. */
  void dhcp(Dhcp newDhcp) {
    dhcp = newDhcp;
  }

  /** Takes ownership of a frame whose window starts at the header. */
  void input(Frame frame, NetInterface from, long now) {
    counters.increment(Counter.IP_IN_RECEIVES);
    long at = frame.address();
    DropReason dropped = Ipv4Header.validate(at, frame.length());
    if (dropped == null) {
      if (shard.filter() != null && family.hooks().filteredFirst(frame, from, now)) {
        return;
      }
      if (dhcp != null && dhcp.isFor(at, from)) {
        dhcp.input(frame, from, now);
        return;
      }
      dropped = admit(frame, at);
    }
    if (dropped != null) {
      if (dropped == DropReason.IP_NOT_FOR_US && forwarding != null) {
        forwarding.forward(frame, from, now);
      } else {
        drop(frame, dropped);
      }
      return;
    }
    int protocol = Ipv4Header.protocol(at);
    frame.trim(Ipv4Header.totalLength(at));
    if ((Ipv4Header.flagsAndOffset(at) & (Ipv4Header.MF | Ipv4Header.OFFSET_MASK)) != 0) {
      Frame whole = fragments.add(frame, now);
      if (whole == null) {
        return;
      }
      frame = whole;
    } else {
      frame.pull(Ipv4Header.size(at));
    }
    if (shard.filter() != null && family.hooks().filteredIn(frame, from, now)) {
      return;
    }
    deliver(frame, protocol, now);
  }

  private void drop(Frame frame, DropReason reason) {
    counters.drop(reason);
    frame.release();
  }

  /**
   * Whether a validated datagram is for us and from somebody; notes what the layers above want to
   * know.
   */
  private DropReason admit(Frame frame, long at) {
    int source = Ipv4Header.source(at);
    int destination = Ipv4Header.destination(at);
    // What another shard has handed over has been through this there.
    boolean inside = frame.has(Frame.LOOPED | Frame.HANDED_OVER);
    if (isBadSource(source, at) && !(inside && addresses.isReachedInside(source))) {
      return DropReason.IP_BAD_SOURCE;
    }
    if (!addresses.isLocal(destination) && !(inside && addresses.isReachedInside(destination))) {
      if (!isGroupOfOurs(destination, frame.interfaceIndex())) {
        return DropReason.IP_NOT_FOR_US;
      }
      frame.set(Frame.IP_MULTICAST);
    } else if (frame.has(Frame.LINK_BROADCAST)) {
      return DropReason.IP_LINK_BROADCAST;
    }
    int headerSize = Ipv4Header.size(at);
    if (headerSize != Ipv4Header.SIZE && !Ipv4Header.optionsAcceptable(at, headerSize)) {
      return DropReason.IP_BAD_OPTION;
    }
    frame.addresses(0, IpAddress.v4Lo(source), 0, IpAddress.v4Lo(destination));
    frame.classAndHops(Ipv4Header.trafficClass(at), Ipv4Header.ttl(at));
    return null;
  }

  /**
   * RFC 1122 §3.2.1.3: a source that is no host's is silently discarded; so is our own, which no
   * wire brings.
   */
  private boolean isBadSource(int source, long at) {
    return (Ipv4Addresses.isNoHost(source) && !isNamelessIgmp(at, source))
        || addresses.isLocal(source)
        || addresses.isDirectedBroadcast(source);
  }

  /** RFC 3376 §4.2.13, RFC 4541 §2.1.1: hosts and switches without an address send IGMP from 0. */
  private static boolean isNamelessIgmp(long at, int source) {
    return source == 0 && Ipv4Header.protocol(at) == IpProtocol.IGMP;
  }

  /**
   * RFC 1112 §7.2, RFC 3376 §3: a group's datagrams are taken on the interfaces where it was
   * joined.
   */
  private boolean isGroupOfOurs(int destination, int on) {
    if (Ipv4Addresses.isMulticast(destination) && destination != Ipv4Addresses.ALL_HOSTS) {
      return igmp.memberships().accepts(on, 0, IpAddress.v4Lo(destination));
    }
    return destination == Ipv4Addresses.LIMITED_BROADCAST
        || destination == Ipv4Addresses.ALL_HOSTS
        || addresses.isDirectedBroadcast(destination);
  }

  /** One call site per protocol, so that each stays monomorphic. */
  private void deliver(Frame frame, int protocol, long now) {
    Transport transport;
    switch (protocol) {
      case IpProtocol.TCP -> {
        transport = shard.tcp();
        if (transport != null) {
          if (frame.has(Frame.IP_MULTICAST)) {
            // RFC 9293 §3.9.2.3 (MUST-57).
            drop(frame, DropReason.TCP_NOT_UNICAST);
          } else {
            transport.input(frame, now);
          }
          return;
        }
      }
      case IpProtocol.UDP -> {
        transport = shard.udp();
        if (transport != null) {
          transport.input(frame, now);
          return;
        }
      }
      case IpProtocol.SCTP -> {
        transport = shard.sctp();
        if (transport != null) {
          transport.input(frame, now);
          return;
        }
      }
      case IpProtocol.UDP_LITE -> {
        transport = shard.udpLite();
        if (transport != null) {
          transport.input(frame, now);
          return;
        }
      }
      case IpProtocol.ICMP -> {
        icmp.input(frame, now);
        return;
      }
      case IpProtocol.IGMP -> {
        igmp.input(frame, now);
        return;
      }
      default -> {}
    }
    if (shard.rawProtocols().input(frame, protocol)) {
      return;
    }
    // RFC 1122 §3.2.2.1: protocol unreachable should be sent.
    errors.sendUnreachable(frame, IcmpError.PROTOCOL_UNREACHABLE, now);
    drop(frame, DropReason.IP_PROTOCOL_UNKNOWN);
  }
}
