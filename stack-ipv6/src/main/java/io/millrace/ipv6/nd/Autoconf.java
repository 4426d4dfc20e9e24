package io.millrace.ipv6.nd;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.time.TimerNode;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The addresses that the stack makes for itself, on its first shard: the link-local one, one per
 * advertised prefix that stays the same (RFC 4862 §5.5, RFC 7217), and temporary ones (RFC 8981).
 */
final class Autoconf extends TimerNode implements AddressTable.Listener {
  private static final Logger LOG = System.getLogger("io.millrace.nd");

  /** IDGEN_RETRIES of RFC 7217 §6, and TEMP_IDGEN_RETRIES of RFC 8981 §3.8. */
  private static final int RETRIES = 3;

  /** Below this, a router cannot shorten a valid lifetime (RFC 4862 §5.5.3 (e)). */
  private static final long TWO_HOURS = 7_200 * Lifetime.SECOND;

  /** MAX_DESYNC_FACTOR of RFC 8981 §3.8, as part of the preferred lifetime. */
  private static final double MOST_DESYNC = 0.4;

  private final Shard shard;
  private final NdHost host;
  private final NdLinks links;
  private final NdOutput output;
  private final AddressTable addresses;
  private final InterfaceIds ids;
  private final Ipv6Autoconf config;
  private final Map<NetInterface, RouterSolicitor> solicitors = new HashMap<>();

  /** Prefixes for which each address was taken, so that they are not tried for ever. */
  private final List<IpPrefix> givenUp = new ArrayList<>();

  Autoconf(
      NdHost host, NdLinks links, NdOutput output, AddressTable addresses, Ipv6Autoconf config) {
    this.host = host;
    this.shard = host.shard();
    this.links = links;
    this.output = output;
    this.addresses = addresses;
    this.config = config;
    this.ids = new InterfaceIds(config.secret(), shard.random());
    addresses.listener(this);
  }

  // ---- the link-local address, and routers ----

  /** Makes the link-local address (RFC 4862 §5.3). */
  void linkLocal(NetInterface on, int attempt, long now) {
    addresses.add(stable(on, NdAddress.LINK_LOCAL_HI, attempt), false, now);
  }

  /** Asks for routers, now or when there is a link-local address to ask from. */
  void start(NetInterface on, long now) {
    for (AddressClaim each : addresses.claims()) {
      if (isLinkLocal(each) && each.on() == on && each.isAssigned()) {
        solicit(on, now);
        return;
      }
    }
  }

  private void solicit(NetInterface on, long now) {
    solicitors.computeIfAbsent(on, each -> new RouterSolicitor(host, output, each)).start(now);
  }

  /** A default router has said something. */
  void routerFound(NetInterface on) {
    RouterSolicitor solicitor = solicitors.get(on);
    if (solicitor != null) {
      solicitor.stop();
    }
  }

  @Override
  public void onAssigned(AddressClaim claim, long now) {
    if (isLinkLocal(claim) && links.of(claim.on()).isListening()) {
      solicit(claim.on(), now);
    }
  }

  @Override
  public void onRefused(AddressClaim claim, long now) {
    int attempt = claim.attempt() + 1;
    if (claim.origin() == AddressClaim.Origin.CONFIGURED) {
      return;
    }
    if (claim.origin() == AddressClaim.Origin.LEASED) {
      claim.holder().onDuplicate(claim.address(), now);
      return;
    }
    if (attempt > RETRIES) {
      giveUp(claim);
      return;
    }
    AddressClaim next;
    if (claim.origin() == AddressClaim.Origin.TEMPORARY) {
      next = temporary(claim.on(), claim.address().hi(), attempt);
      next.limits(claim.preferredUntil(), claim.validUntil());
    } else {
      next = stable(claim.on(), claim.address().hi(), attempt);
    }
    next.lifetimes(claim.preferredUntil(), claim.validUntil());
    addresses.add(next, false, now);
  }

  private void giveUp(AddressClaim claim) {
    LOG.log(
        Level.WARNING,
        "{0}: {1} addresses of {2} in a row are in use by other hosts; no more are tried",
        claim.on(),
        claim.attempt() + 1,
        claim.prefix());
    if (claim.origin() == AddressClaim.Origin.STABLE && givenUp.size() < config.prefixes()) {
      givenUp.add(network(claim.address().hi()));
    }
  }

  private static boolean isLinkLocal(AddressClaim claim) {
    return claim.origin() == AddressClaim.Origin.LINK_LOCAL;
  }

  private static IpPrefix network(long hi) {
    return new IpPrefix(new IpAddress(hi, 0), 64);
  }

  private AddressClaim stable(NetInterface on, long hi, int attempt) {
    AddressClaim.Origin origin =
        hi == NdAddress.LINK_LOCAL_HI ? AddressClaim.Origin.LINK_LOCAL : AddressClaim.Origin.STABLE;
    IpAddress address = new IpAddress(hi, ids.stable(hi, on, attempt));
    return new AddressClaim(addresses, on, new IpPrefix(address, 64), origin, attempt);
  }

  private AddressClaim temporary(NetInterface on, long hi, int attempt) {
    IpAddress address = new IpAddress(hi, ids.temporary());
    return new AddressClaim(
        addresses, on, new IpPrefix(address, 64), AddressClaim.Origin.TEMPORARY, attempt);
  }

