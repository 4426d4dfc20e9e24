package io.millrace.ipv4;

import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.filter.FilterHooks;
import io.millrace.ip.AddressChoice;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Lookahead;
import io.millrace.ip.NarrowPaths;
import io.millrace.ip.NextHop;
import io.millrace.ip.NextHops;
import io.millrace.ip.Reassembly;
import io.millrace.ip.Route;
import io.millrace.ip.RoutingTable;
import io.millrace.ip.SourceFilter;
import io.millrace.link.Ethernet;
import io.millrace.link.NeighborTable;
import io.millrace.multicast.Memberships;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;
import java.util.Arrays;
import java.util.List;

/** IPv4 on one shard: what its parts share, and the answers to {@link IpFamily}'s questions. */
final class Ipv4Family implements IpFamily {
  /** IPv4 addresses are v4-mapped: they differ behind 96 bits. */
  private static final int MAPPED_BITS = 96;

  /** 01:00:5e, the first half of the link addresses of groups (RFC 1112 §6.4). */
  static final long GROUP_MAC = 0x0100_5e00_0000L;

  private final Shard shard;
  private final FilterHooks hooks;
  private final Ipv4Config config;
  private final Ipv4Addresses addresses;
  private final RoutingTable routes = new RoutingTable(MAPPED_BITS);
  private final NarrowPaths narrowPaths;
  private final RouteCache cache;
  private final Arp arp;
  private final Icmpv4 icmp;
  private final IcmpErrors icmpErrors;
  private final Redirects redirects;
  private final Igmp igmp;
  private final Ipv4Fragments fragments;
  private final Ipv4Input input;
  private final Ipv4Output output;

  /** Null in a host. */
  private final Ipv4Forwarding forwarding;

  /** Changes whenever an address or a route does, so that routes look again. */
  private int generation;

  /** What the network says of the datagrams of an interface, by its index; 0 for nothing. */
  private int[] mtuLimits = {};

  /** The way to our own addresses, or null if there is none. */
  private final NextHop toOurselves;

  /** Null if no interface gets its addresses by it. */
  private Dhcp dhcp;

  Ipv4Family(Shard shard, Ipv4Config config) {
    this.shard = shard;
    this.hooks = new FilterHooks(shard);
    this.config = config;
    this.addresses = new Ipv4Addresses(shard.loopback() != null);
    this.narrowPaths = new NarrowPaths(shard.wheel());
    this.cache = new RouteCache(config.routes(), shard.random());
    NetInterface loopback = shard.loopback();
    this.toOurselves = loopback == null ? null : new NextHop(loopback, null, 0, null);
    this.arp = new Arp(shard, this, addresses, config);
    this.output = new Ipv4Output(shard, this);
    this.icmpErrors = new IcmpErrors(shard, this, addresses, config);
    this.icmp = new Icmpv4(shard, this, addresses, config);
    this.igmp = new Igmp(shard, addresses);
    this.fragments = new Ipv4Fragments(shard, icmpErrors, config);
    ForwardingConfig router = shard.setting(ForwardingConfig.class, null);
    // A router has routes that it has not from others' redirects.
    this.redirects = new Redirects(shard, this, addresses, router == null ? config.redirects() : 0);
    this.forwarding =
        router == null
            ? null
            : new Ipv4Forwarding(shard, this, addresses, routes, icmpErrors, router);
    this.input =
        new Ipv4Input(shard, this, addresses, icmp, icmpErrors, igmp, fragments, forwarding);
  }

  @Override
  public int version() {
    return 4;
  }

  @Override
  public Lookahead lookahead() {
    return forwarding == null ? null : forwarding.lookahead();
  }

  @Override
  public void input(Frame frame, NetInterface from, long now) {
    input.input(frame, from, now);
  }

  @Override
  public void resolutionInput(Frame frame, NetInterface from, long now) {
    arp.input(frame, from, now);
  }

