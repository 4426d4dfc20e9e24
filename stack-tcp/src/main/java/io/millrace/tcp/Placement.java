package io.millrace.tcp;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.flow.Flow;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.net.Shard;
import io.millrace.net.ShardGroup;
import io.millrace.tcp.engine.SegmentIn;
import org.agrona.collections.Long2LongHashMap;

/**
 * Which shard a connection lives on, where a stack has several. Asked only about segments that have
 * no connection here.
 *
 * <p>A connection's <i>owner</i> is the shard that its packets hash to. What arrives elsewhere is
 * handed over to the owner; the owner decides by the listener's policy where a new connection
 * lives, and keeps a {@link Redirect} for one that it gives away. A packet is thus handed over
 * twice at most: to the owner, and from there to where the connection lives. <b>Thread:</b> the
 * shard's.
 */
final class Placement {
  /**
   * For how long this shard answers with cookies when another one has said that its backlog is
   * full, nanoseconds. The SYNs that are handed over after that, and find it still full, are lost:
   * so it is longer than a peer takes to repeat one (RFC 6298 §2.1: 1 s).
   */
  private static final long FULL_FOR = 3_000_000_000L;

  private static final long NOT_FULL = Long.MIN_VALUE;

  private final StackTcp tcp;
  private final Shard shard;
  private final ShardGroup group;
  private final int self;

  /**
   * Until when new connections to a port of another shard are answered with cookies, by shard and
   * port: no more entries than ports that are listened on.
   */
  private final Long2LongHashMap full = new Long2LongHashMap(NOT_FULL);

  /** Open connections that this shard, as their owner, has placed, by shard. */
  private final int[] load;

  Placement(StackTcp tcp) {
    this.tcp = tcp;
    this.shard = tcp.shard;
    this.group = shard.group();
    this.self = shard.index();
    this.load = new int[group.size()];
  }

  /** Whether the stack has only one shard, so that there is nothing to ask. */
  boolean isTrivial() {
    return load.length == 1;
  }

  // ---- segments ----

  /**
   * Finds the shard that a segment is for.
   *
   * @param flow what its addresses and ports have here instead of a connection, or null
   * @param pair the ports, ours in the high 16 bits
   * @return null if it is to be handled here; else what becomes of it
   */
  Outcome place(Flow flow, Frame frame, SegmentIn s, int pair, long now) {
    if (flow instanceof Redirect r) {
      return handOver(frame, r.target());
    }
    if (flow != null) {
      return null;
    }
    int owner = owner(frame, pair);
    if (owner != self) {
      // Handed over already: the owner knows that it is for us.
      return frame.has(Frame.HANDED_OVER) ? null : handOver(frame, owner);
    }
    return s.isOnlySyn() || tcp.passive.bringsCookie(frame, s, pair, now)
        ? placeNew(frame, s, pair, now)
        : null;
  }

  /** What became of a segment that is not handled here. */
  enum Outcome {
    /** Another shard has it now: the frame is gone. */
    HANDED_OVER,
    /** The shard that it is for has no room: to be answered with a SYN cookie. */
    COOKIE,
    /** There was no room to remember where its connection lives. */
    NO_ROOM
  }

  /** This shard owns a connection to be, and decides where it lives. */
  private Outcome placeNew(Frame frame, SegmentIn s, int pair, long now) {
    int port = pair >>> 16;
    long candidates = shard.bindings().shardsOf(IpProtocol.TCP, port);
    StackTcpListener listener =
        tcp.listeners.find(port, frame.destinationHi(), frame.destinationLo());
    if (listener == null) {
      candidates &= ~(1L << self);
    }
    if (candidates == 0 || tcp.isClosing()) {
      return null;
    }
    int target =
        listener == null
            ? shard.bindings().choose(IpProtocol.TCP, port, self)
            : listener.config().policy().choose(candidates, self, pair & 0xffff, load);
    if (target == self) {
      return null;
    }
    if (!full.isEmpty() && s.isOnlySyn() && isFull(target, port, now)) {
      return Outcome.COOKIE;
    }
    if (tcp.isFull()) {
      return Outcome.NO_ROOM;
    }
    tcp.flows.add(
        new Redirect(
            frame.destinationHi(),
            frame.destinationLo(),
            frame.sourceHi(),
            frame.sourceLo(),
            pair,
            target,
            true));
    load[target]++;
    return handOver(frame, target);
  }

  private static long key(int target, int port) {
    return (long) target << 16 | port;
  }

  /** Whether a shard has said lately that its backlog of a port is full. */
  private boolean isFull(int target, int port, long now) {
    long until = full.get(key(target, port));
    if (until == NOT_FULL) {
      return false;
    }
    if (now < until) {
      return true;
    }
    full.remove(key(target, port));
    return false;
  }

