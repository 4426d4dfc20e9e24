package io.millrace.tcp.engine;

import io.millrace.flow.Flow;
import io.millrace.tcp.TcpConfig;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.transport.Serial;

/**
 * A half-open connection: SYN-RECEIVED after a passive open (RFC 9293 §3.10.7.2, and §3.10.7.4 for
 * that state).
 *
 * <p>Small on purpose: it is all that a SYN from anybody costs. It becomes a {@link Tcb} when the
 * handshake is done.
 */
public final class Handshake extends Flow {
  final int iss;
  final int irs;
  final int tsOffset;
  final int options;
  final int peerMss;
  final int peerShift;
  final int window;
  int tsRecent;
  int retries;

  /** When the SYN-ACK was sent; 0 if it was sent more than once, so that nothing can be timed. */
  long sentAt;

  private boolean sent;
  private long rto;
  private final Object context;

  /** What is to be done with a segment for a half-open connection. */
  public enum Verdict {
    /** The handshake is done: make the connection, and give it the segment. */
    ESTABLISH,
    /** The peer did not get our SYN-ACK: send it again. */
    REPEAT,
    /** Send an acknowledgment, drop the segment. */
    ACKNOWLEDGE,
    /** Answer with a reset, drop the segment. */
    RESET,
    /** The handshake is over: back to LISTEN. */
    FORGET,
    /** Drop the segment. */
    IGNORE
  }

  /**
   * Answers a SYN for a listener.
   *
   * @param syn the segment; what it does not offer is not used
   * @param context what the shard keeps with it
   */
  public Handshake(
      long localHi,
      long localLo,
      long remoteHi,
      long remoteLo,
      int ports,
      SegmentIn syn,
      TcpConfig config,
      int iss,
      int tsOffset,
      Object context) {
    this(
        localHi,
        localLo,
        remoteHi,
        remoteLo,
        ports,
        config,
        iss,
        syn.seq,
        tsOffset,
        (config.windowScaling() && syn.windowScale >= 0 ? Tcb.WINDOW_SCALING : 0)
            | (config.timestamps() && syn.hasTimestamps ? Tcb.TIMESTAMPS : 0)
            | (config.sack() && syn.sackPermitted ? Tcb.SACK : 0),
        syn.mss == 0 ? 536 : Math.max(syn.mss, 64),
        config.windowScaling() && syn.windowScale >= 0 ? syn.windowScale : 0,
        syn.tsValue,
        context);
  }

  /** The same with what was agreed on, as a cookie that has come back tells it. */
  Handshake(
      long localHi,
      long localLo,
      long remoteHi,
      long remoteLo,
      int ports,
      TcpConfig config,
      int iss,
      int irs,
      int tsOffset,
      int options,
      int peerMss,
      int peerShift,
      int tsRecent,
      Object context) {
    super(localHi, localLo, remoteHi, remoteLo, ports);
    this.iss = iss;
    this.irs = irs;
    this.tsOffset = tsOffset;
    this.options = options;
    this.peerMss = peerMss;
    this.peerShift = peerShift;
    this.tsRecent = tsRecent;
    this.window = Math.min(config.receiveBuffer(), 0xffff);
    this.rto = config.initialRto();
    this.context = context;
  }

  /** Handles a segment with our addresses and ports. */
  public Verdict onSegment(SegmentIn s, long now) {
    // First, the sequence number.
    if (s.has(TcpHeader.SYN) && s.seq == irs && !s.has(TcpHeader.ACK) && !s.has(TcpHeader.RST)) {
      return Verdict.REPEAT;
    }
    boolean stamped = (options & Tcb.TIMESTAMPS) != 0 && s.hasTimestamps;
    if ((options & Tcb.TIMESTAMPS) != 0 && !s.hasTimestamps && !s.has(TcpHeader.RST)) {
      return Verdict.IGNORE; // RFC 7323 §3.2
    }
    // Timestamps of resets are not looked at (RFC 7323 §5.2).
    boolean stale = stamped && Serial.lt(s.tsValue, tsRecent) && !s.has(TcpHeader.RST);
    if (!Serial.in(s.seq, irs + 1, window) || stale) {
      return s.has(TcpHeader.RST) ? Verdict.IGNORE : Verdict.ACKNOWLEDGE;
    }
    // Second, RST: exactly at RCV.NXT (RFC 5961 §3.2).
    if (s.has(TcpHeader.RST)) {
      return s.seq == irs + 1 ? Verdict.FORGET : Verdict.ACKNOWLEDGE;
    }
    // Fourth, SYN: a passive open returns to LISTEN.
    if (s.has(TcpHeader.SYN)) {
      return Verdict.FORGET;
    }
    // Fifth, ACK.
    if (!s.has(TcpHeader.ACK)) {
      return Verdict.IGNORE;
    }
    if (s.ack != iss + 1) {
      return Verdict.RESET;
    }
    if (stamped && s.seq == irs + 1) {
      tsRecent = s.tsValue;
    }
    return Verdict.ESTABLISH;
  }

  /** What the shard keeps with it. */
  public Object context() {
    return context;
  }

  /** Describes our SYN-ACK. */
  public void synAck(SegmentOut out, TcpMachine machine, long now) {
    out.clear();
    out.seq = iss;
    out.ack = irs + 1;
    out.flags = TcpHeader.SYN | TcpHeader.ACK;
    out.window = window;
    out.mss = machine.localMss();
    out.windowScale = (options & Tcb.WINDOW_SCALING) != 0 ? machine.windowShift() : -1;
    out.sackPermitted = (options & Tcb.SACK) != 0;
    timestamps(out, now);
    sentAt = sent ? 0 : now; // Karn's algorithm (RFC 6298 §3)
    sent = true;
  }

  /** Describes an acknowledgment. */
  public void acknowledgment(SegmentOut out, long now) {
    out.clear();
    out.seq = iss + 1;
    out.ack = irs + 1;
    out.flags = TcpHeader.ACK;
    out.window = window;
    timestamps(out, now);
  }

  private void timestamps(SegmentOut out, long now) {
    if ((options & Tcb.TIMESTAMPS) != 0) {
      out.hasTimestamps = true;
      out.tsValue = (int) (now / TcpMachine.TICK) + tsOffset;
      out.tsEcho = tsRecent;
    }
  }

  /** When the SYN-ACK is due again, counted from {@code now}. */
  public long nextRepeat(long now) {
    return now + rto;
  }

  /** The peer has not answered; false if it has been given enough time. */
  public boolean onTimeout(TcpConfig config) {
    if (retries >= config.synRetries()) {
      return false;
    }
    retries++;
    rto = Math.min(rto * 2, config.maxRto());
    return true;
  }
}
