package io.millrace.ipv6.nd;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;

/**
 * Router advertisements as a host takes them (RFC 4861 §6.3.4): routers, prefixes, the link's
 * variables, DNS. Each shard takes each of them; addresses are made by the first.
 */
final class RouterDiscovery {
  /** The smallest MTU that a link of IPv6 has (RFC 8200 §5). */
  private static final int LEAST_MTU = 1_280;

  /** Two bits of preference that mean nothing (RFC 4191 §2.1). */
  private static final int RESERVED = -2;

  private final NdHost host;
  private final NdLinks links;
  private final NeighborTable neighbors;
  private final Autoconf autoconf;
  private final LearnedRoutes routes;
  private final OnLinkPrefixes prefixes;
  private final PrefixOrigins origins;
  private final DnsAdvertisements dns;
  private final boolean first;

  RouterDiscovery(
      NdHost host,
      NdLinks links,
      NeighborTable neighbors,
      LearnedRoutes routes,
      Autoconf autoconf,
      Ipv6Autoconf config) {
    this.host = host;
    this.links = links;
    this.neighbors = neighbors;
    this.autoconf = autoconf;
    this.routes = routes;
    this.prefixes = new OnLinkPrefixes(host, config.prefixes());
    this.origins = new PrefixOrigins(routes, config.prefixes() * config.routers());
    this.dns = new DnsAdvertisements(host, config.routers());
    this.first = host.shard().index() == 0;
  }

  /** The router to send from an address through; null if any is as good. */
  IpAddress routerFor(NetInterface on, long sourceHi, long sourceLo, long now) {
    long router = origins.routerFor(on, sourceHi, sourceLo, now);
    return router == 0 ? null : new IpAddress(NdAddress.LINK_LOCAL_HI, router);
  }

  /** A valid advertisement; it stays the caller's. */
  DropReason advertisement(Frame message, NetInterface from, long now) {
    NdLink link = links.of(from);
    // A router takes them where it was told to, as a host of that link (RFC 7084 §4.2, W-1).
    if (!link.isListening() || link.isAdvertised()) {
      return DropReason.ND_IGNORED;
    }
    long at = message.address();
    long end = at + message.length();
    long options = at + NdMessage.RA_SIZE;
    long router = message.sourceLo();
    if (host.stateOf(from, NdAddress.LINK_LOCAL_HI, router) != null) {
      return DropReason.ND_IGNORED;
    }
    long mac = NdMessage.linkAddress(message, NdOption.SOURCE_LINK_ADDRESS);
    if (mac >= 0) {
      neighbors.admit(from, NdAddress.LINK_LOCAL_HI, router, mac, now);
    }
    if (Bytes.u8(at + 4) != 0) {
      host.hopLimit(from, Bytes.u8(at + 4));
    }
    link.times(Bytes.u32(at + 8), Bytes.u32(at + 12));
    boolean room = defaultRouter(at, from, router, now);
    for (long option = options; option < end; option += NdOption.length(option)) {
      switch (NdOption.type(option)) {
        case NdOption.MTU -> mtu(option, from);
        case NdOption.PREFIX -> room &= prefix(option, from, router, now);
        case NdOption.ROUTE -> room &= route(option, from, router, now);
        default -> {
          // Others read the rest, or nobody: RFC 4861 §6.1.2.
        }
      }
    }
    dns.learn(from, router, options, end, now);
    int flags = Bytes.u8(at + 5);
    host.routerSays(
        from,
        router,
        link.isMakingAddresses(),
        (flags & NdMessage.RA_MANAGED) != 0,
        (flags & NdMessage.RA_OTHER) != 0,
        now);
    return room ? null : DropReason.ND_FULL;
  }

  private boolean defaultRouter(long at, NetInterface on, long router, long now) {
    long lifetime = Bytes.u16(at + 6);
    int preference = preference(Bytes.u8(at + 5));
    if (first && lifetime != 0) {
      autoconf.routerFound(on);
    }
    // RFC 4191 §2.2: the reserved value counts as medium.
    return routes.learnDefault(
        on, router, preference == RESERVED ? 0 : preference, Lifetime.end(lifetime, now), now);
  }

  /** The signed preference in the bits 3 and 4 of a byte (RFC 4191 §2.1). */
  private static int preference(int flags) {
    return (flags << 27) >> 30;
  }

  private void mtu(long option, NetInterface on) {
    long mtu = Bytes.u32(option + 4);
    if (NdOption.length(option) == NdOption.SIZE && mtu >= LEAST_MTU && mtu <= on.mtu()) {
      host.linkMtu(on, (int) mtu);
    }
  }

  private boolean prefix(long option, NetInterface on, long router, long now) {
    int length = Bytes.u8(option + 2);
    int flags = Bytes.u8(option + 3);
    long valid = Bytes.u32(option + 4);
    long preferred = Bytes.u32(option + 8);
    long hi = Bytes.i64(option + 16);
    if (NdOption.length(option) != NdOption.PREFIX_SIZE
        || length > 128
        || NdAddress.isLinkLocal(hi) // RFC 4861 §6.3.4, RFC 4862 §5.5.3 (b)
        || NdAddress.isMulticast(hi)) {
      return true;
    }
    IpPrefix prefix = masked(hi, Bytes.i64(option + 24), length);
    if (prefix.address().isV4()) {
      return true;
    }
    boolean room = true;
    long validUntil = Lifetime.end(valid, now);
    if ((flags & NdOption.PREFIX_ON_LINK) != 0) {
      room = prefixes.learn(on, prefix, validUntil, now);
    }
    // RFC 4862 §5.5.3 (c) and (d): no sense in the lifetimes, or not the length of our identifiers.
    if ((flags & NdOption.PREFIX_AUTONOMOUS) != 0 && preferred <= valid && length == 64) {
      origins.learn(on, prefix, router, validUntil, now);
      if (first && links.of(on).isMakingAddresses()) {
        autoconf.prefix(on, hi, preferred, valid, now);
      }
    }
    return room;
  }

  /** RFC 4191 §2.3. */
  private boolean route(long option, NetInterface on, long router, long now) {
    int size = NdOption.length(option);
    int length = Bytes.u8(option + 2);
    int preference = preference(Bytes.u8(option + 3));
    // As many bytes of prefix as the length needs, at least; the reserved preference is ignored.
    if (size > 24
        || length > 128
        || (length > 64 && size < 24)
        || (length > 0 && size < 16)
        || preference == RESERVED) {
      return true;
    }
    long hi = size > 8 ? Bytes.i64(option + 8) : 0;
    long lo = size > 16 ? Bytes.i64(option + 16) : 0;
    IpPrefix prefix = masked(hi, lo, length);
    if (prefix.address().isV4()
        || (length > 0 && (NdAddress.isLinkLocal(hi) || NdAddress.isMulticast(hi)))) {
      return true;
    }
    long until = Lifetime.end(Bytes.u32(option + 4), now);
    return routes.learn(on, prefix, router, preference, until, now);
  }

  private static IpPrefix masked(long hi, long lo, int length) {
    IpAddress address = new IpAddress(hi & NdAddress.maskHi(length), lo & NdAddress.maskLo(length));
    // What would be an IPv4 address is no prefix of ours; /32 lets it be told.
    return new IpPrefix(address, address.isV4() ? 32 : length);
  }
}
