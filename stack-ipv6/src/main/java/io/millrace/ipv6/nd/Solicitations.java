package io.millrace.ipv6.nd;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.link.Neighbor;
import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;

/**
 * Neighbor solicitations and advertisements that come in (RFC 4861 §7.2): answers for our
 * addresses, and what neighbors say about theirs.
 *
 * <p>An advertisement changes neighbors that we know and makes none (§7.2.5); a solicitation for an
 * address of ours makes one, which the table bounds.
 */
final class Solicitations {
  private final NdHost host;
  private final Counters counters;
  private final NeighborTable neighbors;
  private final NdOutput output;
  private final AddressTable addresses;
  private final LearnedRoutes routes;

  Solicitations(
      NdHost host,
      NeighborTable neighbors,
      NdOutput output,
      AddressTable addresses,
      LearnedRoutes routes) {
    this.host = host;
    this.counters = host.shard().counters();
    this.neighbors = neighbors;
    this.output = output;
    this.addresses = addresses;
    this.routes = routes;
  }

  // ---- in ----

  /** A valid solicitation; it stays the caller's. */
  DropReason solicitation(Frame message, NetInterface from, long now) {
    long at = message.address();
    long hi = NdMessage.targetHi(at);
    long lo = NdMessage.targetLo(at);
    if (NdMessage.isFromNobody(message)) {
      return probed(message, from, hi, lo, now);
    }
    // RFC 4862 §5.4.3: who resolves an address that is still tentative gets no answer.
    AddressState state = host.stateOf(from, hi, lo);
    if (state == null) {
      return DropReason.ND_NOT_FOR_US;
    }
    long sourceHi = NdAddress.wireHi(message.sourceHi());
    long sourceLo = message.sourceLo();
    if (host.stateOf(from, sourceHi, sourceLo) != null) {
      // Our own, come back on a looping link, or somebody with our address.
      return DropReason.ND_IGNORED;
    }
    long mac = NdMessage.linkAddress(message, NdOption.SOURCE_LINK_ADDRESS);
    if (mac >= 0) {
      // RFC 4861 §7.2.3: created or updated, and STALE if that changes anything.
      neighbors.admit(from, sourceHi, sourceLo, mac, now);
    }
    if (!message.has(Frame.HANDED_OVER)) {
      int override = state == AddressState.OPTIMISTIC ? 0 : NdMessage.OVERRIDE;
      output.advertise(from, mac, sourceHi, sourceLo, hi, lo, NdMessage.SOLICITED | override, now);
    }
    return null;
  }

  /** Somebody wants an address and asks from none (RFC 4862 §5.4.3). */
  private DropReason probed(Frame message, NetInterface from, long hi, long lo, long now) {
    long options = message.address() + NdMessage.NS_SIZE;
    long nonce = NdOption.nonce(options, message.address() + message.length());
    AddressClaim claim = addresses.find(from, hi, lo);
    if (claim != null && claim.isOpen()) {
      claim.onProbe(nonce, now);
      return null;
    }
    if (claim != null && claim.isNonce(nonce)) {
      return DropReason.ND_IGNORED;
    }
    if (host.stateOf(from, hi, lo) == null) {
      return DropReason.ND_NOT_FOR_US;
    }
    if (!message.has(Frame.HANDED_OVER)) {
      // RFC 4861 §7.2.4: to all nodes, as the asker has no address yet.
      output.advertise(
          from,
          NdAddress.groupMac(NdAddress.ALL_NODES_LO),
          NdAddress.LINK_GROUP_HI,
          NdAddress.ALL_NODES_LO,
          hi,
          lo,
          NdMessage.OVERRIDE,
          now);
    }
    return null;
  }

  /** A valid advertisement; it stays the caller's. */
  DropReason advertisement(Frame message, NetInterface from, long now) {
    long at = message.address();
    long hi = NdMessage.targetHi(at);
    long lo = NdMessage.targetLo(at);
    long mac = NdMessage.linkAddress(message, NdOption.TARGET_LINK_ADDRESS);
    AddressClaim claim = addresses.find(from, hi, lo);
    AddressState state = host.stateOf(from, hi, lo);
    if (claim != null || state != null) {
      return contradicted(claim, state, mac == from.mac(), now);
    }
    Neighbor neighbor = neighbors.find(from, hi, lo);
    if (neighbor == null) {
      return DropReason.ND_NOT_FOR_US;
    }
    int flags = NdMessage.flags(at);
    neighbors.advertised(
        neighbor, mac, (flags & NdMessage.SOLICITED) != 0, (flags & NdMessage.OVERRIDE) != 0, now);
    if (NdAddress.isLinkLocal(hi)) {
      if ((flags & NdMessage.ROUTER) == 0) {
        // RFC 4861 §7.2.5: what was a router has become a host.
        routes.noRouter(from, lo, now);
      } else if ((flags & NdMessage.SOLICITED) != 0) {
        routes.answered(from, lo, now);
      }
    }
    return null;
  }

  /** Somebody advertises an address of ours, or one that we are about to take. */
  private DropReason contradicted(
      AddressClaim claim, AddressState state, boolean ourMac, long now) {
    if (ourMac && state != null) {
      // We have advertised it ourselves, and the link has sent that back.
      return DropReason.ND_IGNORED;
    }
    if (claim != null) {
      if (claim.isAssigned()) {
        counters.increment(Counter.ND_CONFLICTS);
      }
      claim.onConflict(now);
    }
    return null;
  }

  // ---- out ----

  /** Asks for a neighbor (RFC 4861 §7.2.2), or the neighbor itself, to confirm it (§7.3.3). */
  void solicit(Neighbor neighbor, long now) {
    NetInterface on = neighbor.networkInterface();
    IpAddress source = promptingSource(neighbor.firstWaiting(), on);
    if (source == null) {
      source = host.sourceFor(on, neighbor.hi(), neighbor.lo());
    }
    if (source == null) {
      // All our addresses are tentative: what waits does so until the next question.
      return;
    }
    long mac = neighbor.isResolved() ? neighbor.mac() : -1;
    output.solicitNeighbor(on, mac, source, neighbor.hi(), neighbor.lo(), now);
  }

  /**
   * RFC 4861 §7.2.2: the source of the datagram that brings the question about, if it is ours, so
   * that the neighbor knows it when it answers. Not an optimistic one: RFC 4429 §3.2.
   */
  private IpAddress promptingSource(Frame datagram, NetInterface on) {
    if (datagram == null) {
      return null;
    }
    long header = datagram.address();
    long hi = NdAddress.wireHi(Bytes.i64(header + 8));
    long lo = Bytes.i64(header + 16);
    AddressState state = host.stateOf(on, hi, lo);
    return state == null || state == AddressState.OPTIMISTIC ? null : new IpAddress(hi, lo);
  }
}