  private Outcome handOver(Frame frame, int to) {
    tcp.counters.add(Counter.TCP_IN_SEGS, -1); // the other shard counts it
    if (!frame.has(Frame.CHECKSUM_PARTIAL)) {
      frame.set(Frame.RX_CHECKSUM_OK); // it has been verified
      frame.clear(Frame.REASSEMBLED);
    }
    group.handOver(frame, to);
    return Outcome.HANDED_OVER;
  }

  /** Whether a received segment's connection is, or would be, this shard's to place. */
  boolean isOwner(Frame frame, int pair) {
    return owner(frame, pair) == self;
  }

  private int owner(Frame frame, int pair) {
    return shard
        .steering()
        .owner(
            frame.interfaceIndex(),
            frame.sourceHi(),
            frame.sourceLo(),
            frame.destinationHi(),
            frame.destinationLo(),
            Integer.rotateLeft(pair, 16));
  }

  // ---- connections of ours ----

  /** The owner of a connection over a route. */
  int owner(Route route, int localPort, int remotePort) {
    return shard
        .steering()
        .owner(
            route.inboundInterface(),
            route.destinationHi(),
            route.destinationLo(),
            route.sourceHi(),
            route.sourceLo(),
            Flow.ports(remotePort, localPort));
  }

  /**
   * Has a connection's owner send its packets here, for a port that the application insisted on.
   * Nothing may be sent before that is done.
   *
   * @param then run on this shard once it is
   */
  void claim(Flow connection, int owner, Runnable then) {
    Redirect redirect =
        new Redirect(
            connection.localHi(),
            connection.localLo(),
            connection.remoteHi(),
            connection.remoteLo(),
            connection.ports(),
            self,
            false);
    connection.owner(owner);
    group.submitTo(
        owner,
        () -> {
          StackTcp there = (StackTcp) ofOwner(owner);
          if (there.placement.find(redirect) == null) {
            there.flows.add(redirect);
          }
          there.shard.group().deliver(self, then);
        });
  }

  private Tcp ofOwner(int owner) {
    return Tcp.of(group.shard(owner));
  }

  private Flow find(Flow like) {
    return tcp.flows.find(
        like.localHi(), like.localLo(), like.remoteHi(), like.remoteLo(), like.ports());
  }

  /** A handshake begins here: remembers who owns it. */
  void begun(Flow handshake, Frame frame, int pair) {
    if (!isTrivial()) {
      int owner = owner(frame, pair);
      handshake.owner(owner);
      if (owner == self) {
        load[self]++;
      }
    }
  }

  /** A connection or handshake is over; TIME-WAIT may follow. */
  void ended(Flow flow) {
    if (flow.owner() == self) {
      load[self]--;
    } else if (flow.owner() >= 0) {
      tell(flow.owner(), flow, false);
    }
  }

  /** Nothing is left here of what packets were sent here for. */
  void forgotten(Flow flow) {
    if (flow.owner() >= 0 && flow.owner() != self) {
      tell(flow.owner(), flow, true);
    }
  }

  /**
   * A segment was handed over to here and has led to nothing.
   *
   * @param backlogFull whether that is because too many handshakes are under way here
   */
  void refused(Frame frame, int pair, boolean backlogFull, long now) {
    int owner = owner(frame, pair);
    if (owner != self) {
      Redirect like =
          new Redirect(
              frame.destinationHi(),
              frame.destinationLo(),
              frame.sourceHi(),
              frame.sourceLo(),
              pair,
              self,
              false);
      long until = backlogFull && tcp.config.synCookies() ? now + FULL_FOR : NOT_FULL;
      group.deliver(owner, () -> ((StackTcp) ofOwner(owner)).placement.hearRefusal(like, until));
    }
  }

  private void hearRefusal(Redirect like, long fullUntil) {
    if (fullUntil != NOT_FULL) {
      full.put(key(like.target(), like.ports() >>> 16), fullUntil);
    }
    hear(like, true);
  }

  private void tell(int owner, Flow flow, boolean forget) {
    group.deliver(owner, () -> ((StackTcp) ofOwner(owner)).placement.hear(flow, forget));
  }

  /** Another shard says that a connection which this one owns is over, or that nothing is left. */
  private void hear(Flow flow, boolean forget) {
    if (find(flow) instanceof Redirect redirect) {
      if (redirect.counted) {
        redirect.counted = false;
        load[redirect.target()]--;
      }
      if (forget) {
        tcp.flows.remove(redirect);
      }
    }
  }
}
