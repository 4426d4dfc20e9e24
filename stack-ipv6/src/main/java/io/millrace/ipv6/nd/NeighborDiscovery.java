package io.millrace.ipv6.nd;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.ipv6.Ipv6RouterConfig;
import io.millrace.link.Ethernet;
import io.millrace.link.Neighbor;
import io.millrace.link.NeighborConfig;
import io.millrace.link.NeighborResolver;
import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import java.util.HashMap;
import java.util.Map;

/**
 * Neighbor Discovery (RFC 4861) and address autoconfiguration (RFC 4862) on one shard.
 *
 * <p>Each shard has its own neighbors, routers and prefixes, and is shown every message; only the
 * shard that received a solicitation answers it, and only the first claims addresses, for all.
 * <b>Thread:</b> the shard's.
 */
public final class NeighborDiscovery implements NeighborResolver {
  private final NdHost host;
  private final Shard shard;
  private final Counters counters;
  private final NeighborTable neighbors;
  private final AddressTable addresses;
  private final Solicitations solicitations;
  private final NdLinks links;
  private final Autoconf autoconf;
  private final LeasedAddresses leases;
  private final LearnedRoutes routes;
  private final RouterDiscovery routers;
  private final Redirects redirects;
  private final RedirectWriter redirectWriter;
  private final NdOutput output;

  /** By interface, where we advertise; on the first shard. */
  private final Map<NetInterface, RouterDaemon> daemons = new HashMap<>();

  /**
   * Creates the shard's part.
   *
   * @param neighborConfig the bounds of the table of neighbors; its times give way to those of RFC
   *     4861 §10 and of routers
   */
  public NeighborDiscovery(NdHost host, NeighborConfig neighborConfig, Ipv6Autoconf config) {
    this.host = host;
    this.shard = host.shard();
    this.counters = shard.counters();
    this.neighbors =
        new NeighborTable(
            neighborConfig, Ethernet.TYPE_IPV6, this, shard.wheel(), counters, shard.secret());
    this.links = new NdLinks(host, neighbors);
    this.output = new NdOutput(host, links);
    this.redirectWriter = new RedirectWriter(host, output, neighbors);
    this.addresses = new AddressTable(host, links, output, config);
    this.autoconf = new Autoconf(host, links, output, addresses, config);
    this.leases = new LeasedAddresses(addresses, autoconf);
    this.routes = new LearnedRoutes(host, config.routers(), config.prefixes());
    this.routers = new RouterDiscovery(host, links, neighbors, routes, autoconf, config);
    this.solicitations = new Solicitations(host, neighbors, output, addresses, routes);
    this.redirects = new Redirects(host, links, neighbors, config.redirects());
  }

  /**
   * The next hops; the family's routes ask here. Link-local addresses are those of the wire, as the
   * interface tells them apart.
   */
  public NeighborTable neighbors() {
    return neighbors;
  }

  /**
   * Starts on an interface: claims a link-local address. To be called once per interface on every
   * shard, before the first address.
   */
  public void start(NetInterface on, long now) {
    host.joinGroup(on, NdAddress.LINK_GROUP_HI, NdAddress.ALL_NODES_LO);
    if (host.isRouter(on)) {
      host.joinGroup(on, NdAddress.LINK_GROUP_HI, NdAddress.ALL_ROUTERS_LO); // RFC 4291 §2.8
    }
    if (shard.index() == 0) {
      autoconf.linkLocal(on, 0, now);
    }
  }

  /**
   * Claims a configured address and its on-link prefix: the first shard does so for all, others
   * ignore it. It is installed on all shards when nobody else has turned out to have it.
   */
  public void claimAddress(NetInterface on, IpPrefix address, long now) {
    if (shard.index() == 0) {
      AddressClaim claim =
          new AddressClaim(addresses, on, address, AddressClaim.Origin.CONFIGURED, 0);
      addresses.add(claim, false, now);
    }
  }

  /**
   * Listens to routers on an interface from now on, asks for them, and makes addresses of the
   * prefixes that they advertise: the choice {@code auto}. To be called on every shard.
   */
  public void autoconfigure(NetInterface on, long now) {
    links.of(on).makeAddresses();
    listen(on, now);
  }

  /**
   * Listens to routers on an interface from now on, and asks for them; makes no addresses. To be
   * called on every shard.
   */
  public void listen(NetInterface on, long now) {
    links.of(on).listen();
    if (shard.index() == 0) {
      autoconf.start(on, now);
    }
  }

  /**
   * Claims an address that a server has leased, or gives one other times; on the first shard, for
   * all. It is installed when nobody else has turned out to have it.
   *
   * @param preferredUntil when it is not to be chosen any more; {@code Long.MAX_VALUE} for never
   * @param validUntil when it is taken away, likewise
   * @param holder is told if it is a duplicate
   */
  public void lease(
      NetInterface on,
      IpAddress address,
      long preferredUntil,
      long validUntil,
      LeaseHolder holder,
      long now) {
    leases.put(on, address, preferredUntil, validUntil, holder, now);
  }

