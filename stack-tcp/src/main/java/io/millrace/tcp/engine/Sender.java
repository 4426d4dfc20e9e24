package io.millrace.tcp.engine;

import io.millrace.tcp.TcpState;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.transport.Serial;

/**
 * The sending half: decides what the next segment is, if any is due.
 *
 * <pre>
 *          1         2          3          4
 *     ----------|----------|----------|----------
 *            SND.UNA    SND.NXT    SND.UNA
 *                                 + SND.WND
 *  1 acknowledged   2 in flight   3 may be sent   4 not allowed yet   (RFC 9293 §3.4, figure 3)
 *
 *  in recovery without SACK (with it, the TransmitLog knows what is lost):
 *                SND.UNA ... highRxt   sent again
 *                highRxt ... lossEdge  lost, to be sent again
 * </pre>
 */
final class Sender {
  private final TcpMachine machine;
  private final Receiver receiver;
  private final TailLossProbe probes;
  private final NeedlessResend needless;

  Sender(TcpMachine machine, Receiver receiver, TailLossProbe probes, NeedlessResend needless) {
    this.machine = machine;
    this.receiver = receiver;
    this.probes = probes;
    this.needless = needless;
  }

  /** Describes the next segment that is due in {@code out}; false if none is. */
  boolean poll(Tcb t, SegmentOut out, long now) {
    if ((t.flags & (Tcb.RST_NOW | Tcb.SYN_NOW)) != 0) {
      return control(t, out, now);
    }
    if (!t.state.isSynchronized() || t.state == TcpState.TIME_WAIT) {
      return acknowledgment(t, out, now);
    }
    if (t.recovery != Recovery.NONE && retransmission(t, out, now)) {
      return true;
    }
    if ((t.flags & (Tcb.PROBE_NOW | Tcb.LOSS_PROBE_NOW)) != 0) {
      if (t.is(Tcb.PROBE_NOW)) {
        return probe(t, out, now);
      }
      if (lossProbe(t, out, now)) {
        return true;
      }
    }
    if (t.sendQueue != null || t.is(Tcb.CLOSE_REQUESTED)) {
      if (newData(t, out, now)) {
        return true;
      }
    }
    return acknowledgment(t, out, now);
  }

  // ---- SYN, RST ----

  private boolean control(Tcb t, SegmentOut out, long now) {
    out.clear();
    if (t.is(Tcb.RST_NOW)) {
      t.clear(Tcb.RST_NOW);
      out.seq = t.sndNxt;
      out.ack = t.rcvNxt;
      out.flags = TcpHeader.RST | TcpHeader.ACK;
      out.window = 0;
      timestamps(t, out, now);
      return true;
    }
    t.clear(Tcb.SYN_NOW);
    boolean answer = t.state == TcpState.SYN_RECEIVED;
    out.seq = t.iss;
    out.ack = answer ? t.rcvNxt : 0;
    out.flags = answer ? TcpHeader.SYN | TcpHeader.ACK : TcpHeader.SYN;
    out.window = Math.min(t.rcvBuffer, 0xffff); // never scaled (RFC 7323 §2.2)
    out.mss = machine.localMss();
    out.windowScale = t.is(Tcb.WINDOW_SCALING) ? t.rcvWndShift : -1;
    out.sackPermitted = t.is(Tcb.SACK);
    timestamps(t, out, now);
    t.sndNxt = t.iss + 1;
    // A peer that opened at the same time may answer our SYN or our SYN-ACK (RFC 6298 §3).
    t.rttStart = answer ? 0 : now;
    if (answer) {
      acknowledged(t);
    }
    Timers.set(t, Timers.RETRANSMIT, now + t.rtt.rto());
    return true;
  }

  private void timestamps(Tcb t, SegmentOut out, long now) {
    if (t.is(Tcb.TIMESTAMPS)) {
      out.hasTimestamps = true;
      out.tsValue = machine.timestamp(t, now);
      out.tsEcho = t.tsRecent;
    }
  }

