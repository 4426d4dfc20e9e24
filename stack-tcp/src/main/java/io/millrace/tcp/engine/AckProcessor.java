package io.millrace.tcp.engine;

import io.millrace.diag.DropReason;
import io.millrace.transport.AckSample;
import io.millrace.transport.Serial;

/**
 * What an acknowledgment does to the sender: takes data off the queue, measures the round trip,
 * moves the window (RFC 9293 §3.10.7.4 fifth; RFC 5681, 6298). What it says about losses is for
 * {@link RackRecovery}, or without SACK {@link NewRenoRecovery}.
 */
final class AckProcessor {
  private final TcpMachine machine;
  private final RackRecovery rack;
  private final NewRenoRecovery newReno;
  private final AckSample sample = new AckSample();

  AckProcessor(TcpMachine machine, RackRecovery rack, NewRenoRecovery newReno) {
    this.machine = machine;
    this.rack = rack;
    this.newReno = newReno;
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
    boolean selective = t.is(Tcb.SACK);
    int sacked = selective ? rack.begin(t, s, now) : 0;
    int windowBefore = t.sndWnd;
    if (Serial.ge(ack, t.sndUna)) {
      updateWindow(t, s); // an old segment's window does not count (RFC 9293 §3.10.7.4, fifth)
    }
    if (Serial.gt(ack, t.sndUna)) {
      advance(t, s, ack - t.sndUna, sacked, now);
    } else if (ack == t.sndUna) {
      if (selective) {
        selective(t, s, sacked, now);
      } else if (t.sndNxt != t.sndUna && NewRenoRecovery.isDuplicate(t, s, windowBefore)) {
        newReno.duplicate(t, now);
      }
    }
    return null;
  }

  /** Nothing is acknowledged cumulatively; blocks, or an answer to a probe, may tell something. */
  private void selective(Tcb t, SegmentIn s, int sacked, long now) {
    if (s.sackCount != 0 || t.is(Tcb.PROBE_OUT)) {
      if (sacked > 0) {
        t.dupAcksIn++; // RFC 6675 §2
      }
      rack.onAck(t, s, sample, 0, sacked, now);
    }
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
    if (t.is(Tcb.SACK)) {
      rack.onAck(t, s, a, newly, sacked, now);
    } else {
      newReno.advanced(t, s, a, newly, now);
    }
    // RFC 6298 §5.2 and §5.3.
    if (t.sndUna == t.sndNxt) {
      Timers.clear(t, Timers.RETRANSMIT);
    } else {
      Timers.set(t, Timers.RETRANSMIT, now + machine.timeouts().restart(t, now));
    }
    if (t.is(Tcb.SACK)) {
      rack.scheduleProbe(t, now);
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
}