  /** Gives a leased address up, on all shards; nothing happens if it is none. */
  public void endLease(NetInterface on, IpAddress address) {
    leases.remove(on, address);
  }

  /**
   * The router to send through from a source address of ours (RFC 8028 §3.1), where the route that
   * was found is the default one of {@link NdHost#setRoute}: a router that has given us the prefix
   * and answers.
   *
   * @return null if there is none: the route's router is as good
   */
  public IpAddress routerFor(NetInterface on, long sourceHi, long sourceLo, long now) {
    return routers.routerFor(on, sourceHi, sourceLo, now);
  }

  // ---- in ----

  /**
   * Takes ownership of an ICMPv6 message of type 133 to 137 whose checksum is right. The window is
   * the whole message from the ICMPv6 header on to the end of the datagram; addresses and hop limit
   * are on the frame, and its network header is marked.
   */
  public void input(int type, Frame message, NetInterface from, long now) {
    boolean first = !message.has(Frame.HANDED_OVER);
    if (first) {
      counters.increment(Counter.ND_IN);
    }
    DropReason dropped;
    if (!NdMessage.isValid(type, message)) {
      dropped = DropReason.ND_MALFORMED;
    } else {
      if (first && shard.group().size() > 1) {
        // It comes in by one queue, but any shard may know the neighbor, and the first decides.
        shard.group().handOverToAll(message);
      }
      dropped = accept(type, message, from, now);
    }
    if (dropped != null && first) {
      counters.drop(dropped);
    }
    message.release();
  }

  private DropReason accept(int type, Frame message, NetInterface from, long now) {
    return switch (type) {
      case NdMessage.NEIGHBOR_SOLICITATION -> solicitations.solicitation(message, from, now);
      case NdMessage.NEIGHBOR_ADVERTISEMENT -> solicitations.advertisement(message, from, now);
      case NdMessage.ROUTER_ADVERTISEMENT -> routers.advertisement(message, from, now);
      case NdMessage.REDIRECT -> redirects.redirect(message, from, now);
      default -> solicitedByHost(message, from, now);
    };
  }

  // ---- as a router ----

  /**
   * Advertises us as a router on an interface from now on (RFC 4861 §6.2). To be called on every
   * shard, behind {@link #start}.
   */
  public void advertise(NetInterface on, Ipv6RouterConfig.Link config, long now) {
    links.of(on).advertise();
    // RFC 4861 §6.2.2, RFC 4291 §2.8.
    host.joinGroup(on, NdAddress.LINK_GROUP_HI, NdAddress.ALL_ROUTERS_LO);
    if (shard.index() == 0) {
      RouterDaemon daemon = new RouterDaemon(host, output, on, config);
      daemons.put(on, daemon);
      daemon.start(now);
    }
  }

  /** RFC 4861 §6.2.6; where we are no router, §6.1.1 has it dropped. */
  private DropReason solicitedByHost(Frame message, NetInterface from, long now) {
    if (!links.isRouter(from)) {
      return DropReason.ND_IGNORED;
    }
    long mac = NdMessage.linkAddress(message, NdOption.SOURCE_LINK_ADDRESS);
    if (mac >= 0) {
      long hi = NdAddress.wireHi(message.sourceHi());
      neighbors.admit(from, hi, message.sourceLo(), mac, now);
      if (NdAddress.isLinkLocal(hi)) {
        routes.noRouter(from, message.sourceLo(), now);
      }
    }
    RouterDaemon daemon = daemons.get(from);
    if (daemon != null) {
      daemon.solicited(now);
    }
    return null;
  }

  /**
   * Tells the source of a packet that we forward back out of the interface that it came in by of a
   * better first hop (RFC 4861 §8.2). The caller limits the rate, and has checked that the source
   * is a neighbor.
   *
   * @param offending the packet, its window at the IPv6 header; it stays the caller's
   * @param targetHi with {@code targetLo} the other router's link-local address, or the packet's
   *     destination where that is a neighbor itself
   * @return whether a redirect was sent
   */
  public boolean sendRedirect(
      Frame offending, NetInterface on, long targetHi, long targetLo, long now) {
    return redirectWriter.send(offending, on, NdAddress.wireHi(targetHi), targetLo, now);
  }

  /** The shard is being closed: hosts are told that we are no router any more (RFC 4861 §6.2.5). */
  public void close(long now) {
    daemons.values().forEach(each -> each.close(now));
  }

  // ---- for the table of neighbors ----

  @Override
  public void solicit(Neighbor neighbor, long now) {
    solicitations.solicit(neighbor, now);
  }

  @Override
  public void unreachable(Frame datagram, long now) {
    host.unreachable(datagram, now);
  }

  @Override
  public void lost(Neighbor neighbor, long now) {
    NetInterface on = neighbor.networkInterface();
    redirects.lost(on, neighbor.hi(), neighbor.lo());
    if (NdAddress.isLinkLocal(neighbor.hi())) {
      routes.lost(on, neighbor.lo(), now);
    }
  }
}