  // ---- what every other segment carries ----

  private void start(Tcb t, SegmentOut out, int seq, long now) {
    out.clear();
    receiver.openWindow(t);
    out.seq = seq;
    out.ack = t.rcvNxt;
    out.flags = TcpHeader.ACK;
    out.window = Math.min((t.rcvEdge - t.rcvNxt) >>> t.rcvWndShift, 0xffff);
    timestamps(t, out, now);
    if (t.outOfOrder != null || t.is(Tcb.DSACK_DUE)) {
      sackBlocks(t, out);
    }
    acknowledged(t);
  }

  private static void acknowledged(Tcb t) {
    t.clear(Tcb.ACK_NOW);
    t.lastAckSent = t.rcvNxt;
    t.unacknowledgedIn = 0;
    Timers.clear(t, Timers.DELAYED_ACK);
  }

  private static void sackBlocks(Tcb t, SegmentOut out) {
    if (!t.is(Tcb.SACK)) {
      return;
    }
    int n = 0;
    if (t.is(Tcb.DSACK_DUE)) {
      t.clear(Tcb.DSACK_DUE);
      out.sackStart[0] = t.dsackStart;
      out.sackEnd[0] = t.dsackEnd;
      n = 1;
    }
    if (t.outOfOrder != null) {
      int most = out.hasTimestamps ? 3 : 4;
      n += t.outOfOrder.blocks(out.sackStart, out.sackEnd, n, most - n);
    }
    out.sackCount = n;
  }

  private boolean acknowledgment(Tcb t, SegmentOut out, long now) {
    if (t.duplicateAcksDue > 0) {
      t.duplicateAcksDue--;
    } else if (!t.is(Tcb.ACK_NOW)) {
      return keepAlive(t, out, now);
    }
    if (t.state == TcpState.CLOSED || t.state == TcpState.SYN_SENT) {
      t.clear(Tcb.ACK_NOW);
      t.duplicateAcksDue = 0;
      return false;
    }
    start(t, out, t.sndNxt, now);
    return true;
  }

  private boolean keepAlive(Tcb t, SegmentOut out, long now) {
    if (!t.is(Tcb.KEEP_ALIVE_NOW)) {
      return false;
    }
    t.clear(Tcb.KEEP_ALIVE_NOW);
    start(t, out, t.sndNxt - 1, now); // an old number makes the peer answer (RFC 9293 §3.8.4)
    return true;
  }

  // ---- data ----

  /** Bytes that the network still holds, as far as is known: pipe of RFC 6675 §4. */
  private static int pipe(Tcb t) {
    if (t.transmits != null) {
      return t.pipe();
    }
    int flight = t.sndNxt - t.sndUna;
    if (t.recovery == Recovery.NONE && t.duplicateAcks == 0) {
      return flight;
    }
    int pipe =
        flight - t.duplicateAcks * t.sndMss; // each left the network (RFC 5681 §3.2, RFC 3042)
    if (t.recovery != Recovery.NONE && Serial.lt(t.highRxt, t.lossEdge)) {
      pipe -= t.lossEdge - Serial.max(t.highRxt, t.sndUna);
    }
    return Math.max(pipe, 0);
  }

  /** The congestion window that counts now. */
  private static int window(Tcb t) {
    boolean reducing = t.recovery == Recovery.FAST && t.is(Tcb.SACK);
    return reducing ? t.recoveryWindow : t.congestion.cwnd();
  }

