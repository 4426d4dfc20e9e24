package io.millrace.tcp.engine;

import io.millrace.diag.DropReason;
import io.millrace.tcp.TcpState;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.transport.Serial;

/**
 * SEGMENT ARRIVES (RFC 9293 §3.10.7), for a connection that exists: one method per numbered step,
 * in the order of the text. CLOSED and LISTEN (§3.10.7.1, §3.10.7.2) are the table look-up's and
 * {@link Handshake}'s, TIME-WAIT is {@link TimeWait}'s.
 */
final class SegmentArrives {
  private final TcpMachine machine;
  private final AckProcessor acks;
  private final Receiver receiver;

  SegmentArrives(TcpMachine machine, AckProcessor acks, Receiver receiver) {
    this.machine = machine;
    this.acks = acks;
    this.receiver = receiver;
  }

  /** Handles {@code s}; null if it was accepted, else why it was dropped. */
  DropReason process(Tcb t, SegmentIn s, long now) {
    if (!t.state.isSynchronized()) {
      if (t.state == TcpState.SYN_SENT) {
        return synSent(t, s, now);
      }
      if (t.state == TcpState.CLOSED) {
        return DropReason.TCP_NO_CONNECTION; // aborted, and not yet forgotten
      }
      if (isCrossingSynAck(t, s)) {
        return openedByBoth(t, s, now);
      }
    }
    DropReason reason = first(t, s, now);
    if (reason != null) {
      return reason;
    }
    t.lastReceived = now;
    if ((s.flags & (TcpHeader.RST | TcpHeader.SYN)) != 0) {
      // A reset or a SYN never gets further than its own step.
      return s.has(TcpHeader.RST) ? second(t, s, now) : fourth(t, now);
    }
    reason = fifth(t, s, now);
    if (reason != null) {
      return reason;
    }
    // Sixth, the URG bit: we never offer out-of-band data; the pointer grants nothing (RFC 6093
    // §6).
    reason = seventh(t, s, now);
    if (s.has(TcpHeader.FIN) && reason == null) {
      eighth(t, s);
    }
    return reason;
  }

  // ---- SYN-SENT: RFC 9293 §3.10.7.3 ----

  private DropReason synSent(Tcb t, SegmentIn s, long now) {
    // First, the ACK bit.
    boolean acked = s.has(TcpHeader.ACK);
    if (acked && s.ack != t.sndNxt) {
      // We sent nothing but the SYN, so SEG.ACK =< ISS or > SND.NXT.
      s.answerReset = !s.has(TcpHeader.RST);
      return DropReason.TCP_BAD_ACK;
    }
    // Second, the RST bit.
    if (s.has(TcpHeader.RST)) {
      if (!acked) {
        return DropReason.TCP_BAD_RESET;
      }
      machine.end(t, CloseCause.REFUSED);
      return null;
    }
    // Fourth, the SYN bit (there is no security to check third). Fifth: neither SYN nor RST is
    // dropped.
    if (!s.has(TcpHeader.SYN)) {
      return DropReason.TCP_BAD_HEADER;
    }
    t.lastReceived = now;
    machine.learnPeer(t, s, now);
    if (!acked) {
      // Simultaneous open (RFC 9293 §3.5, figure 7; MUST-10).
      t.become(TcpState.SYN_RECEIVED);
      t.retries = 0;
      t.set(Tcb.SYN_NOW);
      return null;
    }
    t.set(Tcb.ACK_NOW);
    return establishBySynAck(t, s, now);
  }

  private DropReason establishBySynAck(Tcb t, SegmentIn s, long now) {
    t.sndUna = s.ack;
    establish(t, s, now);
    s.flags &= ~TcpHeader.SYN;
    s.seq++;
    DropReason reason = seventh(t, s, now);
    if (s.has(TcpHeader.FIN) && reason == null) {
      eighth(t, s);
    }
    return reason;
  }

  private void establish(Tcb t, SegmentIn s, long now) {
    machine.established(t, s, now);
    if (t.is(Tcb.CLOSE_REQUESTED)) {
      t.become(TcpState.FIN_WAIT_1); // CLOSE was called meanwhile (RFC 9293 §3.10.4)
    }
  }

  /** In SYN-RECEIVED: the peer's SYN is known, its answer to ours is what counts. */
  private static boolean isCrossingSynAck(Tcb t, SegmentIn s) {
    return (s.flags & (TcpHeader.SYN | TcpHeader.ACK | TcpHeader.RST))
            == (TcpHeader.SYN | TcpHeader.ACK)
        && s.seq == t.irs
        && s.ack == t.sndNxt;
  }

  private DropReason openedByBoth(Tcb t, SegmentIn s, long now) {
    t.lastReceived = now;
    return establishBySynAck(t, s, now);
  }

  // ---- all other states: RFC 9293 §3.10.7.4 ----

  /** First, check the sequence number; timestamps before it (RFC 7323 §5.3, R1). */
  private DropReason first(Tcb t, SegmentIn s, long now) {
    int window = t.rcvEdge - t.rcvNxt;
    boolean stale = false;
    if (t.is(Tcb.TIMESTAMPS) && !s.has(TcpHeader.RST)) {
      if (!s.hasTimestamps) {
        return DropReason.TCP_NO_TIMESTAMP; // RFC 7323 §3.2
      }
      stale = Serial.lt(s.tsValue, t.tsRecent) && !machine.isOutdated(t, now);
    }
    int length = s.length();
    boolean acceptable =
        length == 0
            ? s.seq == t.rcvNxt || Serial.in(s.seq, t.rcvNxt, window)
            : Serial.lt(s.seq, t.rcvEdge) && Serial.gt(s.seq + length, t.rcvNxt);
    if (acceptable && !stale) {
      if (t.is(Tcb.TIMESTAMPS)
          && Serial.le(s.seq, t.lastAckSent)
          && (s.flags & (TcpHeader.RST | TcpHeader.SYN)) == 0) {
        t.tsRecent = s.tsValue; // RFC 7323 §4.3 (2); never from a reset (§5.2)
        t.tsRecentTime = now;
      }
      return null;
    }
    return unacceptable(t, s, stale, length, now);
  }

