package io.millrace.ipv6;

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
import io.millrace.ip.Ipv6Scope;
import io.millrace.ip.Lookahead;
import io.millrace.ip.NarrowPaths;
import io.millrace.ip.NextHop;
import io.millrace.ip.NextHops;
import io.millrace.ip.Reassembly;
import io.millrace.ip.Route;
import io.millrace.ip.SourceFilter;
import io.millrace.ipv6.mld.Mld;
import io.millrace.ipv6.nd.NeighborDiscovery;
import io.millrace.link.NeighborConfig;
import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.transport.Transport;
import java.util.Arrays;
import java.util.List;

/**
 * IPv6 on one shard: what its parts share, and the answers to {@link IpFamily}'s questions.
 *
 * <p>Interfaces without an IPv6 address or {@code auto} among their addresses keep silent: Neighbor
 * Discovery starts on an interface with the first of these, and makes its link-local address.
 */
final class Ipv6Family implements IpFamily {
  /** 33:33, the first half of the link addresses of groups (RFC 2464 §7). */
  private static final long GROUP_MAC = 0x3333_0000_0000L;

  /** RFC 4861 §6.3.2 leaves it to assigned numbers: 64. */
  private static final int DEFAULT_HOP_LIMIT = 64;

  private final Shard shard;
  private final FilterHooks hooks;
  private final Ipv6Addresses addresses;

  /** The way to our own addresses, or null if there is none. */
  private final NextHop toOurselves;

  private final Ipv6Routes routes = new Ipv6Routes();
  private final Ipv6RouterConfig router;
  private final NarrowPaths narrowPaths;
  private final RouteCache cache;
  private final Ipv6NdHost ndHost;
  private final NeighborDiscovery discovery;
  private final Mld mld;
  private final Icmpv6 icmp;
  private final Icmpv6Errors errors;
  private final Ipv6Fragments fragments;
  private final Ipv6Input input;
  private final Dhcp6 dhcp;
  private final Ipv6Output output;

  /** Null in a host. */
  private final Ipv6Forwarding forwarding;

  /** Per interface: the MTU and hop limit that routers say, 0 if none does; whether ND runs. */
  private int[] linkMtus = {};

  private int[] hopLimits = {};
  private boolean[] started = {};

  /** Changes whenever an address or a route does, so that routes look again. */
  private int generation;

  Ipv6Family(Shard shard, Ipv6Config config, Ipv6Autoconf autoconf) {
    this.shard = shard;
    this.hooks = new FilterHooks(shard);
    this.addresses = new Ipv6Addresses(shard.loopback() != null);
    NetInterface loopback = shard.loopback();
    this.toOurselves = loopback == null ? null : new NextHop(loopback, null, 0, null);
    this.router = shard.setting(Ipv6RouterConfig.class, Ipv6RouterConfig.NONE);
    this.narrowPaths = new NarrowPaths(shard.wheel());
    this.cache = new RouteCache(config.routes(), shard.random());
    this.output = new Ipv6Output(shard, this);
    this.errors = new Icmpv6Errors(shard, this, config);
    this.ndHost = new Ipv6NdHost(shard, this, addresses, routes);
    this.mld = new Mld(ndHost, each -> ((Ipv6Family) each.ipv6()).mld());
    this.discovery = new NeighborDiscovery(ndHost, NeighborConfig.defaults(), autoconf);
    this.icmp = new Icmpv6(shard, this, addresses, discovery, mld, config);
    this.fragments = new Ipv6Fragments(shard, errors, config);
    this.dhcp = new Dhcp6(shard, this);
    ForwardingConfig forwards = shard.setting(ForwardingConfig.class, null);
    this.forwarding =
        forwards == null
            ? null
            : new Ipv6Forwarding(
                shard, this, addresses, routes, discovery, errors, config, forwards);
    this.input =
        new Ipv6Input(
            shard, this, addresses, mld.memberships(), icmp, errors, fragments, forwarding, config);
  }

  @Override
  public int version() {
    return 6;
  }

