package io.millrace.ipv6.nd;

import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import java.util.function.Consumer;

/**
 * What Neighbor Discovery and MLD need of the IPv6 family on their shard.
 *
 * <p>Link-local addresses are those of the wire in all calls: a zone in them is the family's own
 * business. <b>Thread:</b> the shard's.
 */
public interface NdHost {
  /** The shard. */
  Shard shard();

  /**
   * Makes a change on every shard of the stack: here at once, elsewhere by a message. A change that
   * reaches shards in an order reaches them all in that order.
   *
   * @param change is given the host of the shard that it runs on
   */
  void onAllShards(Consumer<NdHost> change);

  // ---- messages ----

  /**
   * Sends an ICMPv6 message. Takes ownership, whatever happens.
   *
   * @param message its window is the whole message from the ICMPv6 header on; the host fills in the
   *     checksum (RFC 4443 §2.3)
   * @param linkDestination the link address to send to in the low 48 bits, or -1 to have it found
   *     in the {@link NeighborDiscovery#neighbors() neighbor table}
   * @param sourceHi with {@code sourceLo} the source, which may be the unspecified address
   * @param hopLimit 255 for Neighbor Discovery, 1 for MLD
   * @param routerAlert whether a hop-by-hop header with a Router Alert of value 0 goes in front
   *     (RFC 2711 §2.1, RFC 3810 §5)
   */
  void send(
      Frame message,
      NetInterface through,
      long linkDestination,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      int hopLimit,
      boolean routerAlert,
      long now);

  /**
   * A datagram of ours whose next hop did not answer: tells the transport that sent it (RFC 4861
   * §7.2.2, RFC 4443 §3.1 code 3) or, if it was forwarded, its source. The window starts at the
   * IPv6 header. Takes ownership, and counts the drop.
   */
  void unreachable(Frame datagram, long now);

  // ---- addresses ----

  /** The state of a unicast address of ours on this interface; null if it is none, or tentative. */
  AddressState stateOf(NetInterface on, long hi, long lo);

  /**
   * An address of ours on this interface to talk to a neighbor from: of the neighbor's scope and
   * prefix if there is one, else link-local, never one that is {@link AddressState#OPTIMISTIC}.
   *
   * @return null if there is none yet
   */
  IpAddress sourceFor(NetInterface on, long hi, long lo);

  /**
   * Gives this shard an address, or an address that it has another state. No on-link prefix comes
   * with it (RFC 5942 §4): {@link #addOnLink} says that.
   *
   * @param address with the length of its prefix, 64 for one that was made from a prefix
   */
  void setAddress(NetInterface on, IpPrefix address, AddressState state);

  /** Takes an address away from this shard; nothing happens if it is not there. */
  void removeAddress(NetInterface on, IpAddress address);

  /**
   * Makes this shard accept what is sent to a group on this interface. Calls are counted: the group
   * is left with as many calls of {@link #leaveGroup}.
   */
  void joinGroup(NetInterface on, long hi, long lo);

  /** Ends one {@link #joinGroup}. */
  void leaveGroup(NetInterface on, long hi, long lo);

  // ---- routes ----

  /**
   * All destinations of a prefix are on the link, on this shard. Calls are counted, as the
   * configuration and routers may both say so: it ends with as many calls of {@link #removeOnLink}.
   */
  void addOnLink(NetInterface on, IpPrefix prefix);

  /** Ends one {@link #addOnLink}. */
  void removeOnLink(NetInterface on, IpPrefix prefix);

  /**
   * Sets this shard's learned route for a prefix through an interface, in place of the one there
   * was, which may be the same. A route that was configured for the same prefix goes before it.
   * What is cached for destinations behind it is looked up anew.
   *
   * @param destination {@code ::/0} for the default route; a prefix of 128 bits for a redirected
   *     destination
   * @param via the link-local address of the router, or null where the destination is a neighbor
   *     itself
   */
  void setRoute(NetInterface through, IpPrefix destination, IpAddress via);

  /** Ends {@link #setRoute}; nothing happens if there is none. */
  void removeRoute(NetInterface through, IpPrefix destination);

  /**
   * Whether packets of ours to a destination go through a router on this link now: only its
   * redirects are believed (RFC 4861 §8.1).
   *
   * @param router the low half of its link-local address
   */
  boolean isFirstHop(NetInterface on, long router, long destinationHi, long destinationLo);

  // ---- routers ----

  /**
   * A router on a link that is listened to has advertised itself (RFC 4861 §4.2).
   *
   * @param router the low half of its link-local address
   * @param makingAddresses whether addresses are made of prefixes there
   * @param managed whether there are addresses by DHCPv6
   * @param other whether there is other configuration by DHCPv6
   */
  void routerSays(
      NetInterface on,
      long router,
      boolean makingAddresses,
      boolean managed,
      boolean other,
      long now);

  // ---- the link ----

  /** The MTU of the link, 1280 to the interface's own (RFC 4861 §6.3.4). */
  void linkMtu(NetInterface on, int mtu);

  /** The hop limit of what we send through this interface, 1 to 255 (RFC 4861 §6.3.4). */
  void hopLimit(NetInterface on, int hopLimit);

  /** Whether this interface forwards, so that we are a router to those on its link. */
  boolean isRouter(NetInterface on);
}
