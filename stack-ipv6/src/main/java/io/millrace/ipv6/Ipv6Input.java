package io.millrace.ipv6;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Ipv6Scope;
import io.millrace.multicast.Memberships;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;

/**
 * The way up: a frame is validated, found to be ours, freed of extension headers, made whole and
 * given to its transport (RFC 8200 §4).
 */
final class Ipv6Input {
  private final Shard shard;
  private final Counters counters;
  private final Ipv6Addresses addresses;
  private final Memberships memberships;
  private final Icmpv6 icmp;
  private final Icmpv6Errors errors;
  private final Ipv6Fragments fragments;
  private final ExtensionHeaders extensions;
  private final Ipv6Family family;

  /** Null in a host. */
  private final Ipv6Forwarding forwarding;

  /** Null where no client is. */
  private Dhcp6 dhcp;

  Ipv6Input(
      Shard shard,
      Ipv6Family family,
      Ipv6Addresses addresses,
      Memberships memberships,
      Icmpv6 icmp,
      Icmpv6Errors errors,
      Ipv6Fragments fragments,
      Ipv6Forwarding forwarding,
      Ipv6Config config) {
    this.shard = shard;
    this.family = family;
    this.forwarding = forwarding;
    this.counters = shard.counters();
    this.addresses = addresses;
    this.memberships = memberships;
    this.icmp = icmp;
    this.errors = errors;
    this.fragments = fragments;
    this.extensions = new ExtensionHeaders(config);
  }

  void dhcp(Dhcp6 newDhcp) {
    dhcp = newDhcp;
  }

  /** Takes ownership of a frame whose window starts at the header. */
  void input(Frame frame, NetInterface from, long now) {
    counters.increment(Counter.IP_IN_RECEIVES);
    long at = frame.address();
    DropReason dropped = Ipv6Header.validate(at, frame.length());
    if (dropped == null) {
      if (shard.filter() != null && family.hooks().filteredFirst(frame, from, now)) {
        return;
      }
      dropped = admit(frame, at, from);
    }
    if (dropped != null) {
      if (dropped == DropReason.IP_NOT_FOR_US && forwarding != null) {
        forwarding.forward(frame, from, now);
      } else {
        drop(frame, dropped);
      }
      return;
    }
    int next = Ipv6Header.nextHeader(at);
    frame.trim(Ipv6Header.totalLength(at));
    if (ExtensionHeaders.isExtension(next)) {
      inputExtended(frame, from, now);
    } else {
      frame.pull(Ipv6Header.SIZE);
      deliver(frame, next, Ipv6Header.NEXT_HEADER_AT, from, now);
    }
  }

  private void drop(Frame frame, DropReason reason) {
    counters.drop(reason);
    frame.release();
  }

  /**
   * Whether a validated packet is for us and from somebody; puts zones on its addresses, and notes
   * what the layers above want to know.
   */
  private DropReason admit(Frame frame, long at, NetInterface from) {
    long sourceHi = Ipv6Header.sourceHi(at);
    long sourceLo = Ipv6Header.sourceLo(at);
    long destinationHi = Ipv6Header.destinationHi(at);
    long destinationLo = Ipv6Header.destinationLo(at);
    boolean group = Ipv6Addresses.isMulticast(destinationHi);
    // What another shard has handed over has been through this there.
    boolean inside = frame.has(Frame.LOOPED | Frame.HANDED_OVER);
    if (Ipv6Addresses.isNoHost(sourceHi, sourceLo)
        && !(inside && addresses.isReachedInside(sourceHi, sourceLo))) {
      return DropReason.IP_BAD_SOURCE;
    }
    if ((sourceHi | sourceLo) == 0 && !group) {
      // RFC 4291 §2.5.2: from those who have no address yet, and they know nobody to send to.
      return DropReason.IP_BAD_SOURCE;
    }
    if (!Ipv6Scope.isWireForm(destinationHi)) {
      return DropReason.IP_NOT_FOR_US;
    }
    int index = from.index();
    sourceHi = Ipv6Scope.onLink(sourceHi, index);
    destinationHi = Ipv6Scope.onLink(destinationHi, index);
    if (group) {
      if (!memberships.accepts(index, destinationHi, destinationLo)) {
        return DropReason.IP_NOT_FOR_US;
      }
      frame.set(Frame.IP_MULTICAST);
    } else if (!addresses.isLocal(destinationHi, destinationLo)
        && !(inside && addresses.isReachedInside(destinationHi, destinationLo))) {
      return DropReason.IP_NOT_FOR_US;
    }
    if (!inside && addresses.isLocal(sourceHi, sourceLo) && !isDiscovery(at)) {
      return DropReason.IP_BAD_SOURCE;
    }
    frame.addresses(sourceHi, sourceLo, destinationHi, destinationLo);
    frame.classAndHops(Ipv6Header.trafficClass(at), Ipv6Header.hopLimit(at));
    return null;
  }