  @Override
  public Lookahead lookahead() {
    return forwarding == null ? null : forwarding.lookahead();
  }

  @Override
  public void input(Frame frame, NetInterface from, long now) {
    input.input(frame, from, now);
  }

  /** Resolution has no EtherType of its own here: nothing comes this way. */
  @Override
  public void resolutionInput(Frame frame, NetInterface from, long now) {
    throw new IllegalStateException("IPv6 resolves addresses by ICMPv6");
  }

  // ---- addresses and routes ----

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if no host can have the address
   */
  @Override
  public void addAddress(NetInterface to, IpPrefix address, long now) {
    long hi = Ipv6Scope.onWire(address.address().hi());
    long lo = address.address().lo();
    if ((hi | lo) == 0 || Ipv6Addresses.isNoHost(hi, lo)) {
      throw new IllegalArgumentException(address + " is not the address of a host");
    }
    start(to, now);
    discovery.claimAddress(to, new IpPrefix(new IpAddress(hi, lo), address.length()), now);
  }

  @Override
  public void configure(NetInterface to, AddressChoice how, long now) {
    switch (how) {
      case AUTO -> {
        start(to, now);
        discovery.autoconfigure(to, now);
      }
      case DHCP6 -> {
        start(to, now);
        // Routes and the link's prefixes come from routers only.
        discovery.listen(to, now);
        dhcp.add(to, discovery, now);
        input.dhcp(dhcp);
      }
      case DHCP -> IpFamily.super.configure(to, how, now);
    }
  }

  /** A router has advertised itself on a port that listens. */
  void routerSays(
      NetInterface on,
      long router,
      boolean makingAddresses,
      boolean managed,
      boolean other,
      long now) {
    dhcp.routerSays(on, discovery, router, makingAddresses, managed, other, now);
    if (dhcp.isActive()) {
      input.dhcp(dhcp);
    }
  }

  /** Starts Neighbor Discovery on an interface, once. */
  private void start(NetInterface on, long now) {
    int index = on.index();
    if (started.length <= index) {
      started = Arrays.copyOf(started, index + 1);
    }
    if (!started[index]) {
      started[index] = true;
      discovery.start(on, now);
      for (Ipv6RouterConfig.Link each : router.links()) {
        if (each.port() == index) {
          discovery.advertise(on, each, now);
        }
      }
    }
  }

