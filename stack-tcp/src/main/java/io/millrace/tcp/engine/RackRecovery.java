package io.millrace.tcp.engine;

import io.millrace.transport.AckSample;
import io.millrace.transport.Serial;

/**
 * Loss recovery with selective acknowledgments: {@link Rack} finds what is lost, {@link
 * TailLossProbe} makes acknowledgments come, {@link RateReduction} says how fast to send meanwhile
 * (RFC 8985, RFC 9937).
 */
final class RackRecovery {
  private final TcpMachine machine;
  private final Rack rack;
  private final TailLossProbe probes;
  private final NeedlessResend needless;

  // ---- of the acknowledgment at hand ----

  private int heldBefore;
  private boolean dsack;
  private int dsackStart;
  private int dsackEnd;

  RackRecovery(TcpMachine machine, TailLossProbe probes, NeedlessResend needless) {
    this.machine = machine;
    this.rack = new Rack(machine);
    this.probes = probes;
    this.needless = needless;
  }

  // ---- selective acknowledgments ----

  /**
   * Takes the blocks of an acceptable acknowledgment in, before SND.UNA moves.
   *
   * @return the bytes that are newly acknowledged by them
   */
  int begin(Tcb t, SegmentIn s, long now) {
    rack.begin();
    dsack = false;
    heldBefore = t.scoreboard == null ? 0 : t.scoreboard.bytes();
    if (s.sackCount == 0) {
      return 0;
    }
    dsack = isDsack(t, s);
    if (t.transmits == null) {
      return 0;
    }
    int added = 0;
    for (int i = dsack ? 1 : 0; i < s.sackCount; i++) {
      int start = s.sackStart[i];
      int end = s.sackEnd[i];
      // A block outside of what is outstanding is old, or a lie (RFC 2018 §5).
      if (Serial.lt(start, end) && Serial.gt(start, t.sndUna) && Serial.le(end, t.sndNxt)) {
        added += block(t, s, start, end, now);
      }
    }
    return added;
  }

  private int block(Tcb t, SegmentIn s, int start, int end, long now) {
    if (t.scoreboard == null) {
      t.scoreboard = machine.scoreboard();
    }
    int added = t.scoreboard.add(start, end);
    if (added != 0) {
      int range = t.scoreboard.rangeOf(start);
      rack.selectivelyAcknowledged(
          t, s, start, end, t.scoreboard.start(range), t.scoreboard.end(range), now);
    }
    return added;
  }

  /** RFC 2883 §4: the first block is below the acknowledgment, or inside of the second. */
  private boolean isDsack(Tcb t, SegmentIn s) {
    dsackStart = s.sackStart[0];
    dsackEnd = s.sackEnd[0];
    if (!Serial.lt(dsackStart, dsackEnd) || Serial.lt(dsackStart, t.sndUna - t.maxSndWnd)) {
      return false;
    }
    return Serial.le(dsackEnd, s.ack)
        || (s.sackCount > 1
            && Serial.le(s.sackStart[1], dsackStart)
            && Serial.ge(s.sackEnd[1], dsackEnd)
            && Serial.le(dsackEnd, t.sndNxt));
  }

  /** What a report of a duplicate says, which may come when nothing is in flight any more. */
  private void duplicateReported(Tcb t) {
    boolean ofProbe = t.is(Tcb.PROBE_OUT) && dsackEnd == t.probeEnd;
    if (!ofProbe) {
      Rack.onDsack(t);
    }
    if (needless.isAllDuplicate(t, dsackStart, dsackEnd)) {
      needless.undo(t);
    }
  }

  // ---- the acknowledgment ----

  /**
   * SND.UNA has moved by {@code newly}, or not, and {@code sacked} bytes are newly acknowledged by
   * blocks.
   */
  void onAck(Tcb t, SegmentIn s, AckSample a, int newly, int sacked, long now) {
    if (newly != 0 && t.transmits != null) {
      rack.acknowledged(t, s, now);
      if (t.scoreboard != null) {
        t.scoreboard.advance(t.sndUna);
      }
    }
    if (dsack) {
      duplicateReported(t);
    }
    if (t.is(Tcb.PROBE_OUT)) {
      boolean ofProbe = dsack && dsackEnd == t.probeEnd;
      boolean duplicate = newly == 0 && s.sackCount == 0 && s.dataLength == 0;
      if (TailLossProbe.onAck(t, ofProbe, duplicate) && t.recovery == Recovery.NONE) {
        cut(t, now); // RFC 8985 §7.4.2: as after a fast recovery, which is over already
        t.congestion.onRecoveryExit(t.congestion.cwnd(), now);
      }
    }
    if (t.transmits == null) {
      return;
    }
    if (t.recovery != Recovery.NONE) {
      recovering(t, s, newly, sacked, now);
    }
    judge(t, a, newly, now);
    if (newly != 0) {
      release(t);
    }
  }