  private boolean retransmission(Tcb t, SegmentOut out, long now) {
    if (t.is(Tcb.DOUBT_SECOND)) {
      return false; // RFC 5682 §2.1, step 2 b: only new data until it is known what happened
    }
    boolean lost =
        t.transmits == null
            ? Serial.lt(Serial.max(t.highRxt, t.sndUna), t.lossEdge)
            : hasLost(t, now);
    if (!lost) {
      return false;
    }
    // The first retransmission is not held back (RFC 6675 §5, step 4.3; RFC 9937 §6).
    boolean first = t.is(Tcb.RESEND_NOW) || (t.transmits == null && t.highRxt == t.sndUna);
    if (!first && pipe(t) + t.sndMss > window(t)) {
      t.set(Tcb.CWND_LIMITED);
      return false;
    }
    if (t.transmits != null) {
      resendLost(t, out, now);
    } else {
      int seq = Serial.max(t.highRxt, t.sndUna);
      t.highRxt = resend(t, out, seq, t.lossEdge - seq, now);
    }
    return true;
  }

  /** Whether something is lost; what the peer holds the rest of is passed over. */
  private static boolean hasLost(Tcb t, long now) {
    TransmitLog log = t.transmits;
    while (log.hasLost()) {
      int i = log.firstLost();
      if (t.scoreboard == null
          || Serial.lt(t.scoreboard.firstMissing(log.resendFrom(i)), log.end(i))) {
        return true;
      }
      log.markResent(i, now);
    }
    return false;
  }

  /**
   * Sends the first segment again that is lost, and with it what is lost behind it if that fits.
   */
  private void resendLost(Tcb t, SegmentOut out, long now) {
    TransmitLog log = t.transmits;
    int i = log.firstLost();
    int seq = log.resendFrom(i);
    int limit = log.end(i);
    for (int k = i + 1; k != log.last() && log.isLost(k); k++) {
      if (log.end(k) - seq > t.sndMss) {
        break;
      }
      limit = log.end(k);
    }
    if (t.scoreboard != null) {
      seq = t.scoreboard.firstMissing(seq);
      limit = t.scoreboard.holeEnd(seq, limit);
    }
    int end = resend(t, out, seq, limit - seq, now);
    while (i != log.last() && log.isLost(i) && Serial.le(log.end(i), end)) {
      log.markResent(i, now);
      i++;
    }
    if (i != log.last() && log.isLost(i) && Serial.lt(log.start(i), end)) {
      log.resendLaterFrom(end); // segments have become smaller, or carry blocks now
    }
  }

  /**
   * Sends up to {@code most} numbers from {@code seq} on again, one segment at most; answers the
   * number behind what it sent.
   */
  private int resend(Tcb t, SegmentOut out, int seq, int most, long now) {
    start(t, out, seq, now);
    int size = Math.min(most, room(t, out));
    int finSeq = t.sndNxt - 1;
    boolean fin = t.is(Tcb.FIN_SENT) && Serial.gt(seq + size, finSeq);
    int data = fin ? finSeq - seq : size;
    data(t, out, seq - t.sndUna, data);
    if (fin) {
      out.flags |= TcpHeader.FIN;
    }
    t.clear(Tcb.RTT_TIMING); // Karn's algorithm (RFC 6298 §3)
    machine.countRetransmission(t, data);
    needless.sentAgain(t, seq, seq + size, now);
    RateReduction.onSent(t, size);
    if (!Timers.isSet(t, Timers.RETRANSMIT) || seq == t.sndUna) {
      Timers.set(t, Timers.RETRANSMIT, now + t.rtt.rto());
    }
    t.lastSent = now;
    return seq + size;
  }

  /**
   * TLP_send_probe() (RFC 8985 §7.3): new data if there is some and the peer takes it, else the
   * last segment again; whatever the congestion window says.
   */
  private boolean lossProbe(Tcb t, SegmentOut out, long now) {
    t.clear(Tcb.LOSS_PROBE_NOW);
    if (t.transmits == null || t.recovery != Recovery.NONE) {
      return false; // answered meanwhile
    }
    long unsent = t.unsent();
    int window = t.sndUna + t.sndWnd - t.sndNxt;
    if (unsent > 0 && window > 0 && !t.is(Tcb.FIN_SENT)) {
      int length = (int) Math.min(Math.min(unsent, window), t.sndMss);
      send(t, out, length, unsent, now);
      TailLossProbe.sent(t, false);
      return true;
    }
    TransmitLog log = t.transmits;
    int last = log.last() - 1;
    int seq = Serial.max(log.start(last), log.end(last) - t.sndMss);
    resend(t, out, seq, log.end(last) - seq, now);
    log.markResent(last, now);
    TailLossProbe.sent(t, true);
    return true;
  }