  @Override
  public void addRoute(IpPrefix destination, IpAddress via, NetInterface through) {
    addRoute(destination, new NextHop(through, via, 0, null));
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the metric is 2<sup>30</sup> or more: those are of what
   *     Neighbor Discovery finds out
   */
  @Override
  public void addRoute(IpPrefix destination, NextHop hop) {
    if (hop.metric() >= Ipv6Routes.FIRST_FOUND_METRIC) {
      throw new IllegalArgumentException(
          "a metric of an IPv6 route is less than 2^30, not " + hop.metric());
    }
    routes.add(destination, onWire(hop));
    changed();
  }

  @Override
  public void removeRoute(IpPrefix destination, NextHop hop) {
    routes.remove(destination, onWire(hop));
    changed();
  }

  /** The same way with its router's address as on the wire: its link is the interface's. */
  private static NextHop onWire(NextHop hop) {
    return Ipv6Scope.zone(hop.viaHi()) == 0
        ? hop
        : new NextHop(
            hop.through(),
            new IpAddress(Ipv6Scope.onWire(hop.viaHi()), hop.viaLo()),
            hop.metric(),
            (hop.sourceHi() | hop.sourceLo()) == 0
                ? null
                : new IpAddress(hop.sourceHi(), hop.sourceLo()));
  }

  /** An address or a route has changed. */
  void changed() {
    generation++;
  }

  @Override
  public DropReason sendDatagram(Frame datagram, long now) {
    return output.sendDatagram(datagram, now);
  }

  @Override
  public boolean isLocal(long hi, long lo) {
    return addresses.isOurs(hi, lo);
  }

  @Override
  public List<IpPrefix> addresses() {
    return addresses.all().stream().map(Ipv6Addresses.Local::prefix).toList();
  }

  /**
   * {@inheritDoc}
   *
   * <p>A link-local destination without a zone is on the link of the source, or of the first port.
   * A group is reached through the interface of the source, or through the first with an address.
   */
  @Override
  public Route route(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    return routeTo(sourceHi, sourceLo, destinationHi, destinationLo);
  }

  /** The route between two addresses, source 0 to let it be chosen; null if there is none. */
  Ipv6Route routeTo(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    // Which source is chosen depends on the generation, which stands in for it: no host's address
    // starts with 0.
    boolean any = (sourceHi | sourceLo) == 0;
    long keyLo = any ? generation & 0xff_ffff : sourceLo;
    Ipv6Route route = cache.get(sourceHi, keyLo, destinationHi, destinationLo);
    if (route != null && (route.isCurrent() || refresh(route))) {
      return route;
    }
    long zonedHi = zoned(sourceHi, destinationHi);
    route =
        zonedHi != destinationHi
            ? routeTo(sourceHi, sourceLo, zonedHi, destinationLo)
            : makeRoute(sourceHi, sourceLo, destinationHi, destinationLo);
    if (route != null) {
      cache.put(sourceHi, keyLo, destinationHi, destinationLo, route);
    }
    return route;
  }

  @Override
  public Ipv6Route knownRoute(
      long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    return cache.get(sourceHi, sourceLo, destinationHi, destinationLo);
  }

  /** Somebody says that our replies to a host's echoes are too big; if there were none, he lies. */
  void learnReplyMtu(
      long sourceHi, long sourceLo, long destinationHi, long destinationLo, int mtu, long now) {
    Ipv6Route route = knownRoute(sourceHi, sourceLo, destinationHi, destinationLo);
    if (route != null) {
      route.learnReplyMtu(mtu, now);
    }
  }

  /** The first half of a destination, with a zone if it needs one and has none. */
  private static long zoned(long sourceHi, long destinationHi) {
    if (destinationHi != Ipv6Scope.LINK_LOCAL) {
      return destinationHi;
    }
    int zone = Ipv6Scope.zone(sourceHi);
    return Ipv6Scope.onLink(destinationHi, zone == 0 ? 0 : zone - 1);
  }

  private Ipv6Route makeRoute(
      long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    boolean inside = isInside(destinationHi, destinationLo);
    if ((sourceHi | sourceLo) == 0) {
      if (inside) {
        return routeTo(destinationHi, destinationLo, destinationHi, destinationLo);
      }
      NextHop next = findNextHop(0, 0, destinationHi, destinationLo);
      IpAddress chosen = next == null ? null : sourceFor(next, destinationHi, destinationLo);
      return chosen == null
          ? null
          : routeTo(chosen.hi(), chosen.lo(), destinationHi, destinationLo);
    }
    long secret =
        shard.secret().hash(sourceHi, sourceLo, destinationHi, destinationLo, shard.clock().now());
    Ipv6Route route =
        new Ipv6Route(
            this, shard.counters(), sourceHi, sourceLo, destinationHi, destinationLo, secret);
    return refresh(route) ? route : null;
  }

  /** The address to send from: the route's choice, else that of RFC 6724. */
  private IpAddress sourceFor(NextHop next, long destinationHi, long destinationLo) {
    return addresses.isLocal(next.sourceHi(), next.sourceLo())
        ? new IpAddress(next.sourceHi(), next.sourceLo())
        : addresses.sourceFor(next.through(), new IpAddress(destinationHi, destinationLo), false);
  }

  /** Points a route at where its destination is reached now; false if it no longer is. */
  boolean refresh(Ipv6Route route) {
    long hi = route.destinationHi();
    long lo = route.destinationLo();
    if (isInside(hi, lo)) {
      return pointToOurselves(route, hi);
    }
    NextHop next = findNextHop(route.sourceHi(), route.sourceLo(), hi, lo);
    if (next == null || !addresses.isLocal(route.sourceHi(), route.sourceLo())) {
      return false;
    }
    if (Ipv6Routes.isLearnedDefault(next)) {
      IpAddress better =
          discovery.routerFor(
              next.through(),
              Ipv6Scope.onWire(route.sourceHi()),
              route.sourceLo(),
              shard.clock().now());
      next = better == null ? next : new NextHop(next.through(), better, 0, null);
    }
    route.pointTo(next, Ipv6Addresses.isMulticast(hi) ? groupMac(lo) : -1, generation);
    return true;
  }

  /** Whether an address is ourselves, so that nothing that is sent there leaves. */
  private boolean isInside(long hi, long lo) {
    return addresses.isLocal(hi, lo) || Ipv6Addresses.isLoopback(hi, lo);
  }

  /** Addresses of one link keep their meaning: what is sent to or from them comes in there. */
  private boolean pointToOurselves(Ipv6Route route, long destinationHi) {
    NetInterface loopback = shard.loopback();
    long sourceHi = route.sourceHi();
    int from = Ipv6Scope.zone(sourceHi);
    int to = Ipv6Scope.zone(destinationHi);
    if (loopback == null
        || !addresses.isReachedInside(sourceHi, route.sourceLo())
        || (from != 0 && to != 0 && from != to)) {
      return false;
    }
    int zone = Math.max(from, to);
    route.pointTo(toOurselves, zone == 0 ? loopback.index() : zone - 1, generation);
    return true;
  }

  NetInterface loopback() {
    return shard.loopback();
  }

  /** The link address of a group. */
  static long groupMac(long lo) {
    return GROUP_MAC | (lo & 0xffff_ffffL);
  }

  private NextHop findNextHop(long sourceHi, long sourceLo, long hi, long lo) {
    if (Ipv6Addresses.isMulticast(hi)) {
      return onLink(groupInterface(sourceHi, sourceLo));
    }
    if (Ipv6Scope.isLinkLocal(hi)) {
      int index = Ipv6Scope.zone(hi) - 1;
      boolean known = index >= 0 && index < shard.interfaceCount();
      // RFC 4007 §6: a zone's addresses are sent to from inside the zone; other sources of ours are
      // reached there as well.
      boolean same = Ipv6Scope.zone(sourceHi) == 0 || Ipv6Scope.zone(sourceHi) == index + 1;
      return known && same ? onLink(shard.networkInterface(index)) : null;
    }
    if ((hi | lo) == 0 || Ipv6Addresses.isNoHost(hi, lo)) {
      return null;
    }
    NextHops ways = routes.lookup(hi, lo);
    if (ways == null) {
      return null;
    }
    NextHop next =
        ways.isSingle()
            ? ways.first()
            : ways.choose(Long.hashCode((sourceHi * 31 + sourceLo) * 31 + hi * 31 + lo));
    // RFC 4291 §2.5.6: nothing from a link-local address leaves the link.
    boolean leaves =
        Ipv6Scope.isLinkLocal(sourceHi) && Ipv6Scope.zone(sourceHi) != next.through().index() + 1;
    return leaves ? null : next;
  }

  private static NextHop onLink(NetInterface through) {
    return through == null ? null : new NextHop(through, null, 0, null);
  }

  private NetInterface groupInterface(long sourceHi, long sourceLo) {
    if ((sourceHi | sourceLo) != 0) {
      return addresses.interfaceOf(sourceHi, sourceLo);
    }
    return addresses.all().isEmpty() ? null : addresses.all().getFirst().on();
  }

  // ---- groups ----

  @Override
  public void listen(
      Object listener, NetInterface on, long groupHi, long groupLo, SourceFilter wanted, long now) {
    if (!Ipv6Addresses.isMulticast(groupHi)) {
      throw new IllegalArgumentException(
          new IpAddress(groupHi, groupLo) + " is not a group of IPv6: those are ff00::/8");
    }
    mld.memberships().listen(listener, on, groupHi, groupLo, wanted, now);
  }

  @Override
  public Route groupRoute(
      NetInterface through, long sourceHi, long sourceLo, long groupHi, long groupLo) {
    IpAddress source =
        (sourceHi | sourceLo) == 0
            ? addresses.sourceFor(through, new IpAddress(groupHi, groupLo), false)
            : new IpAddress(sourceHi, sourceLo);
    return source == null || addresses.find(through, source) == null
        ? null
        : routeTo(source.hi(), source.lo(), groupHi, groupLo);
  }

  @Override
  public void close(long now) {
    dhcp.close(now);
    discovery.close(now);
  }

  // ---- errors ----

  @Override
  public void shortened(Frame datagram) {
    long at = datagram.l3Address();
    int payload = (int) (datagram.address() - at) + datagram.length() - Ipv6Header.SIZE;
    Ipv6Header.rewrite(at, payload, Ipv6Header.trafficClass(at));
  }

  @Override
  public void sendUnreachable(Frame offending, IcmpError error, long now) {
    errors.sendUnreachable(offending, error, now);
  }

  /** The next hop of a packet that was being forwarded does not answer. */
  void unreachableInTransit(Frame packet, long now) {
    if (forwarding != null) {
      forwarding.unreachable(packet, now);
    }
  }

  /**
   * Tells a transport, or the ping it came from, of an error about a packet of ours.
   *
   * @param fromHi with {@code fromLo} who says so: a router, or ourselves
   */
  void errorToTransport(
      int protocol,
      IcmpError error,
      int mtu,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      long header,
      int quoted,
      long fromHi,
      long fromLo,
      long now) {
    Transport transport = transport(protocol);
    if (transport != null && quoted >= Icmpv6Header.SIZE) {
      transport.icmpError(
          error, mtu, sourceHi, sourceLo, destinationHi, destinationLo, header, quoted, now);
    } else if (protocol == IpProtocol.ICMPV6 && quoted >= Icmpv6Header.SIZE) {
      icmp.errorToPing(
          error,
          mtu,
          sourceHi,
          sourceLo,
          destinationHi,
          destinationLo,
          header,
          fromHi,
          fromLo,
          now);
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

  void linkMtu(NetInterface on, int mtu) {
    linkMtus = grown(linkMtus, on);
    if (linkMtus[on.index()] != mtu) {
      linkMtus[on.index()] = mtu;
      changed();
    }
  }

  /** The largest packet that an interface takes, as the device or a router says. */
  int linkMtu(NetInterface on) {
    int said = on.index() < linkMtus.length ? linkMtus[on.index()] : 0;
    return said == 0 ? on.mtu() : Math.min(said, on.mtu());
  }

  void hopLimit(NetInterface on, int hopLimit) {
    hopLimits = grown(hopLimits, on);
    if (hopLimits[on.index()] != hopLimit) {
      hopLimits[on.index()] = hopLimit;
      changed();
    }
  }

  /** The hop limit of what goes through an interface and has none of its own. */
  int hopLimit(NetInterface on) {
    int said = on.index() < hopLimits.length ? hopLimits[on.index()] : 0;
    return said == 0 ? DEFAULT_HOP_LIMIT : said;
  }

  private static int[] grown(int[] perInterface, NetInterface on) {
    return on.index() < perInterface.length
        ? perInterface
        : Arrays.copyOf(perInterface, on.index() + 1);
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

  /** Whether packets for others are forwarded. */
  boolean isRouter() {
    return forwarding != null;
  }

  Ipv6Output output() {
    return output;
  }

  Reassembly reassembly() {
    return fragments.reassembly();
  }

  Icmpv6 icmp() {
    return icmp;
  }

  Mld mld() {
    return mld;
  }

  Ipv6NdHost ndHost() {
    return ndHost;
  }

  NeighborTable neighbors() {
    return discovery.neighbors();
  }

  NarrowPaths narrowPaths() {
    return narrowPaths;
  }
}
