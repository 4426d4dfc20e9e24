package io.millrace.ipv6.nd;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.net.NetInterface;
import io.millrace.time.TimerNode;

/**
 * Our claim to one address on one link: asked about, then assigned (RFC 4862 §5.4, RFC 7527, RFC
 * 4429). Only the first shard has claims.
 *
 * <pre>
 *   WAITING --(random delay)-- TENTATIVE --(nobody answered)-- ASSIGNED
 *                                  | somebody has or wants it
 *                                  v
 *                               REFUSED: given up, or never used
 * </pre>
 */
final class AddressClaim extends TimerNode {
  /** Where an address comes from. */
  enum Origin {
    CONFIGURED,
    LINK_LOCAL,
    /** Made from an advertised prefix, the same each time (RFC 7217). */
    STABLE,
    /** Made from an advertised prefix, by chance (RFC 8981). */
    TEMPORARY,
    /** Leased from a server. */
    LEASED;

    /** Whether it was made from a prefix that a router advertises. */
    boolean isMade() {
      return this == STABLE || this == TEMPORARY;
    }
  }

  private enum State {
    WAITING,
    TENTATIVE,
    ASSIGNED,
    REFUSED
  }

  /** Probes after one that came back: MAX_MULTICAST_SOLICIT of RFC 7527 §4.1. */
  private static final int AFTER_LOOP = 3;

  /** Nonces of ours that are recognised when they come back. */
  private static final int NONCES = 4;

  private final AddressTable table;
  private final NetInterface on;
  private final IpPrefix prefix;
  private final Origin origin;
  private final int attempt;
  private final long[] nonces = new long[NONCES];

  private State state = State.WAITING;
  private int sent;
  private int toSend;
  private boolean looped;
  private boolean contradicted;

  /** When it ends to be preferred and valid; {@code Long.MAX_VALUE} for never. */
  private long preferredUntil = Long.MAX_VALUE;

  private long validUntil = Long.MAX_VALUE;

  /** What no router can extend these beyond; for temporary addresses. */
  private long mostPreferredUntil = Long.MAX_VALUE;

  private long mostValidUntil = Long.MAX_VALUE;
  private boolean hasSuccessor;

  /** Who has leased it, or null. */
  private LeaseHolder holder;

  /**
   * Makes a claim.
   *
   * @param attempt how many addresses in its place were refused before (RFC 7217's DAD_Counter)
   */
  AddressClaim(AddressTable table, NetInterface on, IpPrefix prefix, Origin origin, int attempt) {
    this.table = table;
    this.on = on;
    this.prefix = prefix;
    this.origin = origin;
    this.attempt = attempt;
  }

  NetInterface on() {
    return on;
  }

  IpPrefix prefix() {
    return prefix;
  }

  IpAddress address() {
    return prefix.address();
  }

  Origin origin() {
    return origin;
  }

  int attempt() {
    return attempt;
  }

  boolean is(NetInterface other, long hi, long lo) {
    return on == other && prefix.address().lo() == lo && prefix.address().hi() == hi;
  }

  /** Whether it is still open whether the address is ours. */
  boolean isOpen() {
    return state == State.WAITING || state == State.TENTATIVE;
  }

  boolean isAssigned() {
    return state == State.ASSIGNED;
  }

  void heldBy(LeaseHolder newHolder) {
    holder = newHolder;
  }

  LeaseHolder holder() {
    return holder;
  }

  // ---- lifetimes ----

  /** Sets what {@link #lifetimes} cannot go beyond. */
  void limits(long preferredLimit, long validLimit) {
    mostPreferredUntil = preferredLimit;
    mostValidUntil = validLimit;
  }

  void lifetimes(long newPreferredUntil, long newValidUntil) {
    preferredUntil = Math.min(newPreferredUntil, mostPreferredUntil);
    validUntil = Math.min(newValidUntil, mostValidUntil);
  }

  long preferredUntil() {
    return preferredUntil;
  }

  long validUntil() {
    return validUntil;
  }

  /** Whether another address has been made that takes its place (RFC 8981 §3.5). */
  boolean hasSuccessor() {
    return hasSuccessor;
  }

  void succeeded() {
    hasSuccessor = true;
  }

  AddressState usability(long now) {
    if (isOpen()) {
      return AddressState.OPTIMISTIC;
    }
    if (now >= preferredUntil) {
      return AddressState.DEPRECATED;
    }
    return origin == Origin.TEMPORARY ? AddressState.TEMPORARY : AddressState.PREFERRED;
  }

  // ---- duplicate address detection ----

  /**
   * Starts.
   *
   * @param probes how often to ask; with 0 the address is ours at once
   * @param delay how long to wait first (RFC 4862 §5.4.2)
   */
  void start(int probes, long delay, long now) {
    toSend = probes;
    if (probes == 0) {
      table.join(this);
      assign(now);
    } else if (delay == 0) {
      begin(now);
    } else {
      table.wheel().schedule(this, now + delay);
    }
  }

  private void begin(long now) {
    // RFC 4862 §5.4.2: the group is joined first, or the others' probes would be missed.
    table.join(this);
    state = State.TENTATIVE;
    probe(now);
  }

  private void probe(long now) {
    long nonce = table.nonce();
    nonces[sent % NONCES] = nonce;
    sent++;
    table.output().probe(on, prefix.address().hi(), prefix.address().lo(), nonce, now);
    table.wheel().schedule(this, now + table.retransmitTime(on));
  }

  private void assign(long now) {
    state = State.ASSIGNED;
    table.assigned(this, now);
  }

  @Override
  protected void onTimer(long now) {
    switch (state) {
      case WAITING -> begin(now);
      case TENTATIVE -> {
        if (sent < toSend) {
          probe(now);
        } else {
          assign(now);
        }
      }
      case ASSIGNED, REFUSED -> throw new AssertionError("no timer runs in state " + state);
    }
  }

  /** Somebody asks from no address whether this one is free: wants it, too, or it is ourselves. */
  void onProbe(long nonce, long now) {
    if (isNonce(nonce)) {
      // RFC 7527 §4.1: the link has sent our own question back. Until it stops, nobody knows.
      if (!looped) {
        looped = true;
        table.reportLoop(this);
      }
      toSend = sent + AFTER_LOOP;
      return;
    }
    refuse(now);
  }

  /** Whether a nonce is one of the last of ours. */
  boolean isNonce(long nonce) {
    if (nonce >= 0) {
      for (int i = 0; i < Math.min(sent, NONCES); i++) {
        if (nonces[i] == nonce) {
          return true;
        }
      }
    }
    return false;
  }

  /** Somebody says that the address is his. */
  void onConflict(long now) {
    if (isOpen()) {
      refuse(now);
    } else if (!contradicted) {
      // RFC 4862 §5.4.4: after the fact there is no rule but to say so.
      contradicted = true;
      table.reportConflict(this);
    }
  }

  private void refuse(long now) {
    table.wheel().cancel(this);
    boolean joined = state == State.TENTATIVE;
    state = State.REFUSED;
    table.refused(this, joined, now);
  }

  /** Ends the claim. */
  void close() {
    table.wheel().cancel(this);
    boolean joined = state == State.TENTATIVE || state == State.ASSIGNED;
    state = State.REFUSED;
    if (joined) {
      table.leave(this);
    }
  }
}
