package io.millrace.ipv6.nd;

import io.millrace.buf.Frame;
import io.millrace.ip.IpPrefix;
import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;

/** Neighbor Discovery on one shard. */
public final class NeighborDiscovery {
  /** The next hops; the family's routes ask here. */
  public NeighborTable neighbors() {
    throw new UnsupportedOperationException();
  }

  /**
   * Starts on an interface: the link-local address, and solicitations for routers if
   * autoconfigured. To be called once per interface on every shard before the first address.
   */
  public void start(NetInterface on, long now) {
    throw new UnsupportedOperationException();
  }

  /**
   * Takes ownership of an ICMPv6 message of type 133 to 137 whose checksum is right. The window is
   * the whole message from the ICMPv6 header on to the end of the datagram; addresses and hop limit
   * are on the frame.
   */
  public void input(int type, Frame message, NetInterface from, long now) {
    throw new UnsupportedOperationException();
  }

  /**
   * Claims a configured address and its on-link prefix: the first shard does so for all, others
   * ignore it. It is installed on all shards when nobody else turned out to have it.
   */
  public void claimAddress(NetInterface on, IpPrefix address, long now) {
    throw new UnsupportedOperationException();
  }

  /**
   * The router to send through from a source address of ours (RFC 8028 §3.1): the one that gave us
   * the prefix, where the route found is one of {@link NdHost#setRoute} with a router.
   *
   * @return null if there is none of that kind: the route's router is as good
   */
  public io.millrace.ip.IpAddress routerFor(NetInterface on, long sourceHi, long sourceLo) {
    throw new UnsupportedOperationException();
  }
}
