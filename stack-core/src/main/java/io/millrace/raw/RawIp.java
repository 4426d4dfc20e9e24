package io.millrace.raw;

import io.millrace.buf.Frame;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.net.Shard;

/**
 * An IP protocol that the application speaks itself, on one shard and over both families: nothing
 * is copied and nothing queued, so there is no limit but the handler's own.
 *
 * <p>Datagrams come in at the shard that the port's receive hash chooses, by addresses alone as a
 * rule: an application opens it on every shard. <b>Thread:</b> the shard's.
 */
public final class RawIp implements AutoCloseable {
  private final Shard shard;
  private final int protocol;
  private final RawIpHandler handler;
  private boolean closed;

  private RawIp(Shard shard, int protocol, RawIpHandler handler) {
    this.shard = shard;
    this.protocol = protocol;
    this.handler = handler;
  }

  /**
   * Takes a protocol over. On the shard.
   *
   * @param protocol the number in the network header, 0 to 255; none that the stack has
   * @throws IllegalArgumentException if the stack handles that protocol itself
   * @throws IllegalStateException if it has been taken over on this shard
   */
  public static RawIp open(Shard shard, int protocol, RawIpHandler handler) {
    if (protocol < 0 || protocol > 255 || isHandled(shard, protocol)) {
      throw new IllegalArgumentException(
          "IP protocol " + protocol + " is the stack's own, or not between 0 and 255");
    }
    if (shard.rawIp(protocol) != null) {
      throw new IllegalStateException(
          "IP protocol " + protocol + " is open on shard " + shard.index() + " already");
    }
    RawIp raw = new RawIp(shard, protocol, handler);
    shard.rawIp(protocol, raw);
    return raw;
  }

  private static boolean isHandled(Shard shard, int protocol) {
    return switch (protocol) {
      case IpProtocol.TCP -> shard.tcp() != null;
      case IpProtocol.UDP -> shard.udp() != null;
      case IpProtocol.SCTP -> shard.sctp() != null;
      case IpProtocol.ICMP, IpProtocol.ICMPV6, IpProtocol.IGMP -> true;
      // Hop-by-hop options, routing, fragment, nothing, destination options: parts of IPv6 (RFC
      // 8200 §4).
      case 0, 43, 44, 59, 60 -> true;
      default -> false;
    };
  }

  /** The protocol's number. */
  public int protocol() {
    return protocol;
  }

  /** The shard that it is on. */
  public Shard shard() {
    return shard;
  }

  /** For the families: a datagram for us whose window starts behind the network header. */
  public void deliver(Frame frame, long now) {
    try {
      handler.onDatagram(this, frame, now);
    } catch (RuntimeException | Error e) {
      shard.report("a datagram of IP protocol " + protocol, e);
    }
    frame.release();
  }

  /**
   * Sends a datagram, in fragments where it is too long. Takes ownership of the frame, whose window
   * is what goes behind the network header and which has headroom for that and the link's.
   *
   * @return false, and the frame is released, if there is no route
   */
  public boolean send(Frame frame, long destinationHi, long destinationLo) {
    Route route = closed ? null : shard.route(0, 0, destinationHi, destinationLo);
    if (route == null) {
      frame.release();
      return false;
    }
    route.send(frame, protocol, 0, 64, false, shard.clock().now());
    return true;
  }

  /** Gives the protocol back: its datagrams are answered with protocol unreachable again. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      shard.rawIp(protocol, null);
    }
  }
}
