package io.millrace.udp;

import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.net.Shard;

/**
 * The sending half of a tunnel over UDP: outer headers in front of what a frame holds, to one
 * endpoint. The receiving half is a socket that is bound to the tunnel's port.
 *
 * <p>Unlike a socket it may take another source port for each packet, see {@link
 * io.millrace.udp.tunnel.SourcePorts}. ICMP errors reach a socket only if the packet was sent from
 * the socket's port; so with other source ports what a router on the way says about the path's MTU
 * is not heard, and the MTU of the interface must be what the path takes. <b>Thread:</b> the
 * shard's. Allocates nothing per packet.
 */
public final class UdpTunnel {
  private static final int LARGEST = 65_535;

  /** Room on the interface that is left to other protocols, in frames. */
  private static final int RESERVE = 32;

  private final Shard shard;
  private final Route route;
  private final int port;
  private final int hopLimit;
  private final boolean summed;
  private final boolean fragment;

  private UdpTunnel(Shard shard, Route route, int port, UdpTunnelConfig config) {
    this.shard = shard;
    this.route = route;
    this.port = port;
    this.hopLimit = config.hopLimit();
    this.fragment = config.fragment();
    this.summed =
        switch (config.checksum()) {
          case ALWAYS -> true;
          case NEVER -> false;
          case IPV6_ONLY -> !IpAddress.isV4(route.destinationHi(), route.destinationLo());
        };
  }

  /**
   * The way to an endpoint. Follows what becomes of routes and of the path's MTU.
   *
   * @param port the endpoint's port, 1 to 65535
   * @throws NoRouteException if there is no route to it now
   */
  public static UdpTunnel to(Shard shard, IpAddress remote, int port, UdpTunnelConfig config) {
    if (port < 1 || port > LARGEST) {
      throw new IllegalArgumentException("port " + port + " is not between 1 and 65535");
    }
    IpAddress local = config.local();
    boolean choose = (local.hi() | local.lo()) == 0 && remote.isV4();
    long localLo = choose ? IpAddress.ANY_V4.lo() : local.lo();
    Route route = shard.route(local.hi(), localLo, remote.hi(), remote.lo());
    if (route == null) {
      throw new NoRouteException("there is no route to the tunnel's end " + remote);
    }
    return new UdpTunnel(shard, route, port, config);
  }

  /**
   * The most bytes behind UDP's header, the tunnel's own header included, that leave in one piece.
   */
  public int room() {
    return route.pathMtu() - route.networkHeaderSize() - UdpHeader.SIZE;
  }

  /**
   * Sends a frame whose window, and tail if it has one, is the datagram's payload. Takes ownership,
   * whatever the result: what is not sent has been released, and is the caller's to count.
   *
   * @param sourcePort 1 to 65535
   * @param trafficClass DSCP and ECN of the outer header, 8 bits
   */
  public SendResult send(Frame frame, int sourcePort, int trafficClass) {
    assert shard.isOwner();
    int length = frame.totalLength() + UdpHeader.SIZE;
    SendResult refused = refusal(length);
    if (refused != null) {
      frame.release();
      return refused;
    }
    if (frame.has(Frame.CHECKSUM_PARTIAL)) {
      Checksum.complete(frame); // nobody will find the inner checksum behind the outer headers
    }
    frame.clear(-1);
    frame.segmentSize(0);
    boolean sum = summed || !UdpSender.mayBeUnsummed(route, length - UdpHeader.SIZE);
    int checksum = sum ? checksum(frame, sourcePort, length) : 0;
    long header = frame.push(UdpHeader.SIZE);
    UdpHeader.write(header, sourcePort, port, length, checksum);
    shard.counters().increment(Counter.UDP_OUT_DATAGRAMS);
    long now = shard.clock().now();
    route.send(frame, IpProtocol.UDP, trafficClass, hopLimit, !fragment, now);
    return SendResult.SENT;
  }

  private int checksum(Frame frame, int sourcePort, int length) {
    // The length counts twice: in the pseudo-header and in the header.
    long sum = route.pseudoHeaderSum(IpProtocol.UDP) + sourcePort + port + 2L * length;
    sum = Checksum.add(sum, frame.address(), frame.length());
    int checksum = Checksum.finish(frame.tailLength() == 0 ? sum : UdpSender.addTail(sum, frame));
    return checksum == 0 ? 0xffff : checksum; // RFC 768: zero would mean that there is none
  }

  private SendResult refusal(int length) {
    int size = length + route.networkHeaderSize();
    int mtu = route.pathMtu();
    int frames = 1;
    if (size > mtu) {
      if (!fragment || size > LARGEST) {
        return SendResult.TOO_BIG;
      }
      frames = size / (mtu - route.networkHeaderSize() - 7) + 1;
    }
    return route.networkInterface().transmitRoom() < RESERVE + frames
        ? SendResult.WOULD_BLOCK
        : null;
  }
}
