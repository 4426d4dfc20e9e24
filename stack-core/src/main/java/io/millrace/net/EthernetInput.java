package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpFamily;
import io.millrace.link.Ethernet;

/**
 * The first stop of a received frame: link header off, families apart. <b>Thread:</b> the shard's.
 */
final class EthernetInput {
  private final Counters counters;
  private IpFamily ipv4;
  private IpFamily ipv6;

  EthernetInput(Counters counters) {
    this.counters = counters;
  }

  void families(IpFamily four, IpFamily six) {
    ipv4 = four;
    ipv6 = six;
  }

  /** Takes ownership. */
  void input(Frame frame, NetInterface from, long now) {
    DropReason dropped = accept(frame, from, now);
    if (dropped != null) {
      counters.drop(dropped);
      frame.release();
    }
  }

  private DropReason accept(Frame frame, NetInterface from, long now) {
    if (frame.length() < Ethernet.HEADER_SIZE) {
      return DropReason.ETHERNET_TRUNCATED;
    }
    long header = frame.address();
    long destination = Ethernet.destination(header);
    if (destination != from.mac()) {
      if (!Ethernet.isGroup(destination)) {
        return DropReason.ETHERNET_NOT_FOR_US;
      }
      frame.set(
          destination == Ethernet.BROADCAST
              ? Frame.LINK_MULTICAST | Frame.LINK_BROADCAST
              : Frame.LINK_MULTICAST);
    }
    int type = Ethernet.type(header);
    int size = Ethernet.HEADER_SIZE;
    int vlan = 0;
    if (type == Ethernet.TYPE_VLAN) {
      size += Ethernet.VLAN_TAG_SIZE;
      if (frame.length() < size) {
        return DropReason.ETHERNET_TRUNCATED;
      }
      frame.vlan(Ethernet.tci(header));
      vlan = Ethernet.tci(header) & 0xfff;
      type = Ethernet.typeBehindTag(header);
    }
    // A tag with network 0 only carries a priority (IEEE 802.1Q §6.9).
    if (vlan != from.vlan()) {
      return DropReason.VLAN_UNKNOWN;
    }
    frame.interfaceIndex(from.index());
    frame.pull(size);
    frame.markL3();
    return dispatch(frame, type, from, now);
  }

  private DropReason dispatch(Frame frame, int type, NetInterface from, long now) {
    if (type == Ethernet.TYPE_IPV4 && ipv4 != null) {
      ipv4.input(frame, from, now);
      return null;
    }
    if (type == Ethernet.TYPE_IPV6 && ipv6 != null) {
      ipv6.input(frame, from, now);
      return null;
    }
    if (type == Ethernet.TYPE_ARP && ipv4 != null) {
      ipv4.resolutionInput(frame, from, now);
      return null;
    }
    return DropReason.ETHERTYPE_UNKNOWN;
  }
}
