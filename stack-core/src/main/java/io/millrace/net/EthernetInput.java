package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpFamily;
import io.millrace.link.Ethernet;
import io.millrace.raw.RawEthernet;

/**
 * The first stop of a received frame: link header off, families apart. <b>Thread:</b> the shard's.
 */
final class EthernetInput {
  /** EtherTypes that an application can handle, per shard. */
  private static final int RAW_MOST = 16;

  private final Counters counters;
  private final RawEthernet[] raw = new RawEthernet[RAW_MOST];
  private int rawCount;
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
    return dispatch(frame, type, size, from, now);
  }

  private DropReason dispatch(Frame frame, int type, int headerSize, NetInterface from, long now) {
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
    int at = find(type);
    if (at < 0) {
      return DropReason.ETHERTYPE_UNKNOWN;
    }
    // The link header is still there, in front of the window.
    raw[at].deliver(frame, Ethernet.source(frame.address() - headerSize), from, now);
    return null;
  }

  // ---- what the application handles ----

  void add(RawEthernet handler) {
    if (rawCount == RAW_MOST || find(handler.type()) >= 0) {
      throw new IllegalStateException(
          String.format(
              "EtherType 0x%04x is open already, or %d others are", handler.type(), RAW_MOST));
    }
    raw[rawCount++] = handler;
  }

  void remove(RawEthernet handler) {
    int at = find(handler.type());
    raw[at] = raw[--rawCount];
    raw[rawCount] = null;
  }

  private int find(int type) {
    for (int i = 0; i < rawCount; i++) {
      if (raw[i].type() == type) {
        return i;
      }
    }
    return -1;
  }
}