  // ---- addresses and routes ----

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if no host can have the address
   */
  @Override
  public void addAddress(NetInterface to, IpPrefix address, long now) {
    int bits = address.address().v4Bits();
    int host = bits & ~address.v4Mask();
    boolean group = address.length() <= 30 && (host == 0 || host == ~address.v4Mask());
    if (Ipv4Addresses.isNoHost(bits) || group) {
      throw new IllegalArgumentException(address + " is not the address of a host");
    }
    arp.claim(to, address, config.probe(), now);
  }

  /** An address has become usable. */
  void install(NetInterface on, IpPrefix prefix) {
    if (!addresses.add(on, prefix)) {
      return;
    }
    long lo = prefix.address().lo();
    int length = MAPPED_BITS + prefix.length();
    // A network of one has nobody else on it. Of two addresses in one network, the first makes the
    // route.
    if (prefix.length() < 32 && routes.get(0, lo, length) == null) {
      routes.add(0, lo, length, new NextHop(on, null, 0, null));
    }
    generation++;
  }

  /** An address has been taken away, and with it its network if no other address is in it. */
  void uninstall(NetInterface on, IpPrefix prefix) {
    addresses.remove(on, prefix.address().v4Bits());
    redirects.forgetUnreachable();
    boolean shared =
        addresses.all().stream()
            .anyMatch(
                each ->
                    each.prefix().length() == prefix.length()
                        && each.covers(prefix.address().v4Bits()));
    if (prefix.length() < 32 && !shared) {
      removeRoute(prefix, new NextHop(on, null, 0, null));
    }
    generation++;
  }

  /** An address has become usable on this shard, which claimed it for all. */
  void installElsewhere(NetInterface on, IpPrefix prefix) {
    int index = on.index();
    shard
        .group()
        .submitToAll(
            other -> ((Ipv4Family) other.ipv4()).install(other.networkInterface(index), prefix));
  }

  @Override
  public void addRoute(IpPrefix destination, IpAddress via, NetInterface through) {
    addRoute(destination, new NextHop(through, via, 0, null));
  }

  @Override
  public void addRoute(IpPrefix destination, NextHop hop) {
    routes.add(0, destination.address().lo(), MAPPED_BITS + destination.length(), hop);
    generation++;
  }

  @Override
  public void removeRoute(IpPrefix destination, NextHop hop) {
    routes.remove(0, destination.address().lo(), MAPPED_BITS + destination.length(), hop);
    generation++;
  }

  /** The ways to exactly this prefix, or null if there is none. */
  NextHops ways(IpPrefix destination) {
    return routes.get(0, destination.address().lo(), MAPPED_BITS + destination.length());
  }

  /** The largest datagram that an interface takes, as the device or the network says. */
  int linkMtu(NetInterface on) {
    int limit = on.index() < mtuLimits.length ? mtuLimits[on.index()] : 0;
    return limit == 0 ? on.mtu() : Math.min(limit, on.mtu());
  }

  /** Limits the datagrams of an interface; 0 takes the limit away. */
  void limitMtu(NetInterface on, int bytes) {
    if (on.index() >= mtuLimits.length) {
      mtuLimits = Arrays.copyOf(mtuLimits, on.index() + 1);
    }
    mtuLimits[on.index()] = bytes;
    generation++;
  }

  @Override
  public void configure(NetInterface to, AddressChoice how, long now) {
    if (how != AddressChoice.DHCP) {
      IpFamily.super.configure(to, how, now);
    }
    if (dhcp == null) {
      dhcp = new Dhcp(shard, this, arp);
      input.dhcp(dhcp);
    }
    dhcp.add(to, now);
  }

  @Override
  public void close(long now) {
    if (dhcp != null) {
      dhcp.close(now);
    }
  }

  @Override
  public DropReason sendDatagram(Frame datagram, long now) {
    return output.sendDatagram(datagram, now);
  }

  @Override
  public boolean isLocal(long hi, long lo) {
    return IpAddress.isV4(hi, lo) && addresses.isOurs((int) lo);
  }

  @Override
  public List<IpPrefix> addresses() {
    return addresses.all().stream().map(Ipv4Addresses.Local::prefix).toList();
  }

  @Override
  public Route route(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    if (!IpAddress.isV4(destinationHi, destinationLo)) {
      return null;
    }
    return route((int) sourceLo, (int) destinationLo);
  }

