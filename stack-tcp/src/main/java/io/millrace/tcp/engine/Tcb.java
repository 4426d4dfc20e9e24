package io.millrace.tcp.engine;

import io.millrace.buf.Frame;
import io.millrace.tcp.TcpState;
import io.millrace.transport.CongestionControl;
import io.millrace.transport.PathMtuSearch;
import io.millrace.transport.RttEstimator;

/**
 * The variables of one connection, in the order and with the names of RFC 9293 §3.3.1, then those
 * of the extensions. Fields only; {@link TcpMachine} and its parts do the work.
 */
public final class Tcb {
  // ---- send sequence variables ----

  /** SND.UNA: oldest unacknowledged number. */
  int sndUna;

  /** SND.NXT: the number behind the highest one sent; never goes back. */
  int sndNxt;

  /** SND.WND: the peer's window in bytes. */
  int sndWnd;

  /** SND.WL1: segment number of the last window update. */
  int sndWl1;

  /** SND.WL2: acknowledgment number of the last window update. */
  int sndWl2;

  /** ISS. */
  int iss;

  /** MAX.SND.WND: the largest window that the peer has offered (RFC 5961 §5). */
  int maxSndWnd;

  // ---- receive sequence variables ----

  /** RCV.NXT: the next number expected. */
  int rcvNxt;

  /**
   * The right edge that we have offered: RCV.NXT + RCV.WND; never goes back (RFC 9293 §3.8.6,
   * SHLD-14).
   */
  int rcvEdge;

  /** IRS. */
  int irs;

  /** Bytes that are received and not yet consumed by the application. */
  int rcvHeld;

  /** The receive buffer in bytes. */
  int rcvBuffer;

  /** The last acknowledgment number that we sent: Last.ACK.sent of RFC 7323. */
  int lastAckSent;

  /** The size of the peer's full segments, as seen. */
  int rcvMss;

  // ---- state ----

  TcpState state = TcpState.CLOSED;

  /** Why the connection ended, once it has. */
  CloseCause cause;

  /** Bits of {@link TcpEvents} that the application has not been told. */
  int events;

  /** Bits of what happened and what was agreed; see the constants. */
  int flags;

  static final int WINDOW_SCALING = 1;
  static final int TIMESTAMPS = 1 << 1;
  static final int SACK = 1 << 2;

  /** The application has closed its side: a FIN follows the queued data. */
  static final int CLOSE_REQUESTED = 1 << 3;

  /** Our FIN has been sent at least once. */
  static final int FIN_SENT = 1 << 4;

  /**
   * The application does not want data any more: data is answered with a reset (RFC 9293 §3.6.1).
   */
  static final int RECEIVE_SHUT = 1 << 5;

  /** Nagle's algorithm is off. */
  static final int NO_DELAY = 1 << 6;

  static final int KEEP_ALIVE = 1 << 7;

  /** An acknowledgment must go out now. */
  static final int ACK_NOW = 1 << 8;

  /** A SYN or SYN-ACK must go out. */
  static final int SYN_NOW = 1 << 9;

  /** A reset must go out; the connection is over after it. */
  static final int RST_NOW = 1 << 10;

  /** The sender stopped because of cwnd. */
  static final int CWND_LIMITED = 1 << 11;

  /** The application was told that the send queue is full. */
  static final int WANTS_WRITABLE = 1 << 12;

  /** One number is being timed for the round trip. */
  static final int RTT_TIMING = 1 << 13;

  /** A zero window probe (one byte) is due. */
  static final int PROBE_NOW = 1 << 14;

  /** A keep-alive probe is due. */
  static final int KEEP_ALIVE_NOW = 1 << 15;

  /**
   * The SYN was sent more than once: its round trip cannot be timed and the first timeout is 3 s.
   */
  static final int SYN_RETRANSMITTED = 1 << 16;

  /** A duplicate was received; the next acknowledgment reports it (RFC 2883). */
  static final int DSACK_DUE = 1 << 17;

  /** The FIN of the peer has been put in order. */
  static final int FIN_RECEIVED = 1 << 18;

  /**
   * The peer cannot be reached for the moment, as ICMP says; a timeout will give that as its cause.
   */
  static final int SOFT_ERROR = 1 << 19;

  /** A segment larger than {@link #sndMss} is on its way, to see whether the path takes it. */
  static final int MTU_PROBING = 1 << 20;

  /** Recovery is of a lost probe only, of which congestion control knows nothing. */
  static final int PROBE_RECOVERY = 1 << 21;

  /** Segments have arrived in another order than they were sent in: RACK.reordering_seen. */
  static final int REORDERING_SEEN = 1 << 22;

