package io.millrace.tcp.engine;

import io.millrace.diag.DropReason;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.transport.AckSample;
import io.millrace.transport.Serial;

/**
 * What an acknowledgment does to the sender: takes data off the queue, measures the round trip,
 * finds losses, moves the window (RFC 9293 §3.10.7.4 fifth; RFC 5681, 6298, 6582, 6675).
 */
final class AckProcessor {
  private final TcpMachine machine;
  private final AckSample sample = new AckSample();

  AckProcessor(TcpMachine machine) {
    this.machine = machine;
  }

  /** Handles the ACK field of an acceptable segment in a synchronized state. */
  DropReason process(Tcb t, SegmentIn s, long now) {
    int ack = s.ack;
    if (Serial.gt(ack, t.sndNxt) || Serial.lt(ack, t.sndUna - t.maxSndWnd)) {
      // RFC 5961 §5.2; the challenge answers RFC 9293's "send an ACK, drop the segment".
      if (machine.challengeAllowed(t, now)) {
        t.set(Tcb.ACK_NOW);
      }
      return DropReason.TCP_BAD_ACK;
    }
    t.probes = 0;
    int sacked = s.sackCount == 0 ? 0 : sack(t, s);
    int windowBefore = t.sndWnd;
    if (Serial.ge(ack, t.sndUna)) {
      updateWindow(t, s); // an old segment's window does not count (RFC 9293 §3.10.7.4, fifth)
    }
    if (Serial.gt(ack, t.sndUna)) {
      advance(t, s, ack - t.sndUna, sacked, now);
    } else if (ack == t.sndUna && t.sndNxt != t.sndUna && isDuplicate(t, s, sacked, windowBefore)) {
      duplicate(t, sacked, now);
    }
    return null;
  }

  private int sack(Tcb t, SegmentIn s) {
    if (!t.is(Tcb.SACK)) {
      return 0;
    }
    if (t.scoreboard == null) {
      t.scoreboard = machine.scoreboard();
    }
    return t.scoreboard.update(s, t.sndUna, t.sndNxt);
  }

  private void updateWindow(Tcb t, SegmentIn s) {
    if (Serial.lt(t.sndWl1, s.seq) || (t.sndWl1 == s.seq && Serial.le(t.sndWl2, s.ack))) {
      int window = s.window << t.sndWndShift;
      if (t.sndWnd == 0 && window != 0) {
        windowOpened(t);
      }
      t.sndWnd = window;
      t.sndWl1 = s.seq;
      t.sndWl2 = s.ack;
      t.maxSndWnd = Math.max(t.maxSndWnd, window);
    }
  }

  /** No probing any more; what probes sent beyond the window was not taken, and is sent again. */
  private void windowOpened(Tcb t) {
    t.probeBackOff = 0;
    if (t.flight() == 0) {
      Timers.clear(t, Timers.RETRANSMIT);
    } else {
      machine.resendAll(t);
    }
  }

  // ---- new data is acknowledged ----

  private void advance(Tcb t, SegmentIn s, int newly, int sacked, long now) {
    AckSample a = sample;
    a.flightBefore = t.flight();
    a.acked = newly;
    a.windowLimited = t.is(Tcb.CWND_LIMITED);
    a.now = now;
    a.rtt = roundTrip(t, s, now);
    t.sndUna = s.ack;
    t.retries = 0;
    if (t.mtuSearch != null) {
      machine.prober().onProgress(t, machine, now);
    }
    removeData(t, newly);
    if (t.scoreboard != null) {
      t.scoreboard.advance(t.sndUna);
    }
    if (t.recovery == Recovery.NONE) {
      t.duplicateAcks = 0;
      machine.congestionAck(t, a);
      if (sacked > 0) {
        detectLoss(t, now);
      }
    } else {
      recovering(t, a, newly, now);
    }
    if (t.scoreboard != null && t.scoreboard.isEmpty()) {
      machine.release(t.scoreboard);
      t.scoreboard = null;
    }
    // RFC 6298 §5.2 and §5.3.
    if (t.sndUna == t.sndNxt) {
      Timers.clear(t, Timers.RETRANSMIT);
    } else {
      Timers.set(t, Timers.RETRANSMIT, now + t.rtt.rto());
    }
  }

  private long roundTrip(Tcb t, SegmentIn s, long now) {
    if (t.is(Tcb.RTT_TIMING)) {
      if (Serial.lt(s.ack, t.rttSeq)) {
        return -1;
      }
      t.clear(Tcb.RTT_TIMING);
      long rtt = now - t.rttStart;
      machine.measured(t, rtt);
      return rtt;
    }
    // Karn's algorithm: after a retransmission only a timestamp tells which copy arrived (RFC 6298
    // §3).
    if (t.recovery != Recovery.NONE && t.is(Tcb.TIMESTAMPS) && s.hasTimestamps && s.tsEcho != 0) {
      long rtt = machine.sinceTimestamp(t, s.tsEcho, now);
      // What was sent before the loss says nothing: its acknowledgment may have been lost.
      if (rtt >= 0 && now - rtt >= t.rttStart - TcpMachine.TICK) {
        machine.measured(t, rtt);
      }
    }
    return -1;
  }

