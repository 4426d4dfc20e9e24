package io.millrace.link;

import io.millrace.buf.Frame;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.link.Neighbor.State;
import io.millrace.net.NetInterface;
import io.millrace.time.TimerWheel;
import io.millrace.transport.SipHash;
import java.util.Arrays;

/**
 * The next hops of one family on one shard, and the clockwork that finds, confirms and forgets them
 * (RFC 826, RFC 1122 §2.3.2, RFC 4861 §7.3).
 *
 * <p>The table is bounded in entries and in the datagrams that it holds. An entry is made because
 * we want to send ({@link #demand}) or because somebody asked for our address ({@link #admit}),
 * never by what others announce. When it is full, the entry that has gone unused for longest, out
 * of a sample, makes room; one that only others made never displaces one that is in use.
 *
 * <p><b>Thread:</b> the shard's. Allocates one object per new neighbor, nothing per packet.
 */
public final class NeighborTable {
  private static final long MILLI = 1_000_000;
  private static final int SAMPLE = 32;

  private final NeighborConfig config;
  private final int etherType;
  private final NeighborResolver resolver;
  private final TimerWheel wheel;
  private final Counters counters;
  private final SipHash secret;
  private final LinkTimers usual;
  private final Neighbor[] buckets;
  private final Neighbor[] all;

  /** By interface, where {@link #timers} has set them. */
  private LinkTimers[] timers = {};

  private int size;
  private int held;
  private int hand;

  /** Times of a link in milliseconds. */
  private record LinkTimers(long leastReachable, long mostReachable, long retransmit) {
    LinkTimers {
      if (leastReachable < 1 || mostReachable < leastReachable || retransmit < 1) {
        throw new IllegalArgumentException(
            "times of a link are at least 1 ms, and the most not less than the least");
      }
    }
  }

  /**
   * Creates an empty table.
   *
   * @param etherType the family's EtherType, for the datagrams that waited
   * @param secret what the order in the table is hidden with
   */
  public NeighborTable(
      NeighborConfig config,
      int etherType,
      NeighborResolver resolver,
      TimerWheel wheel,
      Counters counters,
      SipHash secret) {
    this.config = config;
    this.etherType = etherType;
    this.resolver = resolver;
    this.wheel = wheel;
    this.counters = counters;
    this.secret = secret;
    this.usual = new LinkTimers(config.reachable(), 2 * config.reachable(), config.retransmit());
    this.all = new Neighbor[config.entries()];
    this.buckets = new Neighbor[Integer.highestOneBit(config.entries() * 2 - 1)];
  }

  /** The number of neighbors. */
  public int size() {
    return size;
  }

  /** The number of datagrams that wait for an address. */
  public int held() {
    return held;
  }

  int etherType() {
    return etherType;
  }

  /** The neighbor with this address on this interface, or null. */
  public Neighbor find(NetInterface on, long hi, long lo) {
    Neighbor neighbor = buckets[bucket(on, hi, lo)];
    while (neighbor != null
        && (neighbor.lo() != lo || neighbor.hi() != hi || neighbor.networkInterface() != on)) {
      neighbor = neighbor.hashNext;
    }
    return neighbor;
  }

  /**
   * The neighbor with this address, made if it is not there: for those who are about to send to it.
   */
  public Neighbor demand(NetInterface on, long hi, long lo, long now) {
    Neighbor neighbor = find(on, hi, lo);
    if (neighbor == null) {
      if (size == all.length) {
        remove(victim());
      }
      neighbor = add(on, hi, lo);
      // Not used yet, but wanted now: others leave it alone.
      neighbor.markUsed(now);
    }
    return neighbor;
  }

  /**
   * Somebody asked for our address and gave its own: it is about to be talked to (RFC 826), so it
   * is remembered, to be confirmed when first used. Refused if there is no room for one that nobody
   * here has asked for.
   */
  public void admit(NetInterface on, long hi, long lo, long mac, long now) {
    Neighbor neighbor = find(on, hi, lo);
    if (neighbor == null) {
      if (size == all.length) {
        Neighbor victim = victim();
        if (victim.usedAt() != Long.MIN_VALUE && victim.state() != State.STALE) {
          return;
        }
        remove(victim);
      }
      neighbor = add(on, hi, lo);
    }
    learned(neighbor, mac, now);
  }

  /** The neighbor has answered a question of ours: it is reachable at {@code mac}. */
  public void answered(Neighbor neighbor, long mac, long now) {
    neighbor.address(mac);
    reachable(neighbor, now);
    release(neighbor, now);
  }

  /**
   * The neighbor has said its link address without being asked. That is believed only as far as to
   * send there: it is asked itself when used next (RFC 4861 §7.2.5, applied to ARP).
   */
  public void learned(Neighbor neighbor, long mac, long now) {
    if (neighbor.isResolved() && neighbor.mac() == mac) {
      return;
    }
    neighbor.address(mac);
    stale(neighbor, now);
    release(neighbor, now);
  }

