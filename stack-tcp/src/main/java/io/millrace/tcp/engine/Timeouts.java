package io.millrace.tcp.engine;

import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.tcp.TcpConfig;

/**
 * What happens when the timers of a connection fire: retransmission (RFC 6298 §5), probes of zero
 * windows and of silent peers (RFC 9293 §3.8.4, §3.8.6.1), and giving up (§3.8.3).
 */
final class Timeouts {
  /** RFC 7765 §4: rrthresh, segments in flight from which on duplicates will show a loss. */
  private static final int RESTART_THRESHOLD = 4;

  private final TcpMachine machine;
  private final RackRecovery rack;
  private final TailLossProbe probes;
  private final NeedlessResend needless;
  private final Counters counters;
  private final TcpConfig config;

  Timeouts(
      TcpMachine machine,
      RackRecovery rack,
      TailLossProbe probes,
      NeedlessResend needless,
      Counters counters) {
    this.machine = machine;
    this.rack = rack;
    this.probes = probes;
    this.needless = needless;
    this.counters = counters;
    this.config = machine.config();
  }

  /** Handles every timer that is due at {@code now}. */
  void onTimeout(Tcb t, long now) {
    if (Timers.expired(t, Timers.DELAYED_ACK, now)) {
      t.set(Tcb.ACK_NOW);
    }
    if (Timers.expired(t, Timers.REORDERING, now)) {
      rack.onReorderingTimeout(t, now);
    }
    if (Timers.expired(t, Timers.LOSS_PROBE, now)) {
      probes.onTimeout(t, now); // before a timeout that is due at the same time, which it puts off
    }
    if (Timers.expired(t, Timers.RETRANSMIT, now)) {
      retransmit(t, now);
    }
    if (Timers.expired(t, Timers.KEEP_ALIVE, now)) {
      probeIdle(t, now);
    }
    if (Timers.expired(t, Timers.FIN_WAIT_2, now)) {
      machine.end(t, CloseCause.NORMAL);
    }
  }

  private void retransmit(Tcb t, long now) {
    if (!t.state.isSynchronized()) {
      repeatSyn(t);
      return;
    }
    boolean zeroWindow = t.sndWnd == 0 || t.sndUna == t.sndNxt;
    if (zeroWindow) {
      probeWindow(t, now);
      return;
    }
    counters.increment(Counter.TCP_TIMEOUTS);
    t.timeouts++;
    t.retries++;
    if (t.retries > config.dataRetries()) {
      giveUp(t);
      return;
    }
    machine.prober().onTimeout(t, machine);
    Timers.clear(t, Timers.LOSS_PROBE);
    t.clear(Tcb.PROBE_OUT | Tcb.PROBE_AGAIN | Tcb.LOSS_PROBE_NOW);
    needless.begin(t, true);
    t.congestion.onRto(t.flight(), t.retries == 1, now);
    t.congSignals++;
    t.reducedAt = now;
    t.recovery = Recovery.TIMEOUT;
    t.recoveryPoint = t.sndNxt;
    t.highRxt = t.sndUna;
    t.lossEdge = t.sndNxt;
    t.duplicateAcks = 0;
    t.clear(Tcb.RTT_TIMING);
    t.rttStart = now;
    if (t.scoreboard != null && (t.retries > 1 || t.scoreboard.hasReneged(t.sndUna))) {
      // The peer has dropped what it had acknowledged selectively, or may have (RFC 2018 §8).
      t.scoreboard.clear();
      t.transmits.forgetSacked();
      t.transmits.markAllLost();
    } else if (t.transmits != null) {
      Rack.onTimeout(t, now);
    }
    t.rtt.backOff(config.maxRto()); // RFC 6298 §5.5; the retransmission restarts the timer
    Timers.set(t, Timers.RETRANSMIT, now + t.rtt.rto());
  }

  private void repeatSyn(Tcb t) {
    if (t.retries >= config.synRetries()) {
      giveUp(t);
      return;
    }
    t.retries++;
    t.set(Tcb.SYN_NOW | Tcb.SYN_RETRANSMITTED);
    t.rtt.backOff(config.maxRto());
  }

  /**
   * A probe, with growing intervals (RFC 9293 §3.8.6.1, SHLD-30); answered probes go on for ever
   * (MUST-37).
   */
  private void probeWindow(Tcb t, long now) {
    if (t.unsent() == 0 && t.sndUna == t.sndNxt) {
      return;
    }
    t.probes++;
    boolean orphan = t.is(Tcb.RECEIVE_SHUT | Tcb.CLOSE_REQUESTED);
    if (orphan) {
      t.retries++; // nobody waits for it here: answered or not, it ends
    }
    if (t.probes > config.dataRetries() || t.retries > config.dataRetries()) {
      giveUp(t);
      return;
    }
    t.set(Tcb.PROBE_NOW);
    if (t.sndWnd == 0 && t.probeBackOff < 20) {
      t.probeBackOff++;
    }
    Timers.set(t, Timers.RETRANSMIT, now + probeInterval(t));
  }

  /** The probes' own back-off: the timeout of data says nothing about a window that is closed. */
  long probeInterval(Tcb t) {
    return Math.min(t.rtt.rto() << t.probeBackOff, config.maxRto());
  }

  private void probeIdle(Tcb t, long now) {
    if (t.sndUna != t.sndNxt || t.unsent() != 0) {
      // RFC 9293 §3.8.4 (MUST-26): not while data is outstanding; that has timers of its own.
      Timers.set(t, Timers.KEEP_ALIVE, now + config.keepAliveIdle());
      return;
    }
    long idle = now - t.lastReceived;
    if (idle < config.keepAliveIdle()) {
      t.probes = 0;
      Timers.set(t, Timers.KEEP_ALIVE, t.lastReceived + config.keepAliveIdle());
      return;
    }
    if (t.probes >= config.keepAliveProbes()) {
      t.set(Tcb.RST_NOW);
      giveUp(t);
      return;
    }
    t.probes++;
    t.set(Tcb.KEEP_ALIVE_NOW);
    Timers.set(t, Timers.KEEP_ALIVE, now + config.keepAliveInterval());
  }

  private void giveUp(Tcb t) {
    machine.end(t, t.is(Tcb.SOFT_ERROR) ? CloseCause.UNREACHABLE : CloseCause.TIMED_OUT);
  }

  /**
   * How long the retransmission timer is to run from now on, after new data was acknowledged and
   * with data in flight.
   */
  long restart(Tcb t, long now) {
    long rto = t.rtt.rto();
    TransmitLog log = t.transmits;
    if (!config.recovery().rtoRestart() || log == null || log.count() >= RESTART_THRESHOLD) {
      return rto;
    }
    // RFC 7765 §4: from when the oldest segment was sent, if nothing new can be sent.
    long age = now - log.time(log.first());
    return t.unsent() == 0 && age < rto ? rto - age : rto;
  }
}
