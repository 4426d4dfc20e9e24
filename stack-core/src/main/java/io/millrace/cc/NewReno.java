package io.millrace.cc;

import io.millrace.transport.AckSample;
import io.millrace.transport.CongestionControl;

/**
 * Slow start, congestion avoidance and multiplicative decrease (RFC 5681 §3), counting bytes (RFC
 * 3465). Recovery itself (RFC 6582, RFC 6675) is the sender's.
 */
public final class NewReno implements CongestionControl {
  /**
   * L of RFC 3465 §2.3 in segments; 8 without pacing as in RFC 9406 §4.2, since acknowledgments are
   * coalesced.
   */
  private static final int ABC_LIMIT = 8;

  private static final int MAX_WINDOW = 1 << 30;

  private int smss;
  private int cwnd;
  private int ssthresh = Integer.MAX_VALUE;
  private int initialWindow;
  private int acked;

  private int priorCwnd;
  private int priorSsthresh;

  /** In the slow start after a timeout: acknowledgments may jump over much that arrived before. */
  private boolean afterTimeout;

  /** Creates it for one connection. */
  public NewReno() {}

  @Override
  public void onEstablished(int newSmss, int newInitialWindow) {
    smss = newSmss;
    initialWindow = newInitialWindow;
    cwnd = newInitialWindow;
  }

  @Override
  public void onSegmentSize(int newSmss) {
    smss = newSmss;
    cwnd = Math.max(cwnd, newSmss);
  }

  @Override
  public void onSent(int bytes, int inFlight, long now) {}

  @Override
  public void onAck(AckSample sample) {
    // RFC 7661's concern: a window that was not used says nothing about the path.
    if (!sample.windowLimited) {
      return;
    }
    if (cwnd < ssthresh) {
      int limit = afterTimeout ? smss : ABC_LIMIT * smss; // RFC 3465 §2.3
      cwnd = Math.min(cwnd + Math.min(sample.acked, limit), MAX_WINDOW);
      return;
    }
    afterTimeout = false;
    // RFC 3465 §2.1: one segment for each window of bytes acknowledged.
    acked += sample.acked;
    if (acked >= cwnd) {
      acked -= cwnd;
      cwnd = Math.min(cwnd + smss, MAX_WINDOW);
    }
  }

  @Override
  public void onCongestion(int flight, long now) {
    remember();
    ssthresh = Math.max(flight / 2, 2 * smss); // RFC 5681 §3.1, equation (4)
    cwnd = ssthresh;
    afterTimeout = false;
    acked = 0;
  }

  @Override
  public void onRto(int flight, boolean first, long now) {
    if (first) {
      remember();
      ssthresh = Math.max(flight / 2, 2 * smss);
    }
    cwnd = smss; // the loss window (RFC 5681 §3.1)
    afterTimeout = true;
    acked = 0;
  }

  @Override
  public void onRecoveryExit(int flight, long now) {
    // RFC 6582 §3.2: no more than what is needed to avoid a burst.
    cwnd = Math.min(ssthresh, Math.max(flight, smss) + smss);
    acked = 0;
  }

  private void remember() {
    priorCwnd = cwnd;
    priorSsthresh = ssthresh;
  }

  @Override
  public void undo(int most) {
    cwnd = Math.max(cwnd, Math.min(priorCwnd, most));
    ssthresh = Math.max(priorCwnd, priorSsthresh); // pipe_prev of RFC 4015 §3.2
    afterTimeout = false;
  }

  @Override
  public void onIdle() {
    cwnd = Math.min(cwnd, initialWindow); // the restart window (RFC 5681 §4.1)
  }

  @Override
  public int cwnd() {
    return cwnd;
  }

  @Override
  public int ssthresh() {
    return ssthresh;
  }
}
