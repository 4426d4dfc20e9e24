package io.millrace.tcp;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.flow.Flow;
import io.millrace.ip.Route;
import io.millrace.tcp.engine.Handshake;
import io.millrace.tcp.engine.InitialSequence;
import io.millrace.tcp.engine.SegmentIn;
import io.millrace.tcp.engine.SynCookies;
import io.millrace.tcp.engine.Tcb;
import io.millrace.tcp.engine.TimeWait;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.transport.Serial;

/**
 * The passive open: what arrives for no connection, but for a listener, a handshake, a connection
 * in TIME-WAIT, or nobody.
 */
final class PassiveOpen {
  /** What the key of the cookies is derived for: any shard takes the cookies of any other. */
  private static final long COOKIES = 0x636f6f6b69657300L;

  private final StackTcp tcp;
  private final SynCookies cookies;

  /** Cookies that were sent from here may come back until then. */
  private long cookiesUntil = Long.MIN_VALUE;

  PassiveOpen(StackTcp tcp) {
    this.tcp = tcp;
    this.cookies = new SynCookies(tcp.shard.group().secret().derive(COOKIES));
  }

  /**
   * A segment whose addresses and ports have no connection.
   *
   * @param flow what they have instead, or null
   * @param pair the ports, ours in the high 16 bits
   */
  DropReason segment(Flow flow, Frame frame, SegmentIn s, int pair, long now) {
    if (flow instanceof Handshake h) {
      return halfOpen(h, s, now);
    }
    if (flow instanceof TimeWait t) {
      return timeWait(t, frame, s, pair, now);
    }
    return unknown(frame, s, pair, 0, now);
  }

  // ---- CLOSED and LISTEN: RFC 9293 §3.10.7.1 and §3.10.7.2 ----

  private DropReason unknown(Frame frame, SegmentIn s, int pair, int leastIss, long now) {
    StackTcpListener listener =
        tcp.listeners.find(pair >>> 16, frame.destinationHi(), frame.destinationLo());
    if (listener != null && !tcp.isClosing()) {
      // LISTEN. First, RST is ignored; second, ACK is answered with a reset; third, SYN.
      if (s.isOnlySyn()) {
        return open(listener, frame, s, pair, leastIss, now);
      }
      int flags = s.flags() & (TcpHeader.RST | TcpHeader.ACK | TcpHeader.SYN);
      if (flags == TcpHeader.ACK
          && expectsCookies(frame, now)
          && isCookie(listener, frame, s, pair, now)) {
        return null;
      }
      if ((flags & (TcpHeader.RST | TcpHeader.ACK)) == 0) {
        return DropReason.TCP_NO_ACK;
      }
    }
    if ((s.flags() & TcpHeader.RST) == 0) {
      Route back = route(frame);
      if (back != null) {
        tcp.output.reset(s, back, pair, now);
      }
    }
    return DropReason.TCP_NO_CONNECTION;
  }

  private Route route(Frame frame) {
    return tcp.shard.route(
        /* sourceHi= */ frame.destinationHi(),
        /* sourceLo= */ frame.destinationLo(),
        /* destinationHi= */ frame.sourceHi(),
        /* destinationLo= */ frame.sourceLo());
  }

  private DropReason open(
      StackTcpListener listener, Frame frame, SegmentIn s, int pair, int leastIss, long now) {
    if (listener.isFull()) {
      // Of what another shard gave us, the answer comes back to that one: it is told, and sends
      // cookies itself from now on.
      return frame.has(Frame.HANDED_OVER) && !tcp.placement.isOwner(frame, pair)
          ? DropReason.TCP_BACKLOG_FULL
          : cookie(frame, s, pair, now);
    }
    if (tcp.isFull()) {
      return DropReason.TCP_TOO_MANY_CONNECTIONS;
    }
    Route back = route(frame);
    if (back == null) {
      return DropReason.IP_NO_ROUTE;
    }
    long lHi = frame.destinationHi();
    long lLo = frame.destinationLo();
    long rHi = frame.sourceHi();
    long rLo = frame.sourceLo();
    long hash = tcp.sequences.hash(lHi, lLo, rHi, rLo, pair);
    int iss = InitialSequence.isn(hash, now);
    if (leastIss != 0 && Serial.lt(iss, leastIss)) {
      iss = leastIss; // beyond the old connection's numbers (RFC 1122 §4.2.2.13)
    }
    HalfOpen half = new HalfOpen(this, listener, back);
    half.handshake =
        new Handshake(
            lHi,
            lLo,
            rHi,
            rLo,
            pair,
            s,
            tcp.config,
            iss,
            InitialSequence.timestampOffset(hash),
            half);
    tcp.flows.add(half.handshake);
    tcp.placement.begun(half.handshake, frame, pair);
    listener.halfOpen++;
    tcp.output.synAck(half, now);
    tcp.shard.wheel().schedule(half, half.handshake.nextRepeat(now));
    return null;
  }

  // ---- a flood of SYNs: RFC 4987 §3.6 ----

  /** The backlog is full, here or at another shard: the SYN is answered, but not remembered. */
  DropReason cookie(Frame frame, SegmentIn s, int pair, long now) {
    if (!tcp.config.synCookies()) {
      return DropReason.TCP_BACKLOG_FULL;
    }
    Route back = route(frame);
    if (back == null) {
      return DropReason.IP_NO_ROUTE;
    }
    cookiesUntil = now + SynCookies.LIFE;
    tcp.counters.increment(Counter.TCP_COOKIES_OUT);
    tcp.output.cookie(cookies, s, back, pair, timestampOffset(frame, pair), now);
    return null;
  }

