package io.millrace.tcp.engine;

import io.millrace.tcp.RecoveryConfig;
import io.millrace.transport.Serial;

/**
 * Tail loss probes: when acknowledgments fail to come, one segment is sent after two round trips,
 * so that its acknowledgment shows what was lost, long before the retransmission timeout (RFC 8985
 * §7). Stateless.
 */
final class TailLossProbe {
  private static final long SECOND = 1_000_000_000L;

  private final RecoveryConfig config;

  TailLossProbe(RecoveryConfig config) {
    this.config = config;
  }

  /**
   * Sets the probe's timer anew, after new data was sent or acknowledged (RFC 8985 §7.2); call
   * after the retransmission timer is set.
   */
  void schedule(Tcb t, long now) {
    if (t.recovery != Recovery.NONE || t.transmits.sackedSegments() != 0 || t.sndWnd == 0) {
      Timers.clear(t, Timers.LOSS_PROBE);
      return;
    }
    if (!config.tailLossProbe() || !Timers.isSet(t, Timers.RETRANSMIT)) {
      return;
    }
    Timers.set(t, Timers.LOSS_PROBE, Math.min(now + timeout(t), t.deadlines[Timers.RETRANSMIT]));
  }

  /** TLP_calc_PTO(). */
  private long timeout(Tcb t) {
    long srtt = t.rtt.srtt();
    if (srtt == 0) {
      return SECOND;
    }
    long timeout = Math.max(2 * srtt, config.minProbeTimeout());
    return t.transmits.count() == 1 ? timeout + config.maxAckDelay() : timeout;
  }

  /**
   * The timer has fired (RFC 8985 §7.3): a probe is due unless one is out already, or no round trip
   * has been measured since the last one. The retransmission timer starts anew in any case.
   */
  void onTimeout(Tcb t, long now) {
    if (t.transmits == null) {
      return;
    }
    if (!t.is(Tcb.PROBE_OUT) && t.is(Tcb.PROBE_ALLOWED)) {
      t.set(Tcb.LOSS_PROBE_NOW);
    }
    Timers.set(t, Timers.RETRANSMIT, now + t.rtt.rto());
  }

  /** The probe has been sent: new data, or the last segment once more. */
  static void sent(Tcb t, boolean again) {
    t.clear(Tcb.PROBE_ALLOWED);
    t.set(again ? Tcb.PROBE_OUT | Tcb.PROBE_AGAIN : Tcb.PROBE_OUT);
    t.probeEnd = t.sndNxt;
    t.lossProbes++;
  }

  /**
   * An acknowledgment has come while a probe is out (RFC 8985 §7.4.2).
   *
   * @param dsack whether it reports a duplicate that ends where the probe does
   * @param duplicate whether it acknowledges nothing new, in any way
   * @return whether the probe has repaired a loss that nothing else has shown: a sign of congestion
   */
  static boolean onAck(Tcb t, boolean dsack, boolean duplicate) {
    if (!t.is(Tcb.PROBE_OUT) || Serial.lt(t.sndUna, t.probeEnd)) {
      return false;
    }
    boolean again = t.is(Tcb.PROBE_AGAIN);
    if (again && !dsack && !duplicate && !Serial.gt(t.sndUna, t.probeEnd)) {
      return false; // a DSACK may still follow
    }
    t.clear(Tcb.PROBE_OUT | Tcb.PROBE_AGAIN);
    return again && !dsack && !duplicate;
  }
}