  private DropReason unacceptable(Tcb t, SegmentIn s, boolean stale, int length, long now) {
    if (s.has(TcpHeader.RST)) {
      return DropReason.TCP_BAD_RESET;
    }
    if (s.has(TcpHeader.SYN)) {
      return challenge(t, now, DropReason.TCP_UNEXPECTED_SYN); // RFC 5961 §4: whatever its number
    }
    if (!stale && length > 0 && t.rcvEdge == t.rcvNxt && s.seq == t.rcvNxt) {
      // A zero window: data is refused, a valid ACK is still taken (RFC 9293 §3.10.7.4).
      t.set(Tcb.ACK_NOW);
      s.dataLength = 0;
      s.flags &= ~TcpHeader.FIN;
      t.lastReceived = now;
      fifth(t, s, now);
      return DropReason.TCP_NO_RECEIVE_SPACE;
    }
    if (s.dataLength > 0) {
      if (!stale && Serial.le(s.seq + s.dataLength, t.rcvNxt)) {
        receiver.duplicate(t, s.seq, s.seq + s.dataLength);
      }
      if (!stale && s.seq + length == t.rcvNxt && t.is(Tcb.TIMESTAMPS)) {
        // The last segment again, because our acknowledgment was lost: its timestamp is echoed, so
        // that the peer measures this round trip (RFC 7323 §4.3 (2)).
        t.tsRecent = s.tsValue;
        t.tsRecentTime = now;
      }
      t.set(Tcb.ACK_NOW);
    } else if (length > 0 || s.seq == t.rcvNxt - 1) {
      t.set(Tcb.ACK_NOW); // a FIN again, or a keep-alive probe
    } else {
      // Nothing to gain by answering: two peers out of step would answer each other for ever.
      return challenge(t, now, stale ? DropReason.TCP_PAWS : DropReason.TCP_OUT_OF_WINDOW);
    }
    return stale ? DropReason.TCP_PAWS : DropReason.TCP_OUT_OF_WINDOW;
  }

  private DropReason challenge(Tcb t, long now, DropReason reason) {
    if (machine.challengeAllowed(t, now)) {
      t.set(Tcb.ACK_NOW);
    }
    return reason;
  }

  /** Second, check the RST bit (RFC 5961 §3.2). */
  private DropReason second(Tcb t, SegmentIn s, long now) {
    if (s.seq != t.rcvNxt) {
      return challenge(t, now, DropReason.TCP_BAD_RESET);
    }
    boolean refused = t.state == TcpState.SYN_RECEIVED; // an active open that became simultaneous
    boolean done = t.state == TcpState.CLOSING || t.state == TcpState.LAST_ACK;
    machine.end(t, refused ? CloseCause.REFUSED : done ? CloseCause.NORMAL : CloseCause.RESET);
    return null;
  }

  /** Fourth, check the SYN bit (RFC 5961 §4.2). */
  private DropReason fourth(Tcb t, long now) {
    return challenge(t, now, DropReason.TCP_UNEXPECTED_SYN);
  }

  /** Fifth, check the ACK field. */
  private DropReason fifth(Tcb t, SegmentIn s, long now) {
    if (!s.has(TcpHeader.ACK)) {
      return DropReason.TCP_NO_ACK;
    }
    if (t.state == TcpState.SYN_RECEIVED) {
      if (s.ack != t.sndNxt) {
        s.answerReset = true;
        return DropReason.TCP_BAD_ACK;
      }
      t.sndUna = s.ack;
      establish(t, s, now);
      return null;
    }
    DropReason reason = acks.process(t, s, now);
    if (reason != null) {
      return reason;
    }
    if (t.is(Tcb.FIN_SENT) && t.sndUna == t.sndNxt) {
      finAcknowledged(t, now);
    }
    return null;
  }

  private void finAcknowledged(Tcb t, long now) {
    switch (t.state) {
      case FIN_WAIT_1 -> {
        t.become(TcpState.FIN_WAIT_2);
        if (t.is(Tcb.RECEIVE_SHUT)) {
          Timers.set(t, Timers.FIN_WAIT_2, now + machine.config().finWait2());
        }
      }
      case CLOSING -> machine.timeWait(t);
      case LAST_ACK -> machine.end(t, CloseCause.NORMAL);
      case CLOSED, SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_2, CLOSE_WAIT, TIME_WAIT -> {
        // Our FIN was acknowledged before, or there was none.
      }
    }
  }

  /** Seventh, process the segment text. */
  private DropReason seventh(Tcb t, SegmentIn s, long now) {
    if (s.dataLength == 0 || !t.state.mayReceive()) {
      return null; // a FIN has come before: nothing may follow it
    }
    if (t.is(Tcb.RECEIVE_SHUT) && Serial.gt(s.seq + s.dataLength, t.rcvNxt)) {
      // The application is gone: tell the peer that its data is lost (RFC 9293 §3.6.1, SHLD-3).
      s.answerReset = true;
      machine.end(t, CloseCause.ABORTED);
      return DropReason.TCP_DATA_AFTER_CLOSE;
    }
    return receiver.text(t, s, now);
  }

  /** Eighth, check the FIN bit. */
  private void eighth(Tcb t, SegmentIn s) {
    if (t.state.mayReceive()) {
      receiver.fin(t, s.seq + s.dataLength);
    }
  }
}
