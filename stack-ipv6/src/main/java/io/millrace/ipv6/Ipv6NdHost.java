package io.millrace.ipv6;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ip.NextHop;
import io.millrace.ip.NextHops;
import io.millrace.ipv6.nd.AddressState;
import io.millrace.ipv6.nd.NdHost;
import io.millrace.link.Ethernet;
import io.millrace.link.Neighbor;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** What Neighbor Discovery has of the family: here zones are put on addresses and taken off. */
final class Ipv6NdHost implements NdHost {
  /** A hop-by-hop header with a Router Alert of value 0 and padding, behind its next header. */
  private static final long ROUTER_ALERT = 0x00_0502_0000_0100L;

  private static final int ROUTER_ALERT_SIZE = 8;

  /** A prefix that somebody has said to be on a link. */
  private record OnLink(NetInterface on, Ipv6Routes.Prefix prefix) {
    static OnLink of(NetInterface on, IpPrefix prefix) {
      return new OnLink(on, Ipv6Routes.Prefix.of(prefix));
    }
  }

  /** How many have said so. */
  private final Map<OnLink, Integer> onLink = new HashMap<>();

  private final Shard shard;
  private final Counters counters;
  private final Ipv6Family family;
  private final Ipv6Addresses addresses;
  private final Ipv6Routes routes;

  Ipv6NdHost(Shard shard, Ipv6Family family, Ipv6Addresses addresses, Ipv6Routes routes) {
    this.shard = shard;
    this.counters = shard.counters();
    this.family = family;
    this.addresses = addresses;
    this.routes = routes;
  }

  @Override
  public Shard shard() {
    return shard;
  }

  @Override
  public void onAllShards(Consumer<NdHost> change) {
    shard.group().submitToAll(other -> change.accept(((Ipv6Family) other.ipv6()).ndHost()));
  }

  // ---- messages ----

  @Override
  public void send(
      Frame message,
      NetInterface through,
      long linkDestination,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      int hopLimit,
      boolean routerAlert,
      long now) {
    Icmpv6Header.fillChecksum(
        message.address(), message.length(), sourceHi, sourceLo, destinationHi, destinationLo);
    counters.increment(Counter.ICMP_OUT_MSGS);
    counters.increment(Counter.IP_OUT_REQUESTS);
    int next = IpProtocol.ICMPV6;
    if (routerAlert) {
      Bytes.put64(message.push(ROUTER_ALERT_SIZE), (long) next << 56 | ROUTER_ALERT);
      next = ExtensionHeaders.HOP_BY_HOP;
    }
    int payload = message.length();
    Ipv6Header.write(
        message.push(Ipv6Header.SIZE),
        0,
        0,
        payload,
        next,
        hopLimit,
        sourceHi,
        sourceLo,
        destinationHi,
        destinationLo);
    message.markL3();
    if (shard.filter() != null && family.hooks().filteredOut(message, through, now)) {
      return;
    }
    long mac = linkDestination;
    if (mac < 0 && Ipv6Addresses.isMulticast(destinationHi)) {
      mac = Ipv6Family.groupMac(destinationLo);
    }
    if (mac < 0) {
      sendToNeighbor(message, through, destinationHi, destinationLo, now);
    } else {
      long header = message.push(through.linkHeaderSize());
      Ethernet.write(header, mac, through.mac(), Ethernet.TYPE_IPV6, through.vlan());
      through.transmit(message);
    }
  }

  private void sendToNeighbor(Frame packet, NetInterface on, long hi, long lo, long now) {
    packet.interfaceIndex(on.index());
    Neighbor next = family.neighbors().demand(on, hi, lo, now);
    if (!next.send(packet, now)) {
      throw new AssertionError("a neighbor that was just found is in the table");
    }
  }

  @Override
  public void unreachable(Frame datagram, long now) {
    counters.drop(DropReason.NEIGHBOR_UNREACHABLE);
    long at = datagram.address();
    int index = datagram.interfaceIndex();
    long ourHi = Ipv6Scope.onLink(Ipv6Header.sourceHi(at), index);
    int upper = ExtensionHeaders.upperLayer(at, datagram.length());
    if (!addresses.isLocal(ourHi, Ipv6Header.sourceLo(at))) {
      family.unreachableInTransit(datagram, now);
    } else if (upper != ExtensionHeaders.NONE) {
      // RFC 4861 §7.2.2: the transport hears of it as if a router had said so.
      family.errorToTransport(
          upper & 0xff,
          IcmpError.HOST_UNREACHABLE,
          0,
          ourHi,
          Ipv6Header.sourceLo(at),
          Ipv6Scope.onLink(Ipv6Header.destinationHi(at), index),
          Ipv6Header.destinationLo(at),
          at + (upper >>> 8),
          datagram.length() - (upper >>> 8),
          ourHi,
          Ipv6Header.sourceLo(at),
          now);
    }
    datagram.release();
  }

