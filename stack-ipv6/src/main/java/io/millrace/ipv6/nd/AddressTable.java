package io.millrace.ipv6.nd;

import io.millrace.diag.Counter;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.time.TimerWheel;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * The addresses that the stack has claimed, on its first shard, which tells the others. On other
 * shards it is empty.
 */
final class AddressTable {
  /** What becomes of claims that were not configured. */
  interface Listener {
    void onAssigned(AddressClaim claim, long now);

    void onRefused(AddressClaim claim, long now);
  }

  private static final Logger LOG = System.getLogger("io.millrace.nd");

  /** MAX_RTR_SOLICITATION_DELAY, which delays the first message on a link (RFC 4862 §5.4.2). */
  private static final long FIRST_DELAY = 1_000_000_000;

  private final NdHost host;
  private final Shard shard;
  private final NdLinks links;
  private final NdOutput output;
  private final Ipv6Autoconf config;
  private final List<AddressClaim> claims = new ArrayList<>();
  private Listener listener;

  AddressTable(NdHost host, NdLinks links, NdOutput output, Ipv6Autoconf config) {
    this.host = host;
    this.shard = host.shard();
    this.links = links;
    this.output = output;
    this.config = config;
  }

  void listener(Listener newListener) {
    listener = newListener;
  }

  List<AddressClaim> claims() {
    return claims;
  }

  AddressClaim find(NetInterface on, long hi, long lo) {
    for (int i = 0; i < claims.size(); i++) {
      AddressClaim claim = claims.get(i);
      if (claim.is(on, hi, lo)) {
        return claim;
      }
    }
    return null;
  }

  /** The number of addresses on a link that were made from prefixes. */
  int made(NetInterface on) {
    int n = 0;
    for (AddressClaim each : claims) {
      if (each.on() == on && each.origin().isMade()) {
        n++;
      }
    }
    return n;
  }

  /**
   * Starts with a claim.
   *
   * @param byGroup whether a message to a group brought it about, so that many hosts claim now
   * @return false if there is one for this address already
   */
  boolean add(AddressClaim claim, boolean byGroup, long now) {
    if (find(claim.on(), claim.address().hi(), claim.address().lo()) != null) {
      return false;
    }
    claims.add(claim);
    boolean made = claim.origin().isMade();
    // RFC 4429 §3.1: not for addresses that somebody typed in. A link-local one is needed to ask
    // for routers, so it must be certain.
    boolean optimistic = made && config.optimistic() && config.dadTransmits() > 0;
    claim.start(config.dadTransmits(), optimistic ? 0 : delay(claim.on(), byGroup, now), now);
    if (optimistic) {
      publish(claim, now);
    }
    return true;
  }

  private long delay(NetInterface on, boolean byGroup, long now) {
    long delay = links.of(on).firstDelay(FIRST_DELAY, shard, now);
    return delay == 0 && byGroup ? shard.random().nextLong(FIRST_DELAY) : delay;
  }

  /** Gives an address up, on all shards. */
  void remove(AddressClaim claim) {
    claims.remove(claim);
    claim.close();
    everywhere(claim, (there, on) -> there.removeAddress(on, claim.address()));
  }

  /** Tells all shards of an address, or of its new state. */
  void publish(AddressClaim claim, long now) {
    AddressState state = claim.usability(now);
    everywhere(claim, (there, on) -> there.setAddress(on, claim.prefix(), state));
  }

  private void everywhere(AddressClaim claim, BiConsumer<NdHost, NetInterface> change) {
    int index = claim.on().index();
    host.onAllShards(there -> change.accept(there, there.shard().networkInterface(index)));
  }

  // ---- what claims need and tell ----

  TimerWheel wheel() {
    return shard.wheel();
  }

  NdOutput output() {
    return output;
  }

  long nonce() {
    return shard.random().nextLong(1L << 48);
  }

  /** RetransTimer in nanoseconds. */
  long retransmitTime(NetInterface on) {
    return links.of(on).retransmitTime();
  }

  void join(AddressClaim claim) {
    long group = NdAddress.solicitedNodeLo(claim.address().lo());
    everywhere(claim, (there, on) -> there.joinGroup(on, NdAddress.LINK_GROUP_HI, group));
  }

  void leave(AddressClaim claim) {
    long group = NdAddress.solicitedNodeLo(claim.address().lo());
    everywhere(claim, (there, on) -> there.leaveGroup(on, NdAddress.LINK_GROUP_HI, group));
  }

  void assigned(AddressClaim claim, long now) {
    publish(claim, now);
    IpPrefix prefix = claim.prefix();
    if (claim.origin() == AddressClaim.Origin.CONFIGURED && prefix.length() < 128) {
      everywhere(claim, (there, on) -> there.addOnLink(on, prefix));
    }
    // RFC 9131 §6.1.1: routers learn the address before the first packet to it comes back.
    announce(claim, now);
    listener.onAssigned(claim, now);
  }

  private void announce(AddressClaim claim, long now) {
    output.advertise(
        claim.on(),
        NdAddress.groupMac(NdAddress.ALL_ROUTERS_LO),
        NdAddress.LINK_GROUP_HI,
        NdAddress.ALL_ROUTERS_LO,
        claim.address().hi(),
        claim.address().lo(),
        0,
        now);
  }

  void refused(AddressClaim claim, boolean joined, long now) {
    shard.counters().increment(Counter.ND_CONFLICTS);
    claims.remove(claim);
    if (joined) {
      leave(claim);
    }
    everywhere(claim, (there, on) -> there.removeAddress(on, claim.address()));
    LOG.log(
        Level.WARNING,
        "{0} on {1} is in use by another host: not taken",
        claim.prefix(),
        claim.on());
    listener.onRefused(claim, now);
  }

  void reportConflict(AddressClaim claim) {
    LOG.log(
        Level.WARNING,
        "another host on {1} has begun to use our address {0}: one of the two must be changed",
        claim.prefix(),
        claim.on());
  }

  void reportLoop(AddressClaim claim) {
    LOG.log(
        Level.WARNING,
        "{1} sends our own packets back: {0} is not used until it has stopped",
        claim.prefix(),
        claim.on());
  }
}
