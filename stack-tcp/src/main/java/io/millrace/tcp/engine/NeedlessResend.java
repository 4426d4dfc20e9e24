package io.millrace.tcp.engine;

import io.millrace.transport.Serial;

/**
 * Finds out that what was sent again had not been lost, and takes back what that did to the
 * congestion window: F-RTO (RFC 5682), Eifel (RFC 3522) by timestamps, reports of duplicates (RFC
 * 3708); the response is RFC 4015's.
 */
final class NeedlessResend {
  private final TcpMachine machine;

  NeedlessResend(TcpMachine machine) {
    this.machine = machine;
  }

  /** The congestion window is about to be cut, and something to be sent again. */
  void begin(Tcb t, boolean timeout) {
    boolean doubted =
        timeout && t.retries == 1 && t.recovery == Recovery.NONE && machine.recovery().frto();
    t.clear(Tcb.DOUBT_FIRST | Tcb.DOUBT_SECOND | Tcb.UNDOABLE);
    t.set(doubted ? Tcb.RESEND_NOW | Tcb.DOUBT_FIRST : Tcb.RESEND_NOW);
    if (machine.recovery().undo()) {
      t.set(Tcb.UNDOABLE);
    }
    t.undoBytes = 0;
    t.resendTimestamp = 0;
  }

  /** [start, end) has been sent again. */
  void sentAgain(Tcb t, int start, int end, long now) {
    if (t.is(Tcb.RESEND_NOW)) {
      t.clear(Tcb.RESEND_NOW);
      t.undoFrom = start;
      t.resendTimestamp = t.is(Tcb.TIMESTAMPS) ? machine.timestamp(t, now) | 1 : 0;
    }
    t.undoBytes += end - start;
  }

  /**
   * SND.UNA has moved: whether the timestamp that is echoed is from before the first retransmission
   * (RFC 3522 §3.2).
   */
  boolean isEarlier(Tcb t, SegmentIn s) {
    if (t.resendTimestamp == 0 || t.recovery == Recovery.NONE || Serial.le(t.sndUna, t.undoFrom)) {
      return false;
    }
    // The lowest bit, which keeps 0 free, is left out of the comparison.
    boolean earlier =
        s.hasTimestamps && s.tsEcho != 0 && Serial.lt(s.tsEcho | 1, t.resendTimestamp);
    t.resendTimestamp = 0; // only the first acknowledgment of it counts
    return earlier && t.is(Tcb.UNDOABLE);
  }

  /** The peer has received [start, end) twice; whether all that was sent again was needless. */
  boolean isAllDuplicate(Tcb t, int start, int end) {
    if (!t.is(Tcb.UNDOABLE) || t.undoBytes == 0 || Serial.lt(start, t.undoFrom)) {
      return false;
    }
    t.undoBytes = Math.max(0, t.undoBytes - (end - start));
    return t.undoBytes == 0; // RFC 3708 §3
  }

  /**
   * The steps of F-RTO, for each acknowledgment that follows a timeout.
   *
   * @param moved whether it moves SND.UNA
   * @param original whether it acknowledges, also selectively, what was sent only once before the
   *     timeout
   * @return whether the timeout was spurious
   */
  boolean isTooEarly(Tcb t, boolean moved, boolean original) {
    if (t.is(Tcb.DOUBT_SECOND)) {
      t.clear(Tcb.DOUBT_SECOND);
      return original && t.is(Tcb.UNDOABLE); // RFC 5682 §2.1, step 3 b
    }
    t.clear(Tcb.DOUBT_FIRST);
    boolean part = moved && Serial.lt(t.sndUna, t.recoveryPoint);
    if (part && t.unsent() > 0 && Serial.lt(t.sndNxt, t.sndUna + t.sndWnd)) {
      t.set(Tcb.DOUBT_SECOND); // step 2 b: up to two new segments, nothing again
    }
    return false;
  }

  /** Takes back what the recovery did to the window, and ends it if it goes on. */
  void undo(Tcb t) {
    t.congestion.undo(t.flight() + machine.config().initialWindow() * t.sndMss);
    t.clear(Tcb.UNDOABLE | Tcb.DOUBT_FIRST | Tcb.DOUBT_SECOND | Tcb.RESEND_NOW);
    if (t.recovery == Recovery.TIMEOUT) {
      t.spuriousTimeouts++;
    } else {
      t.spuriousRecoveries++;
    }
    t.recovery = Recovery.NONE;
    t.duplicateAcks = 0;
    t.lossEdge = t.sndUna;
    t.highRxt = t.sndUna;
    if (t.transmits != null) {
      t.transmits.forgetLost();
      if (t.rackRtt != 0) {
        // RFC 4015 §3.2, step 9: the timeout takes the delay that was misjudged into account.
        machine.measured(t, t.rackRtt);
      }
    }
  }
}