  // ---- addresses ----

  private static IpAddress inside(NetInterface on, IpAddress wire) {
    return new IpAddress(Ipv6Scope.onLink(wire.hi(), on.index()), wire.lo());
  }

  @Override
  public AddressState stateOf(NetInterface on, long hi, long lo) {
    Ipv6Addresses.Local local = addresses.find(on, inside(on, new IpAddress(hi, lo)));
    return local == null ? null : local.state();
  }

  @Override
  public IpAddress sourceFor(NetInterface on, long hi, long lo) {
    IpAddress source = addresses.sourceFor(on, inside(on, new IpAddress(hi, lo)), true);
    return source == null ? null : new IpAddress(Ipv6Scope.onWire(source.hi()), source.lo());
  }

  @Override
  public void setAddress(NetInterface on, IpPrefix address, AddressState state) {
    IpPrefix zoned = new IpPrefix(inside(on, address.address()), address.length());
    boolean first = addresses.find(on, zoned.address()) == null;
    if (addresses.put(on, zoned, state)) {
      family.changed();
    }
    if (first && Ipv6Scope.isLinkLocal(zoned.address().hi())) {
      family.mld().haveLinkLocal(on, shard.clock().now());
    }
  }

  @Override
  public void removeAddress(NetInterface on, IpAddress address) {
    if (addresses.remove(on, inside(on, address))) {
      family.changed();
    }
  }

  @Override
  public void joinGroup(NetInterface on, long hi, long lo) {
    family.mld().join(on, hi, lo, shard.clock().now());
  }

  @Override
  public void leaveGroup(NetInterface on, long hi, long lo) {
    family.mld().leave(on, hi, lo, shard.clock().now());
  }

  // ---- routes ----

  @Override
  public void addOnLink(NetInterface on, IpPrefix prefix) {
    if (Ipv6Scope.isLinkLocal(prefix.address().hi())) {
      return; // always on the link, whatever anybody says
    }
    onLink.merge(OnLink.of(on, prefix), 1, Integer::sum);
    routes.put(Ipv6Routes.Kind.ON_LINK, prefix, null, on);
    family.changed();
  }

  @Override
  public void removeOnLink(NetInterface on, IpPrefix prefix) {
    OnLink key = OnLink.of(on, prefix);
    Integer count = onLink.get(key);
    if (count == null) {
      return;
    }
    if (count > 1) {
      onLink.put(key, count - 1);
      return;
    }
    onLink.remove(key);
    routes.remove(Ipv6Routes.Kind.ON_LINK, prefix, on);
    family.changed();
  }

  @Override
  public void setRoute(NetInterface through, IpPrefix destination, IpAddress via) {
    routes.put(kindOf(destination), destination, via, through);
    family.changed();
  }

  @Override
  public void removeRoute(NetInterface through, IpPrefix destination) {
    routes.remove(kindOf(destination), destination, through);
    family.changed();
  }

  private static Ipv6Routes.Kind kindOf(IpPrefix learned) {
    return learned.length() == 0 ? Ipv6Routes.Kind.LEARNED_DEFAULT : Ipv6Routes.Kind.LEARNED;
  }

  @Override
  public boolean isFirstHop(NetInterface on, long router, long destinationHi, long destinationLo) {
    NextHops ways = routes.lookup(destinationHi, destinationLo);
    if (ways == null) {
      return false;
    }
    NextHop way = ways.find(new NextHop(on, new IpAddress(Ipv6Scope.LINK_LOCAL, router), 0, null));
    return way != null && way.metric() == ways.first().metric();
  }

  // ---- routers ----

  @Override
  public void routerSays(
      NetInterface on,
      long router,
      boolean makingAddresses,
      boolean managed,
      boolean other,
      long now) {
    family.routerSays(on, router, makingAddresses, managed, other, now);
  }

  // ---- the link ----

  @Override
  public void linkMtu(NetInterface on, int mtu) {
    family.linkMtu(on, mtu);
  }

  @Override
  public void hopLimit(NetInterface on, int hopLimit) {
    family.hopLimit(on, hopLimit);
  }

  @Override
  public boolean isRouter(NetInterface on) {
    return family.isRouter();
  }
}
