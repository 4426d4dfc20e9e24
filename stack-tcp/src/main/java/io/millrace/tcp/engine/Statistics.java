package io.millrace.tcp.engine;

import io.millrace.tcp.TcpInfo;

/** What a connection's block says about it, for people and their monitoring. */
public final class Statistics {
  private Statistics() {}

  /** What the connection is doing and has done (RFC 4898). Allocates. */
  public static TcpInfo of(Tcb t) {
    return new TcpInfo(
        t.state,
        t.is(Tcb.TIMESTAMPS),
        t.is(Tcb.WINDOW_SCALING),
        t.is(Tcb.SACK),
        t.recovery != Recovery.NONE,
        t.segsOut,
        t.segsIn,
        t.dataSegsOut,
        t.dataSegsIn,
        t.dataOctetsOut,
        t.dataOctetsIn,
        t.thruOctetsAcked,
        t.thruOctetsReceived,
        t.segsRetrans,
        t.octetsRetrans,
        t.timeouts,
        t.retries,
        t.congSignals,
        t.dupAcksIn,
        t.rtt.srtt(),
        t.rtt.rttvar(),
        t.minRtt,
        t.rtt.rto(),
        t.sndMss,
        t.congestion.cwnd(),
        t.congestion.ssthresh(),
        t.flight(),
        t.sndWnd,
        t.rcvWnd(),
        t.sendQueue == null ? 0 : t.unsent(),
        t.rcvHeld,
        t.rackRtt,
        Rack.reorderingWindow(t),
        t.is(Tcb.REORDERING_SEEN),
        t.lossProbes,
        t.lostRetransmissions,
        t.recovery == Recovery.FAST && t.is(Tcb.SACK) ? t.recoveryWindow : 0,
        t.spuriousTimeouts,
        t.spuriousRecoveries);
  }
}