  /** Whether an acknowledgment may bring back a cookie, of ours or of the shard that gave it us. */
  private boolean expectsCookies(Frame frame, long now) {
    return now < cookiesUntil || frame.has(Frame.HANDED_OVER);
  }

  /** Whether a segment acknowledges a cookie of this stack. */
  boolean bringsCookie(Frame frame, SegmentIn s, int pair, long now) {
    return (s.flags() & (TcpHeader.RST | TcpHeader.ACK | TcpHeader.SYN)) == TcpHeader.ACK
        && expectsCookies(frame, now)
        && handshake(frame, s, pair, null, now) != null;
  }

  private Handshake handshake(Frame frame, SegmentIn s, int pair, HalfOpen half, long now) {
    return cookies.check(
        s,
        tcp.config,
        frame.destinationHi(),
        frame.destinationLo(),
        frame.sourceHi(),
        frame.sourceLo(),
        pair,
        timestampOffset(frame, pair),
        half,
        now);
  }

  /** Opens the connection if a segment acknowledges a cookie of ours. */
  private boolean isCookie(
      StackTcpListener listener, Frame frame, SegmentIn s, int pair, long now) {
    Route back = route(frame);
    if (back == null || tcp.isFull()) {
      return false;
    }
    HalfOpen half = new HalfOpen(this, listener, back);
    half.handshake = handshake(frame, s, pair, half, now);
    if (half.handshake == null) {
      if (now < cookiesUntil) {
        tcp.counters.increment(Counter.TCP_COOKIES_FAILED);
      }
      return false;
    }
    tcp.counters.increment(Counter.TCP_COOKIES_IN);
    tcp.flows.add(half.handshake);
    tcp.placement.begun(half.handshake, frame, pair);
    listener.halfOpen++;
    establish(half, s, now);
    return true;
  }

  private int timestampOffset(Frame frame, int pair) {
    return InitialSequence.timestampOffset(
        tcp.sequences.hash(
            frame.destinationHi(),
            frame.destinationLo(),
            frame.sourceHi(),
            frame.sourceLo(),
            pair));
  }

  // ---- SYN-RECEIVED ----

  private DropReason halfOpen(Handshake h, SegmentIn s, long now) {
    HalfOpen half = (HalfOpen) h.context();
    return switch (h.onSegment(s, now)) {
      case ESTABLISH -> establish(half, s, now);
      case REPEAT -> {
        tcp.output.synAck(half, now);
        yield null;
      }
      case ACKNOWLEDGE -> {
        tcp.output.acknowledge(half, now);
        yield DropReason.TCP_OUT_OF_WINDOW;
      }
      case RESET -> {
        tcp.output.reset(s, half.route, h.ports(), now);
        yield DropReason.TCP_BAD_ACK;
      }
      case FORGET -> {
        forget(half);
        yield null;
      }
      case IGNORE -> DropReason.TCP_NO_ACK;
    };
  }

  private DropReason establish(HalfOpen half, SegmentIn s, long now) {
    Handshake h = half.handshake;
    StackTcpListener listener = half.listener;
    Tcb tcb = tcp.machine.accept(h, s, now);
    StackTcpConnection c =
        new StackTcpConnection(tcp, tcb, half.route, h.localPort(), h.remotePort(), null);
    tcp.shard.wheel().cancel(half);
    listener.halfOpen--;
    c.owner(h.owner());
    tcp.flows.replace(h, c);
    tcp.opened();
    tcp.counters.increment(Counter.TCP_PASSIVE_OPENS);
    c.handler = tcp.listeners.contains(listener) ? tcp.dispatcher.accept(listener, c) : null;
    if (c.handler == null) {
      c.handler = Dispatcher.NOBODY;
      tcp.machine.abort(tcb);
      tcp.finish(c, now);
      return null;
    }
    return tcp.established(c, s, now);
  }

  private void forget(HalfOpen half) {
    tcp.shard.wheel().cancel(half);
    half.listener.halfOpen--;
    tcp.flows.remove(half.handshake);
    tcp.placement.ended(half.handshake);
    tcp.placement.forgotten(half.handshake);
    tcp.counters.increment(Counter.TCP_ATTEMPT_FAILS);
  }

  /** The handshake's answer is overdue. */
  void onTimer(HalfOpen half, long now) {
    if (!half.handshake.onTimeout(tcp.config)) {
      forget(half);
      return;
    }
    tcp.counters.increment(Counter.TCP_RETRANS_SEGS);
    tcp.output.synAck(half, now);
    tcp.shard.wheel().schedule(half, half.handshake.nextRepeat(now));
  }

  // ---- TIME-WAIT ----

  private DropReason timeWait(TimeWait t, Frame frame, SegmentIn s, int pair, long now) {
    return switch (t.onSegment(s, tcp.config.timestamps(), now)) {
      case REOPEN -> {
        tcp.timeWaits.remove(t);
        yield unknown(frame, s, pair, t.beyond(), now);
      }
      case RESTART -> {
        tcp.timeWaits.restart(t, now);
        tcp.output.acknowledge(t, route(frame), now);
        yield null;
      }
      case ACKNOWLEDGE -> {
        tcp.output.acknowledge(t, route(frame), now);
        yield DropReason.TCP_OUT_OF_WINDOW;
      }
      case IGNORE -> DropReason.TCP_OUT_OF_WINDOW;
    };
  }
}
