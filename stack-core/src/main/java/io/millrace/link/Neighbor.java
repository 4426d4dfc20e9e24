package io.millrace.link;

import io.millrace.buf.Frame;
import io.millrace.net.NetInterface;
import io.millrace.time.TimerNode;

/**
 * A next hop on a link: its link address, how sure of it we are, and the few datagrams that wait
 * for it.
 *
 * <p>The states are those of RFC 4861 §7.3.2, for ARP as well:
 *
 * <pre>
 *             demand              answer                 not confirmed, unused
 *   (none) ------------ INCOMPLETE ------- REACHABLE ----------------------------- STALE
 *                           | no answer        ^  | not confirmed, used              | used
 *                           v                  |  v                                  v
 *                        FAILED                +-- PROBE (asks it alone) ---------- DELAY
 *                                           answer  | no answer
 *                                                   v
 *                                                REMOVED
 * </pre>
 *
 * <p>A {@link #markRouter router} that does not answer is not forgotten but INCOMPLETE and {@link
 * #isSilent silent}: nothing is asked until somebody sends to it, or {@link #want wants} it.
 *
 * <p>A route keeps its neighbor; on the packet path it asks only {@link #isUsable()}.
 * <b>Thread:</b> the shard's.
 */
public final class Neighbor extends TimerNode {
  /** What is known about a next hop, in the order of how sure it is. */
  enum State {
    /** No longer in the table: whoever holds it looks up anew. */
    REMOVED,
    /** Did not answer; nothing is sent for a short while. */
    FAILED,
    /** The question is out, or will be as soon as somebody sends. */
    INCOMPLETE,
    /** An address that was good once: good enough to send to, but to be confirmed then. */
    STALE,
    /** Just used again: a transport may confirm it before we ask. */
    DELAY,
    /** Being asked, alone. */
    PROBE,
    /** Known to be there. */
    REACHABLE
  }

  private final NeighborTable table;
  private final NetInterface networkInterface;
  private final long hi;
  private final long lo;

  private boolean usable;
  private State state = State.INCOMPLETE;
  private long mac;
  private long linkHead;
  private long usedAt = Long.MIN_VALUE;
  private long confirmedAt;
  private boolean used;
  private boolean router;
  private boolean silent;
  private boolean wanted;
  private Frame first;
  private Frame last;

  int attempts;
  int waiting;
  int tableIndex;
  Neighbor hashNext;

  Neighbor(NeighborTable table, NetInterface networkInterface, long hi, long lo) {
    this.table = table;
    this.networkInterface = networkInterface;
    this.hi = hi;
    this.lo = lo;
  }

  /**
   * A next hop that needs no resolution, such as the broadcast address: always {@link #isUsable()
   * usable}, in no table.
   *
   * @param mac its link address in the low 48 bits
   */
  public static Neighbor permanent(NetInterface networkInterface, long mac) {
    Neighbor neighbor = new Neighbor(null, networkInterface, 0, 0);
    neighbor.address(mac);
    neighbor.state(State.REACHABLE);
    return neighbor;
  }

  /** High half of the address. */
  public long hi() {
    return hi;
  }

  /** Low half of the address. */
  public long lo() {
    return lo;
  }

  /** The interface that it is on. */
  public NetInterface networkInterface() {
    return networkInterface;
  }

  /** The link address in the low 48 bits; meaningful only if {@link #isResolved()}. */
  public long mac() {
    return mac;
  }

  /** Whether its link address is known, be it old. */
  public boolean isResolved() {
    return state.compareTo(State.STALE) >= 0;
  }

  /**
   * Whether a frame can be sent to {@link #mac()} now, with nothing else to do than {@link
   * #markUsed}.
   */
  public boolean isUsable() {
    return usable;
  }

  /** Says that a frame was sent to it. */
  public void markUsed(long now) {
    usedAt = now;
    used = true;
  }

  /**
   * The first eight bytes of the Ethernet header for a frame to it: its address and the start of
   * ours.
   */
  public long linkHead() {
    return linkHead;
  }

  /**
   * Whether it did not answer when it was asked last. A router that is silent is asked again in the
   * background while it is {@link #want wanted}, and is no longer silent as soon as its link
   * address is heard of.
   */
  public boolean isSilent() {
    return silent;
  }

  /** Says that others are sent to by way of this neighbor, so that its silence is remembered. */
  public void markRouter() {
    router = true;
  }

  /** Says that it would have been sent to, were it not silent. */
  public void want() {
    wanted = true;
  }

  /** Whether it is still in its table. A route that holds a removed one looks up anew. */
  public boolean isRemoved() {
    return state == State.REMOVED;
  }

  /**
   * Something came from it that answers what we sent (a transport's acknowledgement): it is
   * reachable (RFC 1122 §2.3.2.1, RFC 4861 §7.3.1).
   */
  public void confirm(long now) {
    confirmedAt = now;
    if (state != State.REACHABLE && isResolved()) {
      table.reachable(this, now);
    }
  }

  /**
   * Sends a datagram, whose window starts at the network header, or keeps it until the link address
   * is known. Takes ownership. The way for all that finds the neighbor not {@link #isUsable()
   * usable}.
   *
   * @return false if the neighbor is no longer in its table: look up anew; the caller still owns
   *     the frame
   */
  public boolean send(Frame datagram, long now) {
    if (state == State.REMOVED) {
      return false;
    }
    if (isResolved()) {
      if (state == State.STALE) {
        table.delay(this, now);
      }
      markUsed(now);
      transmit(datagram);
    } else {
      markUsed(now);
      table.hold(this, datagram, now);
    }
    return true;
  }

  void transmit(Frame datagram) {
    long at = datagram.push(networkInterface.linkHeaderSize());
    Ethernet.write(at, mac, networkInterface.mac(), table.etherType(), networkInterface.vlan());
    networkInterface.transmit(datagram);
  }

  /**
   * The datagram that has waited longest for the link address, its window at the network header, or
   * null. It stays the table's.
   */
  public Frame firstWaiting() {
    return first;
  }

  // ---- for the table ----

  State state() {
    return state;
  }

  void state(State newState) {
    state = newState;
    usable = newState.compareTo(State.DELAY) >= 0;
  }

  boolean isRouter() {
    return router;
  }

  void silent(boolean is) {
    silent = is;
  }

  /** Whether it was wanted since the last time this was asked. */
  boolean takeWanted() {
    boolean was = wanted;
    wanted = false;
    return was;
  }

  void address(long newMac) {
    silent = false;
    mac = newMac;
    linkHead = newMac << 16 | networkInterface.mac() >>> 32;
  }

  long usedAt() {
    return usedAt;
  }

  long confirmedAt() {
    return confirmedAt;
  }

  void confirmedAt(long now) {
    confirmedAt = now;
  }

  /** Whether it was used since the last time this was asked. */
  boolean takeUsed() {
    boolean was = used;
    used = false;
    return was;
  }

  void enqueue(Frame datagram) {
    datagram.next(null);
    if (last == null) {
      first = datagram;
    } else {
      last.next(datagram);
    }
    last = datagram;
    waiting++;
  }

  /** The datagram that has waited longest, or null. */
  Frame dequeue() {
    Frame datagram = first;
    if (datagram != null) {
      first = datagram.next();
      if (first == null) {
        last = null;
      }
      datagram.next(null);
      waiting--;
    }
    return datagram;
  }

  @Override
  protected void onTimer(long now) {
    table.onTimer(this, now);
  }

  @Override
  public String toString() {
    return state + " " + Ethernet.format(mac);
  }
}