  /** The route between two addresses, source 0 to let it be chosen; null if there is none. */
  Ipv4Route route(int source, int destination) {
    // Which source is chosen depends on the generation, which stands in for it: no host's address
    // starts with 0.
    long key = RouteCache.key(source == 0 ? generation & 0xff_ffff : source, destination);
    Ipv4Route route = cache.get(key);
    if (route != null && (route.isCurrent() || refresh(route))) {
      return route;
    }
    return makeRoute(source, destination, key);
  }

  @Override
  public Route knownRoute(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    return cache.get(RouteCache.key((int) sourceLo, (int) destinationLo));
  }

  /** The route from the destination of a received datagram to its source. */
  Ipv4Route routeBack(long header) {
    int ours = Ipv4Header.destination(header);
    int theirs = Ipv4Header.source(header);
    return route(ours, theirs);
  }

  private Ipv4Route makeRoute(int source, int destination, long key) {
    if (source != 0 && !addresses.isOurs(source)) {
      return null;
    }
    Ipv4Route route;
    if (source == 0) {
      NextHop next = findNextHop(0, destination);
      int chosen = next == null ? 0 : sourceFor(next, destination);
      route = chosen == 0 ? null : route(chosen, destination);
    } else {
      // RFC 7739 §5.3, for IPv4 as well: identifications start where nobody can guess, and count
      // per destination.
      long start = shard.secret().hash(key, shard.clock().now(), 4, 0, 0);
      route = new Ipv4Route(this, shard.counters(), source, destination, (int) start);
      if (!refresh(route)) {
        route = null;
      }
    }
    if (route != null) {
      cache.put(key, route);
    }
    return route;
  }

  /** The address to send from: the route's choice, else one that is near the next hop. */
  private int sourceFor(NextHop next, int destination) {
    if (next.through() == shard.loopback()) {
      return addresses.isLocal(destination) ? destination : Ipv4Addresses.LOOPBACK;
    }
    int preferred = (int) next.sourceLo();
    return addresses.isLocal(preferred)
        ? preferred
        : addresses.sourceFor(next.through(), next.isOnLink() ? destination : (int) next.viaLo());
  }

  /** Points a route at where its destination is reached now; false if it no longer is. */
  boolean refresh(Ipv4Route route) {
    int destination = route.destination();
    NextHop next = findNextHop(route.source(), destination);
    if (next == null || !mayLeave(route.source(), next.through())) {
      return false;
    }
    long group = -1;
    if (next.through() == shard.loopback()) {
      group = next.through().index();
    } else if (Ipv4Addresses.isMulticast(destination)) {
      group = GROUP_MAC | (destination & 0x7f_ffff);
    } else if (destination == Ipv4Addresses.LIMITED_BROADCAST
        || addresses.isDirectedBroadcast(destination)) {
      group = Ethernet.BROADCAST;
    }
    route.pointTo(next, group, generation);
    return true;
  }

  /** RFC 1122 §3.2.1.3 (g): addresses of 127/8 are not seen outside. */
  private boolean mayLeave(int source, NetInterface through) {
    return addresses.isLocal(source)
        || (through == shard.loopback() && addresses.isReachedInside(source));
  }

  /** The way from an address of ours, 0 if it is to be chosen, to a destination, or null. */
  NextHop findNextHop(int source, int destination) {
    if (addresses.isLocal(destination) || Ipv4Addresses.isLoopback(destination)) {
      return toOurselves;
    }
    boolean multicast = Ipv4Addresses.isMulticast(destination);
    boolean group = destination == Ipv4Addresses.LIMITED_BROADCAST || multicast;
    if (multicast && source != 0) {
      // RFC 1112 §6.1: who chooses the address to send from has chosen the interface.
      return interfaceOf(source);
    }
    if (!group && Ipv4Addresses.isNoHost(destination)) {
      return null;
    }
    NextHops found = routes.lookup(0, IpAddress.v4Lo(destination));
    if (found != null && destination != Ipv4Addresses.LIMITED_BROADCAST) {
      NextHop next =
          found.isSingle() ? found.first() : found.choose(source * 0x9e37_79b9 + destination);
      return group ? new NextHop(next.through(), null, 0, null) : next;
    }
    return group ? interfaceOf(source) : null;
  }