  /** Data bytes that fit into one segment with the options that it has; tiny ones carry no SACK. */
  private static int room(Tcb t, SegmentOut out) {
    if (t.sndMss < 64) {
      out.sackCount = 0;
    }
    return out.sackCount == 0 ? t.sndMss : t.sndMss - 4 - 8 * out.sackCount;
  }

  private static void data(Tcb t, SegmentOut out, int offset, int length) {
    if (length == 0) {
      return;
    }
    out.data = t.sendQueue;
    out.dataOffset = offset;
    out.dataLength = length;
    if (offset + (long) length == t.sendQueue.bytes()) {
      out.flags |=
          TcpHeader.PSH; // RFC 9293 §3.9.1.2 (MUST-60): the end of what the application gave
    }
  }

  private boolean newData(Tcb t, SegmentOut out, long now) {
    if (t.is(Tcb.FIN_SENT)) {
      return false;
    }
    long unsent = t.unsent();
    int flight = t.sndNxt - t.sndUna;
    int window = t.sndUna + t.sndWnd - t.sndNxt;
    if (unsent == 0) {
      return t.is(Tcb.CLOSE_REQUESTED) && fin(t, out, now);
    }
    if (window <= 0) {
      if (flight == 0) {
        persist(t, now);
      }
      return false;
    }
    if (flight == 0 && now - t.lastSent > t.rtt.rto() && t.lastSent != 0) {
      idle(t);
    } else if (t.transmits != null && t.transmits.isFull()) {
      return false;
    }
    int length = (int) Math.min(Math.min(unsent, window), t.sndMaxUnit);
    int allowed = window(t) - pipe(t);
    if (t.mtuSearch != null) {
      int probe = machine.prober().probe(t, unsent, window, allowed, now);
      if (probe != 0) {
        machine.prober().sent(t, probe, now);
        start(t, out, t.sndNxt, now);
        data(t, out, t.sndNxt - t.sndUna, probe);
        t.sndNxt += probe;
        sent(t, probe, now);
        return true;
      }
    }
    if (allowed < Math.min(length, t.sndMss)) {
      t.set(Tcb.CWND_LIMITED);
      if (flight != 0) {
        return false;
      }
      allowed = t.sndMss;
    } else if (allowed >= t.sndMss + t.sndMss) {
      t.clear(Tcb.CWND_LIMITED);
    }
    length = Math.min(length, allowed);
    if (length < t.sndMss) {
      if (!mayBeSmall(t, length, unsent, flight, now)) {
        return false;
      }
    } else {
      length = unit(t, length, unsent);
    }
    send(t, out, length, unsent, now);
    return true;
  }

  /** RFC 5681 §4.1, if it is wanted. */
  private void idle(Tcb t) {
    if (machine.recovery().idleRestart()) {
      t.congestion.onIdle();
    }
  }

  /**
   * What goes out at once, of {@code length} bytes that may. A unit that the port cuts does not
   * reach into another buffer, and ends with a full segment unless it is the end of the data and a
   * small one may be sent.
   */
  private static int unit(Tcb t, int length, long unsent) {
    if (length == t.sndMss || t.sndMaxUnit == t.sndMss) {
      return t.sndMss;
    }
    int most = Math.min(length, t.sendQueue.contiguous(t.sndNxt - t.sndUna));
    if (most < t.sndMss) {
      return t.sndMss; // put together from several buffers
    }
    boolean smallEnd = most == unsent && (t.flags & (Tcb.NO_DELAY | Tcb.CLOSE_REQUESTED)) != 0;
    return smallEnd ? most : most - most % t.sndMss;
  }

