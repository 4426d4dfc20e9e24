package io.millrace.ip;

import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.net.Shard;
import java.util.Objects;

/**
 * An application's own protocol directly on IP, of either family: the datagrams with its protocol
 * number that are for us, and datagrams to be sent. As long as it is open, nobody is told that the
 * protocol is not spoken here.
 *
 * <p><b>Several shards:</b> a datagram is shown on the shard that receives it if one is open there,
 * else it is handed over to a shard where one is. <b>Thread:</b> the shard's. Allocates nothing per
 * datagram.
 */
public final class RawIp {
  private final Shard shard;
  private final int protocol;
  private final RawIpHandler handler;
  private Route lastRoute;
  private int hopLimit = 64;
  private int trafficClass;
  private boolean dontFragment;
  private boolean closed;

  private RawIp(Shard shard, int protocol, RawIpHandler handler) {
    this.shard = shard;
    this.protocol = protocol;
    this.handler = handler;
  }

  /**
   * Takes the datagrams of a protocol from now on.
   *
   * @param protocol 0 to 255, and none that the stack speaks itself: ICMP, IGMP, and the transports
   *     that it has
   * @throws IllegalArgumentException if the number is out of range or the stack's own
   * @throws IllegalStateException if the protocol is taken on this shard already
   */
  public static RawIp open(Shard shard, int protocol, RawIpHandler handler) {
    Objects.requireNonNull(handler);
    if (protocol < 0 || protocol > 255 || isOwn(shard, protocol)) {
      throw new IllegalArgumentException(
          "IP protocol " + protocol + " is not from 0 to 255, or is one that the stack speaks");
    }
    RawIp raw = new RawIp(shard, protocol, handler);
    shard.rawProtocols().add(raw);
    shard.bindings().bound(protocol, 0);
    return raw;
  }

  private static boolean isOwn(Shard shard, int protocol) {
    return switch (protocol) {
      case IpProtocol.ICMP, IpProtocol.ICMPV6, IpProtocol.IGMP -> true;
      case IpProtocol.TCP -> shard.tcp() != null;
      case IpProtocol.UDP -> shard.udp() != null;
      case IpProtocol.SCTP -> shard.sctp() != null;
      case IpProtocol.UDP_LITE -> shard.udpLite() != null;
      default -> false;
    };
  }

  /** The protocol number. */
  public int protocol() {
    return protocol;
  }

  /** The time to live or hop limit of what {@link #send} sends, 1 to 255; 64 at first. */
  public RawIp hopLimit(int hops) {
    if (hops < 1 || hops > 255) {
      throw new IllegalArgumentException("hop limit " + hops + " is not between 1 and 255");
    }
    hopLimit = hops;
    return this;
  }

  /** DSCP and ECN of what {@link #send} sends, 8 bits; 0 at first. */
  public RawIp trafficClass(int value) {
    if (value < 0 || value > 255) {
      throw new IllegalArgumentException("traffic class " + value + " is not between 0 and 255");
    }
    trafficClass = value;
    return this;
  }

  /**
   * Whether what {@link #send} sends must travel in one piece. Off at first: what is larger than
   * the path takes is fragmented. On: it is dropped.
   */
  public RawIp dontFragment(boolean on) {
    dontFragment = on;
    return this;
  }

  /** Gives the protocol back. Calling it again does nothing. */
  public void close() {
    if (!closed) {
      closed = true;
      shard.rawProtocols().remove(this);
      shard.bindings().unbound(protocol, 0);
    }
  }

  /**
   * Sends a frame whose window, and tail if it has one, is what goes behind the network header,
   * which is pushed in front. Takes ownership, whatever the result.
   *
   * @param hi high half of the destination; IPv4 as v4-mapped
   * @param lo low half of the destination
   * @return false if there is no route, or the interface is full: counted, and not sent
   */
  public boolean send(Frame frame, long hi, long lo) {
    assert shard.isOwner();
    Route route = lastRoute;
    if (route == null || route.destinationLo() != lo || route.destinationHi() != hi) {
      route = shard.route(0, IpAddress.isV4(hi, lo) ? IpAddress.ANY_V4.lo() : 0, hi, lo);
      lastRoute = route;
    }
    if (route == null || route.networkInterface().transmitRoom() == 0) {
      shard.counters().drop(route == null ? DropReason.IP_NO_ROUTE : DropReason.TX_QUEUE_FULL);
      frame.release();
      return false;
    }
    frame.clear(~Frame.CHECKSUM_PARTIAL);
    frame.segmentSize(0);
    route.send(frame, protocol, trafficClass, hopLimit, dontFragment, shard.clock().now());
    return true;
  }

  /**
   * Sends a datagram whose window starts at a network header of the application's own, to the
   * destination that stands there: any protocol, any source address. Takes ownership, whatever the
   * result.
   *
   * @return false if the header is malformed, there is no route, or the datagram is larger than the
   *     path takes: counted, and not sent
   */
  public boolean sendDatagram(Frame datagram) {
    assert shard.isOwner();
    return shard.sendDatagram(datagram);
  }

  void show(Frame data) {
    try {
      handler.onDatagram(this, data);
    } catch (RuntimeException | Error e) {
      shard.report("a datagram for " + this, e);
    }
    data.release();
  }

  @Override
  public String toString() {
    return "ip:" + protocol;
  }
}