  /** {@link #dsackRound} is valid. */
  static final int DSACK_ROUND = 1 << 23;

  /** A tail loss probe is due. */
  static final int LOSS_PROBE_NOW = 1 << 24;

  /** A tail loss probe has been sent and not been answered: {@link #probeEnd} is valid. */
  static final int PROBE_OUT = 1 << 25;

  /** The probe was a retransmission: TLP.is_retrans. */
  static final int PROBE_AGAIN = 1 << 26;

  /** A round trip has been measured since the last tail loss probe. */
  static final int PROBE_ALLOWED = 1 << 27;

  /** Recovery has begun: its first retransmission is not held back by any window. */
  static final int RESEND_NOW = 1 << 28;

  /** The first acknowledgment after a timeout is awaited, to see whether it was early. */
  static final int DOUBT_FIRST = 1 << 29;

  /** The second one is; meanwhile new data is sent and nothing else again. */
  static final int DOUBT_SECOND = 1 << 30;

  /** What congestion control did last may be undone. */
  static final int UNDOABLE = 1 << 31;

  // ---- options ----

  int sndWndShift;
  int rcvWndShift;

  /** The peer's MSS option; 536 if it sent none (RFC 9293 §3.7.1, MUST-15). */
  int peerMss;

  /** Eff.snd.MSS: data bytes of a full segment, options taken off (RFC 9293 §3.7.1, RFC 6691). */
  int sndMss;

  /** Data bytes of the largest unit that the port cuts for us; sndMss if it does not. */
  int sndMaxUnit;

  /** The path's MTU less network and TCP header, as the network says it. */
  int pathMss;

  /** The bytes of the network's and of TCP's header without options: 40 or 60. */
  int networkHeaders;

  /** What the port takes at once and cuts, 0 if it does not cut. */
  int portUnit;

  /** Looks for the path's MTU behind a black hole; null as long as none was met. */
  PathMtuSearch mtuSearch;

  int mtuProbeSeq;
  int mtuProbeEnd;

  int tsOffset;
  int tsRecent;
  long tsRecentTime;

  // ---- recovery ----

  /** What the sender is recovering from. */
  Recovery recovery = Recovery.NONE;

  /** RecoveryPoint: SND.NXT when recovery began (RFC 6675 §2). */
  int recoveryPoint;

  /** HighRxt: the number behind the highest one retransmitted in this recovery. */
  int highRxt;

  /** Everything not selectively acknowledged below this number counts as lost. */
  int lossEdge;

  int duplicateAcks;
  SackScoreboard scoreboard;

  /** With SACK, when what is in flight was sent; null if nothing is. */
  TransmitLog transmits;

  /** RACK.xmit_ts, RACK.end_seq: of the segment sent last of all that have arrived. */
  long rackTime;

  int rackEnd;

  /** RACK.rtt: the round trip of what arrived last. */
  long rackRtt;

  /** RACK.fack: the highest number that has arrived. */
  int rackFack;

  /** RACK.dsack_round: no other DSACK counts before this number is acknowledged. */
  int dsackRound;

  /** RACK.reo_wnd_mult: quarters of the shortest round trip. */
  int reorderingMultiplier = 1;

  /** RACK.reo_wnd_persist: recoveries until the multiplier is 1 again. */
  int reorderingPersist;

  /** TLP.end_seq. */
  int probeEnd;

  /** RecoverFS of RFC 9937. */
  int recoverFlight;

  int prrDelivered;
  int prrOut;

  /** The congestion window during fast recovery with SACK. */
  int recoveryWindow;

  /** When the congestion window was last cut: what was sent again before is a loss of old. */
  long reducedAt;

  /** SND.UNA when the recovery that may be undone began. */
  int undoFrom;

  /** Bytes sent again since, less those that the peer has reported as duplicates. */
  int undoBytes;

  /** Our timestamp on the first retransmission: an earlier one echoed says that it was needless. */
  int resendTimestamp;

  /** Retransmissions of the same number in a row. */
  int retries;

  /** Probes (zero window or keep-alive) without an answer. */
  int probes;

  /** How often the interval of zero window probes has doubled (RFC 9293 §3.8.6.1, SHLD-30). */
  int probeBackOff;

  // ---- statistics: RFC 4898 ----

  long segsOut;
  long segsIn;
  long dataSegsOut;
  long dataSegsIn;
  long dataOctetsOut;
  long dataOctetsIn;
  long thruOctetsAcked;
  long thruOctetsReceived;
  long segsRetrans;
  long octetsRetrans;
  long timeouts;
  long congSignals;
  long dupAcksIn;
  long lossProbes;
  long lostRetransmissions;
  long spuriousTimeouts;
  long spuriousRecoveries;

