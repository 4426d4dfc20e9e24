package io.millrace.ipv4;

import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.ip.IpPrefix;
import io.millrace.net.NetInterface;
import io.millrace.time.TimerNode;
import io.millrace.time.TimerWheel;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Our claim to one address on one link: probed for, announced, defended (RFC 5227).
 *
 * <pre>
 *   PROBING --(three probes unanswered)-- ANNOUNCING --(two announcements)-- HELD
 *      |  somebody has or wants it                                            | conflict: one announcement,
 *      v                                                                      | the next after ten quiet seconds
 *   REFUSED: never used
 * </pre>
 */
final class AddressClaim extends TimerNode {
  /** Whose address it is, where it is not configured for good. */
  interface Owner {
    /** Nobody has answered the probes: the address may be announced. */
    void onFree(long now);

    /** Somebody else has the address, and has not given it up when it was defended. */
    void onConflict(long now);
  }

  private enum State {
    PROBING,
    ANNOUNCING,
    HELD,
    REFUSED
  }

  private static final Logger LOG = System.getLogger("io.millrace.arp");
  private static final long SECOND = 1_000_000_000;

  // RFC 5227 §1.1.
  private static final long PROBE_WAIT = SECOND;
  private static final int PROBE_NUM = 3;
  private static final long PROBE_MIN = SECOND;
  private static final long PROBE_MAX = 2 * SECOND;
  private static final long ANNOUNCE_WAIT = 2 * SECOND;
  private static final int ANNOUNCE_NUM = 2;
  private static final long ANNOUNCE_INTERVAL = 2 * SECOND;
  private static final long DEFEND_INTERVAL = 10 * SECOND;

  private final Ipv4Family family;
  private final Arp arp;
  private final Counters counters;
  private final TimerWheel wheel;
  private final NetInterface on;
  private final IpPrefix prefix;

  /** Null for an address that is configured. */
  private final Owner owner;

  private State state;
  private int sent;
  private long quietUntil = Long.MIN_VALUE;

  AddressClaim(
      Ipv4Family family,
      Arp arp,
      Counters counters,
      TimerWheel wheel,
      NetInterface on,
      IpPrefix prefix,
      Owner owner) {
    this.family = family;
    this.arp = arp;
    this.counters = counters;
    this.wheel = wheel;
    this.on = on;
    this.prefix = prefix;
    this.owner = owner;
  }

  NetInterface on() {
    return on;
  }

  int address() {
    return prefix.address().v4Bits();
  }

  /** Starts with probes; the address is ours once nobody has answered them. */
  void probe(long now) {
    state = State.PROBING;
    sent = 0;
    wheel.schedule(this, now + family.randomTime(PROBE_WAIT));
  }

  /** The address is not wanted any more: nothing is sent about it from now on. */
  void giveUp() {
    state = State.REFUSED;
    wheel.cancel(this);
  }

  /** Starts using and announcing the address. */
  void announce(long now) {
    boolean wasProbed = state == State.PROBING;
    state = State.ANNOUNCING;
    sent = 0;
    family.install(on, prefix);
    if (wasProbed || owner != null) {
      family.installElsewhere(on, prefix);
    }
    announceOnce(now);
  }

  private void announceOnce(long now) {
    arp.announce(on, address());
    sent++;
    if (sent < ANNOUNCE_NUM) {
      wheel.schedule(this, now + ANNOUNCE_INTERVAL);
    } else {
      state = State.HELD;
    }
  }

  private void probeOnce(long now) {
    if (sent == PROBE_NUM) {
      if (owner == null) {
        announce(now);
      } else {
        owner.onFree(now);
      }
      return;
    }
    arp.probe(on, address());
    sent++;
    wheel.schedule(
        this,
        now
            + (sent == PROBE_NUM
                ? ANNOUNCE_WAIT
                : PROBE_MIN + family.randomTime(PROBE_MAX - PROBE_MIN)));
  }

  @Override
  protected void onTimer(long now) {
    switch (state) {
      case PROBING -> probeOnce(now);
      case ANNOUNCING -> announceOnce(now);
      case HELD, REFUSED -> throw new AssertionError("no timer runs in state " + state);
    }
  }

  /**
   * Looks at a received packet whose sender is not us.
   *
   * @return whether it contradicts this claim
   */
  boolean contradicts(NetInterface from, int sender, int target) {
    if (from != on) {
      return false;
    }
    // RFC 5227 §2.1.1: somebody uses the address that we probe for, or probes for it at the same
    // time.
    boolean probed = state == State.PROBING && sender == 0 && target == address();
    return state != State.REFUSED && (sender == address() || probed);
  }

  /** Somebody else claims the address. */
  void onConflict(long now) {
    counters.increment(Counter.ARP_CONFLICTS);
    if (state == State.PROBING) {
      state = State.REFUSED;
      wheel.cancel(this);
      LOG.log(Level.WARNING, "{0} on {1} is in use by another host: not taken", prefix, on);
      if (owner != null) {
        owner.onConflict(now);
      }
      return;
    }
    if (owner != null && now < quietUntil) {
      // RFC 5227 §2.4 (b): an address that can be had elsewhere is defended once and given up at
      // the second conflict.
      LOG.log(Level.WARNING, "{0} on {1} is in use by another host: given up", prefix, on);
      giveUp();
      owner.onConflict(now);
      return;
    }
    // RFC 5227 §2.4 (c): a configured address is kept for good, but while conflicts follow each
    // other
    // it is not defended again, lest two hosts shout for ever.
    boolean isQuiet = now >= quietUntil;
    quietUntil = now + DEFEND_INTERVAL;
    if (isQuiet) {
      counters.increment(Counter.ARP_DEFENSES);
      arp.announce(on, address());
    }
  }
}
