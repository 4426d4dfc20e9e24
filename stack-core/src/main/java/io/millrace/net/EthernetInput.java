package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpFamily;
import io.millrace.ip.Lookahead;
import io.millrace.link.Ethernet;

/**
 * The first stop of a received frame: link header off, families apart. <b>Thread:</b> the shard's.
 */
final class EthernetInput {
  /** The networks' numbers among the bits of two tags. */
  private static final int NETWORKS = 0x0fff_0fff;

  private final Counters counters;
  private IpFamily ipv4;
  private IpFamily ipv6;
  private Lookahead lookahead4;
  private Lookahead lookahead6;

  EthernetInput(Counters counters) {
    this.counters = counters;
  }

  void families(IpFamily four, IpFamily six) {
    ipv4 = four;
    ipv6 = six;
    lookahead4 = four == null ? null : four.lookahead();
    lookahead6 = six == null ? null : six.lookahead();
  }

  /** Shows routers a whole burst, if they have many destinations. */
  void lookAhead(Frame[] burst, int count) {
    boolean four = lookahead4 != null && lookahead4.isWanted();
    boolean six = lookahead6 != null && lookahead6.isWanted();
    if (four || six) {
      for (int i = 0; i < count; i++) {
        show(burst[i], four, six);
      }
      if (four) {
        lookahead4.run();
      }
      if (six) {
        lookahead6.run();
      }
    }
  }

  /** Nothing is checked yet, and nothing is wrong if a packet is not what it seems to be. */
  private void show(Frame frame, boolean four, boolean six) {
    int size = Ethernet.HEADER_SIZE + Ethernet.VLAN_TAG_SIZE;
    if (frame.length() < size) {
      return;
    }
    long header = frame.address();
    int type = Ethernet.type(header);
    if (type == Ethernet.TYPE_VLAN) {
      type = Ethernet.typeBehindTag(header);
    } else {
      size = Ethernet.HEADER_SIZE;
    }
    if (four && type == Ethernet.TYPE_IPV4) {
      lookahead4.addIpv4(header + size, frame.length() - size);
    } else if (six && type == Ethernet.TYPE_IPV6) {
      lookahead6.addIpv6(header + size, frame.length() - size);
    }
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
    // Of what is handled, only IPv6 lies above the first tag: a compare for all that is untagged.
    if (type >= Ethernet.TYPE_VLAN && Ethernet.isTag(type)) {
      return tagged(frame, header, type, from, now);
    }
    if (from.vlan() != 0) {
      return DropReason.VLAN_UNKNOWN;
    }
    return enter(frame, type, Ethernet.HEADER_SIZE, from, now);
  }

  /** Finds the interface that one tag of either kind, or 802.1Q inside 802.1ad, leads to. */
  private DropReason tagged(Frame frame, long header, int tag, NetInterface from, long now) {
    int size = Ethernet.HEADER_SIZE + Ethernet.VLAN_TAG_SIZE;
    if (frame.length() < size) {
      return DropReason.ETHERNET_TRUNCATED;
    }
    int tags = Ethernet.tci(header);
    int type = Ethernet.typeBehindTag(header);
    if (tag == Ethernet.TYPE_SERVICE_VLAN) {
      tags <<= 16;
      if (type == Ethernet.TYPE_VLAN) {
        size += Ethernet.VLAN_TAG_SIZE;
        if (frame.length() < size) {
          return DropReason.ETHERNET_TRUNCATED;
        }
        tags |= Ethernet.innerTci(header);
        type = Ethernet.typeBehindTags(header);
      }
    }
    // A tag with network 0 only carries a priority (IEEE 802.1Q §6.9).
    NetInterface on = from.on(tags & NETWORKS);
    if (on == null) {
      return DropReason.VLAN_UNKNOWN;
    }
    frame.vlan(tags);
    return enter(frame, type, size, on, now);
  }

  private DropReason enter(Frame frame, int type, int size, NetInterface from, long now) {
    frame.interfaceIndex(from.index());
    frame.pull(size);
    frame.markL3();
    if (from.raw() != null && from.raw().input(frame, type, size)) {
      return null;
    }
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
