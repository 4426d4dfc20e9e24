package io.millrace.tcp.engine;

import io.millrace.tcp.wire.TcpHeader;
import io.millrace.transport.AckSample;
import io.millrace.transport.Serial;

/**
 * Loss recovery without selective acknowledgments: duplicate and partial acknowledgments (RFC 5681
 * §3.2, RFC 3042, RFC 6582).
 */
final class NewRenoRecovery {
  private static final int DUP_THRESH = 3;

  private final TcpMachine machine;
  private final NeedlessResend needless;

  NewRenoRecovery(TcpMachine machine, NeedlessResend needless) {
    this.machine = machine;
    this.needless = needless;
  }

  /** SND.UNA has moved. */
  void advanced(Tcb t, SegmentIn s, AckSample a, int newly, long now) {
    if (t.recovery == Recovery.NONE) {
      t.duplicateAcks = 0;
      machine.congestionAck(t, a);
      return;
    }
    if (Serial.lt(t.highRxt, t.sndUna)) {
      t.highRxt = t.sndUna;
    }
    boolean doubted = (t.flags & (Tcb.DOUBT_FIRST | Tcb.DOUBT_SECOND)) != 0;
    if (needless.isEarlier(t, s) || (doubted && needless.isTooEarly(t, true, true))) {
      needless.undo(t);
      return;
    }
    if (Serial.ge(t.sndUna, t.recoveryPoint)) {
      exit(t, a, now);
      return;
    }
    if (t.recovery == Recovery.TIMEOUT) {
      a.windowLimited = true; // slow start carries on with each retransmission acknowledged
      machine.congestionAck(t, a);
      return;
    }
    // A partial acknowledgment: the next hole begins at SND.UNA (RFC 6582 §3.2, step 3).
    t.duplicateAcks = Math.max(0, t.duplicateAcks - newly / t.sndMss);
    t.highRxt = t.sndUna;
    t.lossEdge = Serial.min(t.sndUna + t.sndMss, t.recoveryPoint);
  }

  private void exit(Tcb t, AckSample a, long now) {
    boolean fast = t.recovery == Recovery.FAST && !t.is(Tcb.PROBE_RECOVERY);
    t.clear(Tcb.PROBE_RECOVERY | Tcb.DOUBT_FIRST | Tcb.DOUBT_SECOND | Tcb.RESEND_NOW);
    t.recovery = Recovery.NONE;
    t.duplicateAcks = 0;
    if (fast) {
      t.congestion.onRecoveryExit(t.flight(), now);
    } else {
      machine.congestionAck(t, a);
    }
  }

  /** RFC 5681 §2. */
  static boolean isDuplicate(Tcb t, SegmentIn s, int windowBefore) {
    if (t.sndWnd == 0) {
      return false; // the answer to a probe
    }
    return s.dataLength == 0 && (s.flags & TcpHeader.FIN) == 0 && t.sndWnd == windowBefore;
  }

  /** An acknowledgment that acknowledges nothing new. */
  void duplicate(Tcb t, long now) {
    if (t.recovery == Recovery.TIMEOUT) {
      if ((t.flags & (Tcb.DOUBT_FIRST | Tcb.DOUBT_SECOND)) != 0) {
        needless.isTooEarly(t, false, false); // it was none
      }
      return; // all that was outstanding counts as lost already
    }
    t.duplicateAcks++;
    t.dupAcksIn++;
    if (t.recovery == Recovery.NONE) {
      if (t.duplicateAcks == 1) {
        t.recoveryPoint = t.sndNxt;
      }
      if (t.duplicateAcks >= DUP_THRESH) {
        enter(t, now);
      }
    }
  }

  private void enter(Tcb t, long now) {
    // Duplicates of what was sent before a timeout start nothing new (RFC 6582 §4.1): until they
    // are all acknowledged the sender is in recovery, and does not come here.
    // What limited transmit has sent meanwhile does not count (RFC 5681 §3.2, step 2).
    int flight = t.recoveryPoint - t.sndUna;
    t.recoveryPoint = t.sndNxt;
    t.highRxt = t.sndUna;
    t.lossEdge = Serial.min(t.sndUna + t.sndMss, t.sndNxt);
    t.clear(Tcb.RTT_TIMING);
    t.rttStart = now;
    boolean probe = t.sndUna == t.mtuProbeSeq;
    if (t.mtuSearch != null && machine.prober().isProbeAlone(t, probe, now)) {
      t.set(Tcb.PROBE_RECOVERY | Tcb.RESEND_NOW);
      t.lossEdge = Serial.max(t.lossEdge, t.mtuProbeEnd); // all of it, in smaller pieces
    } else {
      needless.begin(t, false);
      t.congestion.onCongestion(flight, now);
      t.congSignals++;
    }
    t.recovery = Recovery.FAST;
  }
}