  /**
   * Groups without a route go out where the source address is, else through the first interface
   * with an address.
   */
  private NextHop interfaceOf(int source) {
    for (Ipv4Addresses.Local each : addresses.all()) {
      if (source == 0 || each.address() == source) {
        return new NextHop(each.on(), null, 0, null);
      }
    }
    return null;
  }

  // ---- groups ----

  @Override
  public void listen(
      Object listener, NetInterface on, long groupHi, long groupLo, SourceFilter wanted, long now) {
    if (!IpAddress.isV4(groupHi, groupLo) || !Ipv4Addresses.isMulticast((int) groupLo)) {
      throw new IllegalArgumentException(
          new IpAddress(groupHi, groupLo) + " is not a group of IPv4: those are 224.0.0.0/4");
    }
    memberships().listen(listener, on, groupHi, groupLo, wanted, now);
  }

  @Override
  public Route groupRoute(
      NetInterface through, long sourceHi, long sourceLo, long groupHi, long groupLo) {
    int source = (int) sourceLo == 0 ? addresses.firstOn(through) : (int) sourceLo;
    return source != 0 && addresses.isOn(through, source) ? route(source, (int) groupLo) : null;
  }

  Redirects redirects() {
    return redirects;
  }

  Memberships memberships() {
    return igmp.memberships();
  }

  // ---- errors ----

  @Override
  public void shortened(Frame datagram) {
    long at = datagram.l3Address();
    Ipv4Header.rewrite(
        at, (int) (datagram.address() - at) + datagram.length(), Ipv4Header.flagsAndOffset(at));
  }

  @Override
  public void sendUnreachable(Frame offending, IcmpError error, long now) {
    icmpErrors.sendUnreachable(offending, error, now);
  }

  /** The next hop of a datagram that was being forwarded does not answer. */
  void unreachableInTransit(Frame datagram, long now) {
    if (forwarding != null) {
      forwarding.unreachable(datagram, now);
    }
  }

  /**
   * Tells a transport, or the ping it came from, of an error about a packet of ours.
   *
   * @param from who says so: a router, or ourselves
   */
  void errorToTransport(
      int protocol,
      IcmpError error,
      int mtu,
      int source,
      int destination,
      long header,
      int quoted,
      int from,
      long now) {
    Transport transport = transport(protocol);
    if (transport != null && quoted >= IcmpHeader.SIZE) {
      transport.icmpError(
          error,
          mtu,
          0,
          IpAddress.v4Lo(source),
          0,
          IpAddress.v4Lo(destination),
          header,
          quoted,
          now);
    } else if (protocol == IpProtocol.ICMP && quoted >= IcmpHeader.SIZE) {
      icmp.errorToPing(error, destination, header, from);
    }
  }

  /** The transport with a protocol number, or null. */
  Transport transport(int protocol) {
    return switch (protocol) {
      case IpProtocol.TCP -> shard.tcp();
      case IpProtocol.UDP -> shard.udp();
      case IpProtocol.SCTP -> shard.sctp();
      case IpProtocol.UDP_LITE -> shard.udpLite();
      default -> null;
    };
  }

  // ---- what the parts share ----

  /** A random time below {@code bound}, nanoseconds. */
  long randomTime(long bound) {
    return shard.random().nextLong(bound);
  }

  int generation() {
    return generation;
  }

  Shard shard() {
    return shard;
  }

  /** Where the packet filter is asked. */
  FilterHooks hooks() {
    return hooks;
  }

  Ipv4Config config() {
    return config;
  }

  Ipv4Output output() {
    return output;
  }

  Reassembly reassembly() {
    return fragments.reassembly();
  }

  Icmpv4 icmp() {
    return icmp;
  }

  NeighborTable neighbors() {
    return arp.neighbors();
  }

  NarrowPaths narrowPaths() {
    return narrowPaths;
  }
}
