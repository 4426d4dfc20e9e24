package io.millrace.ipv6.nd;

import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;

/** The variables of one link that routers may prescribe (RFC 4861 §6.3.2), on one shard. */
final class NdLink {
  private static final long MILLI = 1_000_000;

  /** RFC 4861 §10. */
  private static final long REACHABLE_TIME = 30_000;

  private static final long RETRANS_TIMER = 1_000;

  /** What is believed of a router: an hour and a minute; more would cripple us until restart. */
  private static final long MOST_REACHABLE = 3_600_000;

  private static final long MOST_RETRANS = 60_000;

  private final NetInterface on;
  private final NeighborTable neighbors;
  private long reachable = REACHABLE_TIME;
  private long retransmit = RETRANS_TIMER;
  private boolean started;
  private boolean listening;
  private boolean makingAddresses;
  private boolean advertised;
  private long quietUntil;

  NdLink(NetInterface on, NeighborTable neighbors) {
    this.on = on;
    this.neighbors = neighbors;
    tell();
  }

  private void tell() {
    // RFC 4861 §6.3.2: between MIN_RANDOM_FACTOR and MAX_RANDOM_FACTOR times the base.
    neighbors.timers(on, Math.max(1, reachable / 2), reachable + reachable / 2, retransmit);
  }

  /**
   * What an advertisement says, in milliseconds; 0 for nothing, and nothing changes (RFC 4861
   * §6.3.4).
   */
  void times(long newReachable, long newRetransmit) {
    long r = newReachable == 0 ? reachable : Math.min(newReachable, MOST_REACHABLE);
    long t = newRetransmit == 0 ? retransmit : Math.min(newRetransmit, MOST_RETRANS);
    if (r != reachable || t != retransmit) {
      reachable = r;
      retransmit = t;
      tell();
    }
  }

  /** RetransTimer in nanoseconds. */
  long retransmitTime() {
    return retransmit * MILLI;
  }

  /**
   * How long to wait with what is said first on the link, so that hosts that were switched on
   * together do not all speak at once.
   */
  long firstDelay(long most, Shard shard, long now) {
    if (!started) {
      started = true;
      quietUntil = now + shard.random().nextLong(most);
    }
    return Math.max(0, quietUntil - now);
  }

  /** Whether routers are listened to on this link. */
  boolean isListening() {
    return listening;
  }

  void listen() {
    listening = true;
  }

  /** Whether addresses are made of the prefixes that routers advertise. */
  boolean isMakingAddresses() {
    return makingAddresses;
  }

  void makeAddresses() {
    makingAddresses = true;
  }

  /** Whether we advertise ourselves as a router on this link. */
  boolean isAdvertised() {
    return advertised;
  }

  void advertise() {
    advertised = true;
  }
}