  /** Somebody who has our address is heard of by Neighbor Discovery alone (RFC 4862 §5.4). */
  private static boolean isDiscovery(long at) {
    return Ipv6Header.nextHeader(at) == IpProtocol.ICMPV6
        && Ipv6Header.hopLimit(at) == 255
        && Ipv6Header.totalLength(at) > Ipv6Header.SIZE
        && Icmpv6Header.isDiscovery(Icmpv6Header.type(at + Ipv6Header.SIZE));
  }

  private void inputExtended(Frame frame, NetInterface from, long now) {
    DropReason dropped = extensions.walk(frame.address(), frame.length());
    if (dropped != null) {
      refuse(frame, dropped, now);
      return;
    }
    int fragmentAt = extensions.fragmentAt();
    if (extensions.protocol() == ExtensionHeaders.FRAGMENT) {
      frame = fragments.add(frame, fragmentAt, now);
      if (frame == null) {
        return;
      }
      int headers = (int) (frame.address() - frame.l3Address());
      int total = headers + frame.length();
      dropped = extensions.resume(frame.l3Address(), headers, total);
      if (dropped != null) {
        refuse(frame, dropped, now);
        return;
      }
      frame.pull(extensions.offset() - headers);
    } else {
      if (fragmentAt != 0) {
        // RFC 6946 §4: handled apart from all other fragments; but one it is (RFC 6980 §5).
        frame.set(Frame.REASSEMBLED);
      }
      frame.pull(extensions.offset());
    }
    deliver(frame, extensions.protocol(), extensions.nextHeaderAt(), from, now);
  }

  private void refuse(Frame frame, DropReason reason, long now) {
    if (extensions.problem() != ExtensionHeaders.SILENT) {
      errors.sendParameterProblem(
          frame, extensions.problem(), extensions.pointer(), extensions.evenToGroup(), now);
    }
    drop(frame, reason);
  }

  /** One call site per protocol, so that each stays monomorphic. */
  private void deliver(Frame frame, int protocol, int numberAt, NetInterface from, long now) {
    if (shard.filter() != null && family.hooks().filteredIn(frame, from, now)) {
      return;
    }
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
        if (dhcp != null && dhcp.isFor(frame, from)) {
          dhcp.input(frame, from, now);
          return;
        }
        transport = shard.udp();
        if (transport != null) {
          if ((frame.sourceHi() | frame.sourceLo()) == 0) {
            drop(frame, DropReason.IP_BAD_SOURCE);
          } else {
            transport.input(frame, now);
          }
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
          if ((frame.sourceHi() | frame.sourceLo()) == 0) {
            drop(frame, DropReason.IP_BAD_SOURCE);
          } else {
            transport.input(frame, now);
          }
          return;
        }
      }
      case IpProtocol.ICMPV6 -> {
        icmp.input(frame, from, now);
        return;
      }
      default -> {}
    }
    if (shard.rawProtocols().input(frame, protocol)) {
      return;
    }
    // RFC 8200 §4: an unrecognized next header is the sender's problem.
    errors.sendParameterProblem(
        frame, Icmpv6Header.CODE_UNRECOGNIZED_NEXT_HEADER, numberAt, false, now);
    drop(frame, DropReason.IP_PROTOCOL_UNKNOWN);
  }
}