  private void removeData(Tcb t, int newly) {
    SendQueue queue = t.sendQueue;
    if (queue == null) {
      return;
    }
    // Our FIN is not in the queue, but it is in the number.
    int data = (int) Math.min(newly, queue.bytes());
    t.thruOctetsAcked += data;
    queue.remove(data);
    if (t.sendQueue == null) {
      return; // the application aborted when a buffer came back
    }
    if (queue.isEmpty()) {
      machine.release(queue);
      t.sendQueue = null;
    }
    if (t.is(Tcb.WANTS_WRITABLE) && t.queuedBytes() <= machine.config().sendBuffer() / 2) {
      t.clear(Tcb.WANTS_WRITABLE);
      t.events |= TcpEvents.WRITABLE;
    }
  }

  private void recovering(Tcb t, AckSample a, int newly, long now) {
    if (Serial.lt(t.highRxt, t.sndUna)) {
      t.highRxt = t.sndUna;
    }
    if (Serial.ge(t.sndUna, t.recoveryPoint)) {
      boolean fast = t.recovery == Recovery.FAST && !t.is(Tcb.PROBE_RECOVERY);
      t.clear(Tcb.PROBE_RECOVERY);
      t.recovery = Recovery.NONE;
      t.duplicateAcks = 0;
      if (fast) {
        t.congestion.onRecoveryExit(t.flight(), now);
      } else {
        machine.congestionAck(t, a);
      }
      return;
    }
    if (t.recovery == Recovery.TIMEOUT) {
      a.windowLimited = true; // slow start carries on with each retransmission acknowledged
      machine.congestionAck(t, a);
      return;
    }
    if (t.scoreboard != null) {
      t.lossEdge = Serial.max(t.lossEdge, t.scoreboard.lossEdge(t.sndUna, t.sndMss));
      t.lossEdge = Serial.max(t.lossEdge, Serial.min(t.sndUna + t.sndMss, t.recoveryPoint));
    } else {
      // A partial acknowledgment: the next hole begins at SND.UNA (RFC 6582 §3.2, step 3).
      t.duplicateAcks = Math.max(0, t.duplicateAcks - newly / t.sndMss);
      t.highRxt = t.sndUna;
      t.lossEdge = Serial.min(t.sndUna + t.sndMss, t.recoveryPoint);
    }
  }

  // ---- nothing new is acknowledged ----

  /**
   * RFC 5681 §2; with SACK an acknowledgment counts if it brings new selective information (RFC
   * 6675 §2).
   */
  private static boolean isDuplicate(Tcb t, SegmentIn s, int sacked, int windowBefore) {
    if (t.is(Tcb.SACK)) {
      return sacked > 0;
    }
    if (t.sndWnd == 0) {
      return false; // the answer to a probe
    }
    return s.dataLength == 0 && (s.flags & TcpHeader.FIN) == 0 && t.sndWnd == windowBefore;
  }

  private void duplicate(Tcb t, int sacked, long now) {
    if (t.recovery == Recovery.TIMEOUT) {
      return; // all that was outstanding counts as lost already
    }
    t.duplicateAcks++;
    t.dupAcksIn++;
    if (t.recovery == Recovery.NONE) {
      if (t.duplicateAcks == 1) {
        t.recoveryPoint = t.sndNxt;
      }
      detectLoss(t, now);
    } else if (t.recovery == Recovery.FAST && sacked > 0) {
      t.lossEdge = Serial.max(t.lossEdge, t.scoreboard.lossEdge(t.sndUna, t.sndMss));
    }
  }

  private void detectLoss(Tcb t, long now) {
    int edge = t.sndUna;
    if (t.scoreboard != null) {
      edge = t.scoreboard.lossEdge(t.sndUna, t.sndMss);
    }
    if (t.duplicateAcks < SackScoreboard.DUP_THRESH && edge == t.sndUna) {
      return;
    }
    // Duplicates of what was sent before a timeout start nothing new (RFC 6582 §4.1): until they
    // are all acknowledged the
    // sender is in recovery, and does not come here.
    // What limited transmit has sent meanwhile does not count (RFC 5681 §3.2, step 2).
    int flight = (t.duplicateAcks == 0 ? t.sndNxt : t.recoveryPoint) - t.sndUna;
    t.recovery = Recovery.FAST;
    t.recoveryPoint = t.sndNxt;
    t.highRxt = t.sndUna;
    t.lossEdge = Serial.max(edge, Serial.min(t.sndUna + t.sndMss, t.sndNxt));
    t.clear(Tcb.RTT_TIMING);
    t.rttStart = now;
    if (t.mtuSearch != null && machine.prober().isProbeAlone(t, now)) {
      t.set(Tcb.PROBE_RECOVERY);
      t.lossEdge = Serial.max(t.lossEdge, t.mtuProbeEnd); // all of it, in smaller pieces
    } else {
      t.congestion.onCongestion(flight, now);
      t.congSignals++;
    }
  }
}
