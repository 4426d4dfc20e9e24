package io.millrace.ip;

import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.net.NetInterface;

/**
 * One family of the network layer on one shard: IPv4 with ARP and ICMP, or IPv6 with NDP and
 * ICMPv6.
 *
 * <p><b>Thread:</b> the shard's.
 */
public interface IpFamily {
  /** 4 or 6. */
  int version();

  /**
   * A frame with this family's EtherType; the window starts at the network header. Takes ownership.
   */
  void input(Frame frame, NetInterface from, long now);

  /** What is to see the packets of a burst before the first is handled; null if nothing is. */
  default Lookahead lookahead() {
    return null;
  }

  /**
   * A frame of the family's address resolution with an EtherType of its own (ARP). Takes ownership.
   */
  void resolutionInput(Frame frame, NetInterface from, long now);

  /**
   * Adds an address of ours with its on-link prefix to an interface; probes and announces it as the
   * family says.
   */
  void addAddress(NetInterface to, IpPrefix address, long now);

  /**
   * Gets the addresses of an interface from the network, from now on; the first shard does so and
   * tells the others.
   *
   * @throws IllegalArgumentException if the family does not know this way
   */
  default void configure(NetInterface to, AddressChoice how, long now) {
    throw new IllegalArgumentException(
        "IPv" + version() + " cannot get addresses by " + how.word());
  }

  /** Adds a route; {@code via} is null for an on-link network. */
  void addRoute(IpPrefix destination, IpAddress via, NetInterface through);

  /**
   * Adds a way to a destination, beside those that are there; one through the same router and port
   * is replaced.
   */
  default void addRoute(IpPrefix destination, NextHop hop) {
    throw new UnsupportedOperationException(
        "IPv" + version() + " knows only plain routes: leave out metric and source");
  }

  /** Takes a route away: the one through the same router and port. Nothing if it is not there. */
  default void removeRoute(IpPrefix destination, NextHop hop) {
    throw new UnsupportedOperationException("IPv" + version() + " keeps the routes that it has");
  }

  /**
   * The route to a destination.
   *
   * @param sourceHi with {@code sourceLo} the address to send from; the unspecified address lets
   *     the family choose
   * @return null if there is none
   */
  Route route(long sourceHi, long sourceLo, long destinationHi, long destinationLo);

  /**
   * The route from an address of ours to a destination that was asked for lately, or null: without
   * one nothing was sent there, whatever somebody says.
   */
  default Route knownRoute(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    return route(sourceHi, sourceLo, destinationHi, destinationLo);
  }

  /**
   * Sends a datagram whose window starts at its network header, as it is, to the destination that
   * stands there.
   *
   * @return null if it was sent, or waits for the next hop's link address: the frame is the
   *     family's then; else why not, and the frame is still the caller's
   */
  default DropReason sendDatagram(Frame datagram, long now) {
    return DropReason.IP_NO_ROUTE;
  }

  /**
   * A received datagram, whose window starts at the transport's header, ends earlier now than its
   * network header says: makes that say the same. For datagrams that a port has merged and that are
   * cut again.
   */
  default void shortened(Frame datagram) {}

  /** Whether the address is one of ours (unicast). */
  boolean isLocal(long hi, long lo);

  /**
   * Answers a received datagram with port or protocol unreachable, if the rules and the rate limit
   * allow (RFC 1122 §3.2.2). The frame still has its network header; it stays the caller's.
   */
  void sendUnreachable(Frame offending, IcmpError error, long now);

  /**
   * {@code IPMulticastListen} (RFC 3376 §2, RFC 3810 §3): says what one listener wants to hear of a
   * group on an interface, in the place of what it said before. The family puts the listeners'
   * filters together (§3.2), tells the link's routers, and from then on accepts the group's
   * datagrams that come in there. It does not filter by source: each listener does that for itself,
   * as another one may want more.
   *
   * <p>With several shards this is said on the listener's; all of them accept.
   *
   * @param listener whose wish it is, known by identity
   * @param wanted {@link SourceFilter#NOTHING} to leave
   * @throws IllegalArgumentException if the address is no group of this family that can be joined
   * @throws IllegalStateException if the stack is a member of as many groups as it can be
   */
  default void listen(
      Object listener, NetInterface on, long groupHi, long groupLo, SourceFilter wanted, long now) {
    throw new IllegalArgumentException("IPv" + version() + " here knows no groups");
  }

  /**
   * The route to a group out of one interface (RFC 1112 §6.1).
   *
   * @param sourceHi with {@code sourceLo} the address to send from; the unspecified address lets
   *     the family choose one of the interface
   * @return null if the interface does not have the address, or has none
   */
  default Route groupRoute(
      NetInterface through, long sourceHi, long sourceLo, long groupHi, long groupLo) {
    return null;
  }

  /** The stack closes: the last packets may be sent. Called once, behind the transports' end. */
  default void close(long now) {}

  /** The addresses of ours, with their prefixes. */
  java.util.List<IpPrefix> addresses();
}