  /**
   * A neighbor advertisement (RFC 4861 §7.2.5), which unlike an ARP reply says how far it is to be
   * believed.
   *
   * @param mac the link address that it gives, or -1 if it gives none
   * @param solicited whether it answers a question of ours, and so proves that both directions work
   * @param override whether it may replace an address that we have
   */
  public void advertised(
      Neighbor neighbor, long mac, boolean solicited, boolean override, long now) {
    if (!neighbor.isResolved()) {
      // Without an address there is nothing that we could use. The override flag means nothing yet.
      if (mac >= 0) {
        if (solicited) {
          answered(neighbor, mac, now);
        } else {
          learned(neighbor, mac, now);
        }
      }
      return;
    }
    boolean other = mac >= 0 && mac != neighbor.mac();
    if (other && !override) {
      // Case I: somebody else, or a proxy. What we have is doubted, not replaced.
      if (neighbor.state() == State.REACHABLE) {
        stale(neighbor, now);
      }
      return;
    }
    if (other) {
      neighbor.address(mac);
    }
    if (solicited) {
      reachable(neighbor, now);
    } else if (other) {
      stale(neighbor, now);
    }
  }

  /**
   * Sets the times of one link, which routers may prescribe (RFC 4861 §6.3.4). They apply to what
   * is scheduled from now on.
   *
   * @param leastReachable the shortest time that an answer is believed, in milliseconds, at least 1
   * @param mostReachable the longest, not less
   * @param retransmit the time between two questions, in milliseconds, at least 1
   */
  public void timers(NetInterface on, long leastReachable, long mostReachable, long retransmit) {
    if (on.index() >= timers.length) {
      timers = Arrays.copyOf(timers, on.index() + 1);
    }
    timers[on.index()] = new LinkTimers(leastReachable, mostReachable, retransmit);
  }

  /** Whether a question to this neighbor is out, so that an answer is an answer. */
  public boolean isAsked(Neighbor neighbor) {
    State state = neighbor.state();
    return state == State.INCOMPLETE || state == State.PROBE;
  }

  /** Forgets a neighbor; what waits for it is dropped and counted. */
  public void remove(Neighbor neighbor) {
    wheel.cancel(neighbor);
    neighbor.state(State.REMOVED);
    neighbor.silent(false);
    unlink(neighbor);
    Frame datagram;
    while ((datagram = take(neighbor)) != null) {
      counters.drop(DropReason.NEIGHBOR_UNREACHABLE);
      datagram.release();
    }
  }

  // ---- states ----

  void reachable(Neighbor neighbor, long now) {
    neighbor.state(State.REACHABLE);
    neighbor.confirmedAt(now);
    neighbor.takeUsed();
    wheel.schedule(neighbor, now + reachableTime(neighbor, now));
  }

  private void stale(Neighbor neighbor, long now) {
    neighbor.state(State.STALE);
    wheel.schedule(neighbor, now + config.idle() * MILLI);
  }

  void delay(Neighbor neighbor, long now) {
    neighbor.state(State.DELAY);
    wheel.schedule(neighbor, now + config.delay() * MILLI);
  }

  private void probe(Neighbor neighbor, long now) {
    neighbor.state(State.PROBE);
    neighbor.attempts = 0;
    ask(neighbor, now);
  }

  private void ask(Neighbor neighbor, long now) {
    neighbor.attempts++;
    wheel.schedule(neighbor, now + timers(neighbor).retransmit() * MILLI);
    resolver.solicit(neighbor, now);
  }

  /** Between the least and the most, so that neighbors are not all asked at once. */
  private long reachableTime(Neighbor neighbor, long now) {
    LinkTimers link = timers(neighbor);
    long spread = (link.mostReachable() - link.leastReachable()) * MILLI + 1;
    long random = secret.hash(neighbor.hi(), neighbor.lo(), now, 1, 0);
    return link.leastReachable() * MILLI + Long.remainderUnsigned(random, spread);
  }

  private LinkTimers timers(Neighbor neighbor) {
    int index = neighbor.networkInterface().index();
    LinkTimers link = index < timers.length ? timers[index] : null;
    return link == null ? usual : link;
  }

  void onTimer(Neighbor neighbor, long now) {
    switch (neighbor.state()) {
      case INCOMPLETE -> {
        if (neighbor.attempts == 0) {
          askAside(neighbor, now);
        } else if (neighbor.attempts < config.attempts()) {
          ask(neighbor, now);
        } else {
          fail(neighbor, now);
        }
      }
      case REACHABLE -> {
        // A transport may have confirmed it since the timer was set.
        long until = neighbor.confirmedAt() + timers(neighbor).leastReachable() * MILLI;
        if (until > now) {
          wheel.schedule(neighbor, until);
        } else if (neighbor.takeUsed()) {
          probe(neighbor, now);
        } else {
          stale(neighbor, now);
        }
      }
      case DELAY -> probe(neighbor, now);
      case PROBE -> {
        if (neighbor.attempts < config.attempts()) {
          ask(neighbor, now);
        } else {
          // Whoever sends next asks all: the address may have moved (RFC 1122 §2.3.2.1 (2)).
          forget(neighbor, now);
          resolver.lost(neighbor, now);
        }
      }
      case FAILED -> {
        forget(neighbor, now);
        if (neighbor.isSilent()) {
          askAside(neighbor, now);
        }
      }
      case STALE -> remove(neighbor);
      case REMOVED -> throw new AssertionError("a removed neighbor has no timer");
    }
  }

