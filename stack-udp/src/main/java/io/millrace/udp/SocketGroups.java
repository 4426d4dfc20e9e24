package io.millrace.udp;

import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.ip.Route;
import io.millrace.ip.SourceFilter;
import io.millrace.multicast.GroupMap;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;

/** Which groups a socket hears, and which interface it sends to groups through. */
final class SocketGroups {
  /** The most sources that a filter names. */
  private static final int MAX_SOURCES = 64;

  private final StackUdpSocket socket;
  private final StackUdp udp;
  private final Shard shard;

  /** What is wanted of which groups; null if nothing ever was. */
  private GroupMap<SourceFilter> wanted;

  private int sendingInterface = UdpSocket.DEFAULT_INTERFACE;

  SocketGroups(StackUdpSocket socket, StackUdp udp, Shard shard) {
    this.socket = socket;
    this.udp = udp;
    this.shard = shard;
  }

  // ---- in ----

  void listen(IpAddress group, int on, SourceFilter filter) {
    if (!group.isMulticast()) {
      throw new IllegalArgumentException(group + " is not the address of a group");
    }
    if (!socket.accepts(group.hi(), group.lo())) {
      throw new IllegalStateException(
          socket + " cannot hear " + group + ": bind it to all addresses, or to the group");
    }
    if (filter.sources().size() > MAX_SOURCES) {
      throw new IllegalArgumentException(
          filter.sources().size() + " sources are more than " + MAX_SOURCES);
    }
    IpFamily family = udp.familyOf(group.hi(), group.lo());
    if (family == null) {
      throw new IllegalArgumentException("this stack does not have the family of " + group);
    }
    NetInterface at = interfaceFor(group, on);
    family.listen(socket, at, group.hi(), group.lo(), filter, shard.clock().now());
    if (wanted == null) {
      wanted = new GroupMap<>();
    }
    if (filter.isNothing()) {
      wanted.remove(at.index(), group.hi(), group.lo());
    } else {
      wanted.put(at.index(), group.hi(), group.lo(), filter);
    }
  }

  SourceFilter filter(IpAddress group, int on) {
    SourceFilter there =
        wanted == null ? null : wanted.get(interfaceFor(group, on).index(), group.hi(), group.lo());
    return there == null ? SourceFilter.NOTHING : there;
  }

  private NetInterface interfaceFor(IpAddress group, int on) {
    if (on != UdpSocket.DEFAULT_INTERFACE) {
      checkInterface(on);
      return shard.networkInterface(on);
    }
    Route route = udp.route(0, 0, group.hi(), group.lo());
    if (route == null) {
      throw new NoRouteException("there is no route to the group " + group + "; name an interface");
    }
    return route.networkInterface();
  }

  private void checkInterface(int on) {
    if (on < 0 || on >= shard.interfaceCount()) {
      throw new IllegalArgumentException(
          "there is no interface " + on + "; this stack has " + shard.interfaceCount());
    }
  }

  /** Whether a datagram to this group is wanted, from its source and by its interface. */
  boolean hears(Frame frame, long hi, long lo) {
    SourceFilter filter = wanted == null ? null : wanted.get(frame.interfaceIndex(), hi, lo);
    return filter != null && filter.admits(frame.sourceHi(), frame.sourceLo());
  }

  void leaveAll() {
    if (wanted != null) {
      long now = shard.clock().now();
      wanted.forEach(
          (on, hi, lo, filter) ->
              udp.familyOf(hi, lo)
                  .listen(socket, shard.networkInterface(on), hi, lo, SourceFilter.NOTHING, now));
      wanted = null;
    }
  }

  // ---- out ----

  void sendingInterface(int on) {
    if (on != UdpSocket.DEFAULT_INTERFACE) {
      checkInterface(on);
    }
    sendingInterface = on;
  }

  /** The route to a group out of the chosen interface, or to anything else, or null. */
  Route route(long fromHi, long fromLo, long hi, long lo) {
    if (sendingInterface == UdpSocket.DEFAULT_INTERFACE || !IpAddress.isMulticast(hi, lo)) {
      return udp.route(fromHi, fromLo, hi, lo);
    }
    IpFamily family = udp.familyOf(hi, lo);
    return family == null
        ? null
        : family.groupRoute(shard.networkInterface(sendingInterface), fromHi, fromLo, hi, lo);
  }
}