  private void recovering(Tcb t, SegmentIn s, int newly, int sacked, long now) {
    if (newly != 0 && needless.isEarlier(t, s)) {
      needless.undo(t);
      return;
    }
    if ((t.flags & (Tcb.DOUBT_FIRST | Tcb.DOUBT_SECOND)) != 0 && (newly | sacked) != 0) {
      if (needless.isTooEarly(t, newly != 0, rack.hasOriginal())) {
        needless.undo(t);
        return;
      }
    }
    if (Serial.ge(t.sndUna, t.recoveryPoint)) {
      exit(t, now);
    }
  }

  /** Everything that was outstanding when recovery began is acknowledged. */
  private static void exit(Tcb t, long now) {
    boolean fast = t.recovery == Recovery.FAST && !t.is(Tcb.PROBE_RECOVERY);
    t.clear(Tcb.PROBE_RECOVERY | Tcb.DOUBT_FIRST | Tcb.DOUBT_SECOND | Tcb.RESEND_NOW);
    t.recovery = Recovery.NONE;
    Rack.onRecoveryExit(t);
    if (fast) {
      // RFC 9937 §6: the window is ssthresh, which the flight has come near to.
      t.congestion.onRecoveryExit(t.congestion.cwnd(), now);
    }
  }

  /** Looks for losses, and tells congestion control what there is to tell. */
  private void judge(Tcb t, AckSample a, int newly, long now) {
    int held = t.scoreboard == null ? 0 : t.scoreboard.bytes();
    int delivered = newly + held - heldBefore;
    Recovery before = t.recovery;
    int found = t.transmits.count() == 0 ? nothingLeft(t) : rack.detectLoss(t, now);
    if (newly != 0 && before != Recovery.FAST) {
      if (before == Recovery.TIMEOUT) {
        a.windowLimited = true; // slow start carries on with each retransmission acknowledged
      }
      machine.congestionAck(t, a);
    }
    if (found != 0) {
      lost(t, found, newly, heldBefore, now);
    }
    if (t.recovery == Recovery.FAST) {
      RateReduction.onAck(t, delivered, newly != 0 && found == 0, t.pipe());
    }
  }

  private static int nothingLeft(Tcb t) {
    Timers.clear(t, Timers.REORDERING);
    return 0;
  }

  /** The reordering window is over. */
  void onReorderingTimeout(Tcb t, long now) {
    if (t.transmits == null) {
      return;
    }
    int found = rack.detectLoss(t, now);
    if (found != 0) {
      lost(t, found, 0, t.scoreboard == null ? 0 : t.scoreboard.bytes(), now);
    }
  }

  private void lost(Tcb t, int found, int newly, int held, long now) {
    if (t.recovery == Recovery.NONE) {
      enter(t, t.flight() + newly - held, now);
    } else if (t.recovery == Recovery.FAST && (found & Rack.LOST_AGAIN) != 0) {
      // RFC 5681 §4.3: the loss of a retransmission is another sign of congestion.
      enter(t, t.pipe(), now);
    }
  }

  private void enter(Tcb t, int flight, long now) {
    t.clear(Tcb.RTT_TIMING);
    t.rttStart = now;
    boolean again = t.recovery == Recovery.FAST;
    if (t.mtuSearch != null && machine.prober().isProbeAlone(t, isProbeLostAlone(t), now)) {
      t.set(Tcb.PROBE_RECOVERY | Tcb.RESEND_NOW);
      t.recoveryPoint = t.sndNxt;
      t.recovery = Recovery.FAST;
      RateReduction.begin(t, flight);
      return;
    }
    needless.begin(t, false);
    if (again) {
      t.clear(Tcb.UNDOABLE); // a retransmission was lost: it was no reordering
    }
    t.recovery = Recovery.FAST;
    t.recoveryPoint = t.sndNxt;
    cut(t, now);
    RateReduction.begin(t, flight);
  }

  private static boolean isProbeLostAlone(Tcb t) {
    return t.sndUna == t.mtuProbeSeq
        && t.transmits.lostBytes() == t.mtuProbeEnd - t.mtuProbeSeq
        && Serial.le(t.transmits.end(t.transmits.firstLost()), t.mtuProbeEnd);
  }

  private static void cut(Tcb t, long now) {
    // What is in flight beyond the window is limited transmit's and does not count (RFC 5681 §3.2,
    // step 2).
    t.congestion.onCongestion(Math.min(t.flight(), t.congestion.cwnd()), now);
    t.congSignals++;
    t.reducedAt = now;
  }

  private void release(Tcb t) {
    if (t.scoreboard != null && t.scoreboard.isEmpty()) {
      machine.release(t.scoreboard);
      t.scoreboard = null;
    }
    if (t.transmits.count() == 0) {
      machine.release(t.transmits);
      t.transmits = null;
    }
  }

  /** Sets the timer of the tail loss probe after the retransmission timer has been set. */
  void scheduleProbe(Tcb t, long now) {
    if (t.transmits != null) {
      probes.schedule(t, now);
    } else {
      Timers.clear(t, Timers.LOSS_PROBE);
    }
  }
}