  /** Nagle (RFC 9293 §3.7.4, SHLD-7) and silly window avoidance (§3.8.6.2.1, MUST-38). */
  private boolean mayBeSmall(Tcb t, int length, long unsent, int flight, long now) {
    if (length == unsent) {
      return flight == 0 || t.is(Tcb.NO_DELAY) || t.is(Tcb.CLOSE_REQUESTED);
    }
    if (length >= t.maxSndWnd / 2 && (flight == 0 || t.is(Tcb.NO_DELAY))) {
      return true;
    }
    if (flight == 0) {
      persist(t, now); // the override timeout
    }
    return false;
  }

  private void send(Tcb t, SegmentOut out, int wanted, long unsent, long now) {
    start(t, out, t.sndNxt, now);
    int length = out.sackCount == 0 ? wanted : Math.min(wanted, room(t, out));
    data(t, out, t.sndNxt - t.sndUna, length);
    if (length > t.sndMss) {
      out.segmentSize = t.sndMss;
    }
    t.sndNxt += length;
    if (length == unsent && t.is(Tcb.CLOSE_REQUESTED)) {
      out.flags |= TcpHeader.FIN;
      t.sndNxt++;
      t.set(Tcb.FIN_SENT);
    }
    sent(t, length, now);
  }

  private boolean fin(Tcb t, SegmentOut out, long now) {
    start(t, out, t.sndNxt, now);
    out.flags |= TcpHeader.FIN;
    t.sndNxt++;
    t.set(Tcb.FIN_SENT);
    sent(t, 0, now);
    return true;
  }

  private void sent(Tcb t, int length, long now) {
    if (!t.is(Tcb.RTT_TIMING) && t.recovery == Recovery.NONE) {
      t.set(Tcb.RTT_TIMING);
      t.rttSeq = t.sndNxt;
      t.rttStart = now;
    }
    if (!Timers.isSet(t, Timers.RETRANSMIT)) {
      Timers.set(t, Timers.RETRANSMIT, now + t.rtt.rto()); // RFC 6298 §5.1
    }
    t.lastSent = now;
    t.congestion.onSent(length, t.sndNxt - t.sndUna, now);
    if (t.is(Tcb.SACK)) {
      log(t, length, now);
    }
  }

  /** Writes down when this was sent (RFC 8985 §6.1). */
  private void log(Tcb t, int length, long now) {
    if (t.transmits == null) {
      t.transmits = machine.transmitLog(t.sndUna);
    }
    t.transmits.sent(t.sndNxt, t.sndMss, now);
    if (t.recovery == Recovery.FAST) {
      RateReduction.onSent(t, length);
    }
    probes.schedule(t, now);
  }

  // ---- the zero window: RFC 9293 §3.8.6.1 ----

  private void persist(Tcb t, long now) {
    if (!Timers.isSet(t, Timers.RETRANSMIT)) {
      Timers.set(t, Timers.RETRANSMIT, now + machine.timeouts().probeInterval(t));
    }
  }

  /** One byte, beyond the window if need be (MUST-36); the timer is set already. */
  private boolean probe(Tcb t, SegmentOut out, long now) {
    t.clear(Tcb.PROBE_NOW);
    if (t.sndNxt != t.sndUna) {
      start(t, out, t.sndUna, now);
      if (t.is(Tcb.FIN_SENT) && t.sndNxt - 1 == t.sndUna) {
        out.flags |= TcpHeader.FIN;
      } else {
        data(t, out, 0, 1);
      }
      t.clear(Tcb.RTT_TIMING);
      return true;
    }
    long unsent = t.unsent();
    if (unsent == 0) {
      return false;
    }
    int window = Math.max(1, Math.min(t.sndWnd, t.sndMss));
    send(t, out, (int) Math.min(unsent, window), unsent, now);
    return true;
  }
}