  /** The shortest round-trip time measured, 0 before the first. */
  long minRtt;

  // ---- round trip ----

  final RttEstimator rtt;

  /** The number whose acknowledgment ends the timing. */
  int rttSeq;

  /** When the timing began; in recovery, when that began. */
  long rttStart;

  final CongestionControl congestion;

  // ---- queues ----

  /** What the application wants sent; null if there is nothing. */
  SendQueue sendQueue;

  /** Received in order, not yet delivered. */
  Frame receiveHead;

  Frame receiveTail;

  /** Received out of order; null if there is nothing. */
  OutOfOrderQueue outOfOrder;

  /**
   * Duplicate acknowledgments that are still to be sent, one for each segment out of order (RFC
   * 5681 §4.2).
   */
  int duplicateAcksDue;

  int dsackStart;
  int dsackEnd;

  /** Data bytes received since the last acknowledgment. */
  int unacknowledgedIn;

  // ---- times ----

  /** The timer table: one deadline per {@link Timers} kind. */
  final long[] deadlines = Timers.newTable();

  /** The least of {@link #deadlines}. */
  long nextDeadline = Long.MAX_VALUE;

  /** When the peer was last heard. */
  long lastReceived;

  /** When data was last sent. */
  long lastSent;

  long challengeWindowStart;
  int challengesLeft;

  Tcb(RttEstimator rtt, CongestionControl congestion) {
    this.rtt = rtt;
    this.congestion = congestion;
  }

  /** Whether all bits of {@code mask} are set. */
  boolean is(int mask) {
    return (flags & mask) == mask;
  }

  void set(int mask) {
    flags |= mask;
  }

  void clear(int mask) {
    flags &= ~mask;
  }

  /** The one way to change the state. */
  void become(TcpState next) {
    assert state.mayBecome(next) : state + " to " + next;
    state = next;
  }

  /** RCV.WND: what is left of the window that we have offered. */
  int rcvWnd() {
    return rcvEdge - rcvNxt;
  }

  /** SND.NXT - SND.UNA. */
  int flight() {
    return sndNxt - sndUna;
  }

  /** The bytes of options on every data segment; SACK blocks come on top. */
  int optionSize() {
    return is(TIMESTAMPS) ? 12 : 0;
  }

  /**
   * Bytes that the network still holds, as far as selective acknowledgments tell: pipe of RFC 6675
   * §4.
   */
  int pipe() {
    int pipe = sndNxt - sndUna;
    if (scoreboard != null) {
      pipe -= scoreboard.bytes();
    }
    return Math.max(pipe - transmits.lostBytes(), 0);
  }

  /** Bytes queued that have not been sent once. */
  long unsent() {
    if (sendQueue == null) {
      return 0;
    }
    // Before our SYN is acknowledged no data is sent. (SND.UNA says nothing about that: after each
    // 4 GiB it may be ISS again.)
    return state.isSynchronized() ? sendQueue.bytes() - flight() : sendQueue.bytes();
  }

  /** The state, for the glue. */
  public TcpState state() {
    return state;
  }

  /** Why the connection ended; null while it lives. */
  public CloseCause cause() {
    return cause;
  }

  /** The earliest time at which {@link TcpMachine#onTimeout} wants to be called. */
  public long nextDeadline() {
    return nextDeadline;
  }

  /** The send congestion window in bytes. */
  public int cwnd() {
    return congestion.cwnd();
  }

  /** The slow start threshold in bytes. */
  public int ssthresh() {
    return congestion.ssthresh();
  }

  /** The smoothed round-trip time in nanoseconds, 0 if unknown. */
  public long srtt() {
    return rtt.srtt();
  }

  /** SND.NXT. */
  public int sndNxt() {
    return sndNxt;
  }

  /** SND.UNA. */
  public int sndUna() {
    return sndUna;
  }

  /** RCV.NXT. */
  public int rcvNxt() {
    return rcvNxt;
  }

  /** Bytes that the application gave and the peer has not acknowledged. */
  public long queuedBytes() {
    return sendQueue == null ? 0 : sendQueue.bytes();
  }

  /** Bytes that the application gave and that were never sent. */
  public long unsentBytes() {
    return unsent();
  }

  /** Whether timestamps were agreed on. */
  boolean usesTimestamps() {
    return is(TIMESTAMPS);
  }

  /** Whether the connection has just been established, and the application is still to be told. */
  public boolean isNewlyConnected() {
    return (events & TcpEvents.CONNECTED) != 0;
  }

  /** Whether there is something to tell the application. */
  public boolean hasEvents() {
    return events != 0;
  }

  /** Whether an acknowledgment is due at once. */
  public boolean needsOutput() {
    return is(ACK_NOW);
  }
}