  /**
   * What was known of a neighbor that does not answer is no longer believed: who sends to it asks
   * all. That a router was silent is remembered, so that others are preferred to it (RFC 1122
   * §3.3.1.5, RFC 4861 §6.3.6).
   */
  private void forget(Neighbor neighbor, long now) {
    if (!neighbor.isRouter()) {
      remove(neighbor);
      return;
    }
    neighbor.state(State.INCOMPLETE);
    neighbor.silent(true);
    neighbor.attempts = 0;
    wheel.schedule(neighbor, now + config.failed() * MILLI);
  }

  /**
   * Nothing waits for this router, as others are preferred to it. It is asked whether it is back,
   * once in a while, if it would be used; if nobody has cared for long, it is forgotten.
   */
  private void askAside(Neighbor neighbor, long now) {
    if (neighbor.takeWanted()) {
      neighbor.markUsed(now);
      resolver.solicit(neighbor, now);
    } else if (neighbor.usedAt() + config.idle() * MILLI <= now) {
      remove(neighbor);
      return;
    }
    wheel.schedule(neighbor, now + config.failed() * MILLI);
  }

  private void fail(Neighbor neighbor, long now) {
    neighbor.state(State.FAILED);
    neighbor.silent(true);
    wheel.schedule(neighbor, now + config.failed() * MILLI);
    // A transport that is told may send again at once: that is dropped, as the state is FAILED
    // already.
    Frame datagram;
    while ((datagram = take(neighbor)) != null) {
      resolver.unreachable(datagram, now);
    }
    resolver.lost(neighbor, now);
  }

  // ---- datagrams that wait ----

  /**
   * Keeps a datagram until the address is known, at the cost of the one that has waited longest.
   */
  void hold(Neighbor neighbor, Frame datagram, long now) {
    if (neighbor.state() == State.FAILED) {
      counters.drop(DropReason.NEIGHBOR_UNREACHABLE);
      datagram.release();
      return;
    }
    if (neighbor.waiting == config.queue()
        || (held == config.queueTotal() && neighbor.waiting > 0)) {
      // RFC 1122 §2.3.2.2: at least the latest is saved.
      counters.drop(DropReason.NEIGHBOR_QUEUE_FULL);
      take(neighbor).release();
    }
    if (held == config.queueTotal()) {
      counters.drop(DropReason.NEIGHBOR_QUEUE_FULL);
      datagram.release();
    } else {
      neighbor.enqueue(datagram);
      held++;
    }
    if (neighbor.attempts == 0) {
      ask(neighbor, now);
    }
  }

  private Frame take(Neighbor neighbor) {
    Frame datagram = neighbor.dequeue();
    if (datagram != null) {
      held--;
    }
    return datagram;
  }

  private void release(Neighbor neighbor, long now) {
    Frame datagram;
    while ((datagram = take(neighbor)) != null) {
      if (!neighbor.send(datagram, now)) {
        throw new AssertionError("a neighbor with a link address is in the table");
      }
    }
  }

  // ---- the table ----

  private int bucket(NetInterface on, long hi, long lo) {
    return (int) secret.hash(hi, lo, on.index(), 0, 0) & (buckets.length - 1);
  }

  private Neighbor add(NetInterface on, long hi, long lo) {
    Neighbor neighbor = new Neighbor(this, on, hi, lo);
    int bucket = bucket(on, hi, lo);
    neighbor.hashNext = buckets[bucket];
    buckets[bucket] = neighbor;
    neighbor.tableIndex = size;
    all[size++] = neighbor;
    return neighbor;
  }

  private void unlink(Neighbor neighbor) {
    int bucket = bucket(neighbor.networkInterface(), neighbor.hi(), neighbor.lo());
    Neighbor at = buckets[bucket];
    if (at == neighbor) {
      buckets[bucket] = neighbor.hashNext;
    } else {
      while (at.hashNext != neighbor) {
        at = at.hashNext;
      }
      at.hashNext = neighbor.hashNext;
    }
    neighbor.hashNext = null;
    Neighbor moved = all[--size];
    all[neighbor.tableIndex] = moved;
    moved.tableIndex = neighbor.tableIndex;
    all[size] = null;
  }

  /**
   * Of the next few entries the one that has gone unused for longest; one that never was used comes
   * first.
   */
  private Neighbor victim() {
    Neighbor oldest = null;
    for (int i = Math.min(SAMPLE, size); i > 0; i--) {
      hand = hand + 1 < size ? hand + 1 : 0;
      Neighbor each = all[hand];
      if (oldest == null || each.usedAt() < oldest.usedAt()) {
        oldest = each;
      }
    }
    return oldest;
  }
}
