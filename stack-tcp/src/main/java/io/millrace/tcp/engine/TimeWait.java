package io.millrace.tcp.engine;

import io.millrace.flow.Flow;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.transport.Serial;

/**
 * What is left of a connection in TIME-WAIT: enough to answer old segments (RFC 9293 §3.6.1) and to
 * tell a new connection from them (RFC 6191).
 */
public final class TimeWait extends Flow {
  private final int sndNxt;
  private final int rcvNxt;
  private final boolean stamped;
  private final int tsOffset;
  private int tsRecent;
  private long deadline;
  private long lastAnswer;

  /** Neighbours in the shard's list, which is sorted by deadline. */
  TimeWait previous;

  TimeWait next;

  /** What is to be done with a segment for a connection in TIME-WAIT. */
  public enum Verdict {
    /** Acknowledge it. */
    ACKNOWLEDGE,
    /** The same, and wait the whole time again: the peer sent its FIN again. */
    RESTART,
    /** A SYN that cannot be an old one: forget this connection and treat it as in LISTEN. */
    REOPEN,
    /** Drop it. */
    IGNORE
  }

  /** Takes over from a connection whose machine has come to TIME-WAIT. */
  public TimeWait(Flow from, Tcb t) {
    super(from.localHi(), from.localLo(), from.remoteHi(), from.remoteLo(), from.ports());
    sndNxt = t.sndNxt;
    rcvNxt = t.rcvNxt;
    stamped = t.usesTimestamps();
    tsOffset = t.tsOffset;
    tsRecent = t.tsRecent;
  }

  /**
   * Handles a segment with our addresses and ports.
   *
   * @param timestamps whether a new connection would use timestamps if the peer offers them
   */
  public Verdict onSegment(SegmentIn s, boolean timestamps, long now) {
    if (s.has(TcpHeader.RST)) {
      return Verdict.IGNORE; // RFC 1337 §3, fix (F1): resets do not end TIME-WAIT
    }
    boolean both = stamped && s.hasTimestamps;
    if (s.has(TcpHeader.SYN) && !s.has(TcpHeader.ACK)) {
      return isNewer(s, timestamps) ? Verdict.REOPEN : acknowledge(now);
    }
    if (both && Serial.lt(s.tsValue, tsRecent)) {
      return acknowledge(now);
    }
    if (s.has(TcpHeader.FIN) && s.seq + s.dataLength == rcvNxt - 1) {
      return Verdict.RESTART; // RFC 9293 §3.10.7.4, eighth
    }
    return s.length() == 0 && s.seq == rcvNxt ? Verdict.IGNORE : acknowledge(now);
  }

  /** RFC 6191 §2: newer by its timestamp, or by its number where that cannot tell. */
  private boolean isNewer(SegmentIn s, boolean timestamps) {
    if (s.hasTimestamps && timestamps) {
      if (!stamped) {
        return true; // the old connection had none: its segments cannot be taken for the new one's
      }
      if (s.tsValue != tsRecent) {
        return Serial.gt(s.tsValue, tsRecent);
      }
    }
    return Serial.ge(s.seq, rcvNxt);
  }

  /** At most one answer a millisecond: nothing that comes here needs more. */
  private Verdict acknowledge(long now) {
    if (now - lastAnswer < TcpMachine.TICK && lastAnswer != 0) {
      return Verdict.IGNORE;
    }
    lastAnswer = now;
    return Verdict.ACKNOWLEDGE;
  }

  /** Describes an acknowledgment. */
  public void acknowledgment(SegmentOut out, long now) {
    out.clear();
    out.seq = sndNxt;
    out.ack = rcvNxt;
    out.flags = TcpHeader.ACK;
    out.window = 0;
    if (stamped) {
      out.hasTimestamps = true;
      out.tsValue = (int) (now / TcpMachine.TICK) + tsOffset;
      out.tsEcho = tsRecent;
    }
  }

  /**
   * A number beyond all that the old connection sent, for the next one's ISN (RFC 1122 §4.2.2.13).
   */
  public int beyond() {
    return sndNxt + 0x1_0000;
  }

  /** When this ends. */
  public long deadline() {
    return deadline;
  }

  void deadline(long at) {
    deadline = at;
  }
}
