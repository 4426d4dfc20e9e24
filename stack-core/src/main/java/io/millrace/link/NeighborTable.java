package io.millrace.link;

import io.millrace.buf.Frame;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.link.Neighbor.State;
import io.millrace.net.NetInterface;
import io.millrace.time.TimerWheel;
import io.millrace.transport.SipHash;

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
  private final Neighbor[] buckets;
  private final Neighbor[] all;
  private int size;
  private int held;
  private int hand;

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

  /** Whether a question to this neighbor is out, so that an answer is an answer. */
  public boolean isAsked(Neighbor neighbor) {
    State state = neighbor.state();
    return state == State.INCOMPLETE || state == State.PROBE;
  }

  /** Forgets a neighbor; what waits for it is dropped and counted. */
  public void remove(Neighbor neighbor) {
    wheel.cancel(neighbor);
    neighbor.state(State.REMOVED);
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
    wheel.schedule(neighbor, now + config.retransmit() * MILLI);
    resolver.solicit(neighbor, now);
  }

  /** Between once and twice the configured time, so that neighbors are not all asked at once. */
  private long reachableTime(Neighbor neighbor, long now) {
    long base = config.reachable() * MILLI;
    return base
        + Long.remainderUnsigned(secret.hash(neighbor.hi(), neighbor.lo(), now, 1, 0), base);
  }

  void onTimer(Neighbor neighbor, long now) {
    switch (neighbor.state()) {
      case INCOMPLETE -> {
        if (neighbor.attempts < config.attempts()) {
          ask(neighbor, now);
        } else {
          fail(neighbor, now);
        }
      }
      case REACHABLE -> {
        // A transport may have confirmed it since the timer was set.
        long until = neighbor.confirmedAt() + config.reachable() * MILLI;
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
          remove(neighbor);
        }
      }
      case STALE, FAILED -> remove(neighbor);
      case REMOVED -> throw new AssertionError("a removed neighbor has no timer");
    }
  }

  private void fail(Neighbor neighbor, long now) {
    neighbor.state(State.FAILED);
    wheel.schedule(neighbor, now + config.failed() * MILLI);
    // A transport that is told may send again at once: that is dropped, as the state is FAILED
    // already.
    Frame datagram;
    while ((datagram = take(neighbor)) != null) {
      resolver.unreachable(datagram, now);
    }
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
    if (!neighbor.isScheduled()) {
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