  // ---- prefixes ----

  /**
   * A router advertises a prefix of 64 bits for autoconfiguration (RFC 4862 §5.5.3).
   *
   * @param preferred its preferred lifetime in seconds, not more than {@code valid}
   * @param valid its valid lifetime in seconds
   */
  void prefix(NetInterface on, long hi, long preferred, long valid, long now) {
    AddressClaim stable = find(AddressClaim.Origin.STABLE, on, hi);
    long preferredUntil = Lifetime.end(preferred, now);
    long validUntil = Lifetime.end(valid, now);
    if (stable != null) {
      for (AddressClaim each : List.copyOf(addresses.claims())) {
        if (each.on() == on && each.address().hi() == hi && each.origin().isMade()) {
          AddressState before = each.usability(now);
          each.lifetimes(preferredUntil, extended(each.validUntil(), validUntil, now));
          if (each.isAssigned() && each.usability(now) != before) {
            addresses.publish(each, now);
          }
        }
      }
    } else if (valid != 0 && !givenUp.contains(network(hi))) {
      // (d): a new address, as far as there is room.
      if (addresses.made(on) >= config.addresses()) {
        return;
      }
      stable = stable(on, hi, 0);
      stable.lifetimes(preferredUntil, validUntil);
      addresses.add(stable, true, now);
    }
    if (config.temporary() && stable != null) {
      makeTemporary(on, hi, stable, true, now);
    }
    expire(now);
  }

  /**
   * (e) 1 to 3: one false advertisement cannot take an address away at once, only shorten its life
   * to two hours.
   */
  private static long extended(long validUntil, long advertised, long now) {
    long twoHours = Lifetime.plus(now, TWO_HOURS);
    if (advertised > twoHours || advertised > validUntil) {
      return advertised;
    }
    return Math.min(validUntil, twoHours);
  }

  private AddressClaim find(AddressClaim.Origin origin, NetInterface on, long hi) {
    for (AddressClaim each : addresses.claims()) {
      if (each.origin() == origin && each.on() == on && each.address().hi() == hi) {
        return each;
      }
    }
    return null;
  }

  // ---- temporary addresses, RFC 8981 ----

  /** Makes a temporary address of a prefix if there is none that has not been replaced. */
  private void makeTemporary(
      NetInterface on, long hi, AddressClaim stable, boolean byGroup, long now) {
    for (AddressClaim each : addresses.claims()) {
      if (each.origin() == AddressClaim.Origin.TEMPORARY
          && each.on() == on
          && each.address().hi() == hi
          && !each.hasSuccessor()) {
        return;
      }
    }
    long preferred = config.temporaryPreferred() * Lifetime.SECOND;
    // §3.4 (5): hosts that got the prefix together do not all change at once.
    long desync = shard.random().nextLong((long) (preferred * MOST_DESYNC));
    AddressClaim claim = temporary(on, hi, 0);
    claim.limits(
        Lifetime.plus(now, preferred - desync),
        Lifetime.plus(now, config.temporaryValid() * Lifetime.SECOND));
    claim.lifetimes(stable.preferredUntil(), stable.validUntil());
    // §3.4 (6): not one that would have to be replaced at once.
    if (claim.preferredUntil() - now > regenAdvance(on)
        && addresses.made(on) < config.addresses()) {
      addresses.add(claim, byGroup, now);
    }
  }

  /** REGEN_ADVANCE of RFC 8981 §3.8 in nanoseconds. */
  private long regenAdvance(NetInterface on) {
    return 2 * Lifetime.SECOND
        + (long) RETRIES * config.dadTransmits() * links.of(on).retransmitTime();
  }

  private long regenerateAt(AddressClaim claim) {
    boolean due = claim.origin() == AddressClaim.Origin.TEMPORARY && !claim.hasSuccessor();
    return due ? claim.preferredUntil() - regenAdvance(claim.on()) : Long.MAX_VALUE;
  }

  // ---- time ----

  @Override
  protected void onTimer(long now) {
    expire(now);
  }

  /** Deprecates, removes and replaces what is due. */
  void expire(long now) {
    long next = Long.MAX_VALUE;
    for (AddressClaim each : List.copyOf(addresses.claims())) {
      if (each.validUntil() <= now) {
        addresses.remove(each);
        continue;
      }
      if (regenerateAt(each) <= now) {
        // RFC 8981 §3.5: the next one is there before this one is deprecated.
        each.succeeded();
        AddressClaim stable = find(AddressClaim.Origin.STABLE, each.on(), each.address().hi());
        if (stable != null) {
          makeTemporary(each.on(), each.address().hi(), stable, false, now);
        }
      }
    }
    for (AddressClaim each : addresses.claims()) {
      next = Math.min(next, Math.min(each.validUntil(), regenerateAt(each)));
      if (each.preferredUntil() > now) {
        next = Math.min(next, each.preferredUntil());
      } else if (each.isAssigned()) {
        deprecate(each, now);
      }
    }
    if (next == Long.MAX_VALUE) {
      shard.wheel().cancel(this);
    } else {
      shard.wheel().schedule(this, next);
    }
  }

  private void deprecate(AddressClaim claim, long now) {
    if (host.stateOf(claim.on(), claim.address().hi(), claim.address().lo())
        != AddressState.DEPRECATED) {
      addresses.publish(claim, now);
    }
  }
}
