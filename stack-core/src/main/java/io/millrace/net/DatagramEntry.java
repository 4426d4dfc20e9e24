package io.millrace.net;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpFamily;

/**
 * How whole datagrams come to a shard's IP families by other ways than a port: from the
 * application, and from another shard. <b>Thread:</b> the shard's.
 */
final class DatagramEntry {
  private static final int MOST_INJECTIONS = 4;

  private final Shard shard;

  /** Datagrams that are being handled inside the handling of another one. */
  private int injections;

  DatagramEntry(Shard shard) {
    this.shard = shard;
  }

  /** The family of a datagram by its first four bits, or null. */
  private IpFamily family(Frame datagram) {
    int version = datagram.length() == 0 ? 0 : Bytes.u8(datagram.address()) >>> 4;
    return version == 4 ? shard.ipv4() : version == 6 ? shard.ipv6() : null;
  }

  private void drop(Frame datagram, DropReason reason) {
    shard.counters().drop(reason);
    datagram.release();
  }

  /** See {@link Shard#inject}. */
  void inject(Frame datagram, NetInterface at, long now) {
    IpFamily family = family(datagram);
    if (family == null) {
      drop(datagram, DropReason.IP_BAD_VERSION);
      return;
    }
    if (injections == MOST_INJECTIONS) {
      drop(datagram, DropReason.IP_INJECTED_TOO_OFTEN);
      return;
    }
    datagram.clear(Frame.LINK_MULTICAST | Frame.LINK_BROADCAST | Frame.IP_MULTICAST);
    datagram.set(Frame.INJECTED);
    datagram.interfaceIndex(at.index());
    datagram.markL3();
    injections++;
    try {
      family.input(datagram, at, now);
    } finally {
      injections--;
    }
  }

  /** See {@link Shard#sendDatagram}. */
  boolean send(Frame datagram, long now) {
    IpFamily family = family(datagram);
    DropReason dropped =
        family == null ? DropReason.IP_BAD_VERSION : family.sendDatagram(datagram, now);
    if (dropped == null) {
      return true;
    }
    drop(datagram, dropped);
    return false;
  }

  /** A packet that another shard hands over. */
  void takeOver(Frame frame, long now) {
    int tag = frame.laneTag();
    NetInterface at = shard.networkInterface(HandOver.interfaceIndex(tag));
    if (HandOver.kind(tag) == HandOver.TRANSMIT) {
      at.transmit(frame);
      return;
    }
    frame.set(HandOver.flags(tag));
    frame.interfaceIndex(at.index());
    frame.markL3();
    try {
      if (HandOver.kind(tag) == HandOver.RESOLUTION) {
        shard.ipv4().resolutionInput(frame, at, now);
      } else {
        // It has been counted by the shard that received it.
        shard.counters().add(Counter.IP_IN_RECEIVES, -1);
        family(frame).input(frame, at, now);
      }
    } catch (RuntimeException | Error e) {
      shard.counters().drop(DropReason.INTERNAL_ERROR);
      shard.report("a packet from another shard", e);
    }
  }
}
