package io.millrace.cc;

import io.millrace.transport.AckSample;
import io.millrace.transport.CongestionControl;

/**
 * CUBIC (RFC 9438): after a loss the window grows first fast, then slowly around the size at which
 * the loss was, then fast again; the time since the loss decides, not the round trips.
 *
 * <pre>
 *   cwnd                                         /
 *        |\                                     /
 *  W_max |.\....................____-----------..   W_cubic(t) = C (t - K)^3 + W_max
 *        |  \             ___---
 *  0.7   |   \        _--
 *  W_max |    \_____/
 *        +-----|----------------|------------------ t
 *              epoch          K seconds
 * </pre>
 *
 * <p>Where the growth of NewReno would be larger, it is taken instead (§4.3). Windows are computed
 * in segments. <b>Thread:</b> the shard's. Allocates nothing.
 */
public final class Cubic implements CongestionControl {
  /** C of RFC 9438 §5: segments per second cubed. */
  private static final double C = 0.4;

  /** The factor of the decrease (§4.6). */
  private static final double BETA = 0.7;

  /** α of §4.3, with which AIMD and this decrease take the share of NewReno. */
  private static final double ALPHA = 3 * (1 - BETA) / (1 + BETA);

  private static final double SECOND = 1e9;
  private static final int ABC_LIMIT = 8;
  private static final int MAX_WINDOW = 1 << 30;

  private final HyStart hyStart = new HyStart();

  private int smss;
  private int initialWindow;
  private int cwnd;
  private int ssthresh = Integer.MAX_VALUE;
  private boolean afterTimeout;

  /** Segments: the window at the last decrease, less if bandwidth was given up to others. */
  private double wMax;

  /** Segments: the window just before the last decrease. */
  private double cwndPrior;

  /** Segments: the window that NewReno would have. */
  private double wEst;

  /** Seconds from the beginning of the epoch until the window is {@link #wMax} again. */
  private double k;

  /** When this congestion avoidance began; {@link Long#MIN_VALUE} if it has not. */
  private long epoch = Long.MIN_VALUE;

  /** Fractions of a byte that the window has grown. */
  private double growth;

  // ---- before the last decrease ----

  private int undoCwnd;
  private int undoSsthresh;
  private double undoWMax;
  private double undoCwndPrior;
  private double undoWEst;
  private double undoK;
  private long undoEpoch;

  private long lastRtt;
  private long lastAck;
  private long sent;

  /** Creates it for one connection or path. */
  public Cubic() {}

  @Override
  public void onEstablished(int newSmss, int newInitialWindow) {
    smss = newSmss;
    initialWindow = newInitialWindow;
    cwnd = newInitialWindow;
  }

  @Override
  public void onSegmentSize(int newSmss) {
    double ratio = (double) smss / newSmss;
    wMax *= ratio;
    cwndPrior *= ratio;
    wEst *= ratio;
    smss = newSmss;
    cwnd = Math.max(cwnd, newSmss);
  }

  @Override
  public void onSent(int bytes, int inFlight, long now) {
    sent += bytes;
    if (inFlight == bytes && epoch != Long.MIN_VALUE && lastAck > epoch) {
      epoch += now - lastAck; // §4.2: time in which nothing was on its way does not count
    }
  }

  @Override
  public void onAck(AckSample sample) {
    lastAck = sample.now;
    if (sample.rtt >= 0) {
      lastRtt = sample.rtt;
    }
    if (!sample.windowLimited) {
      // RFC 9438 §5.8: a window that was not used says nothing about the path.
      return;
    }
    if (cwnd < ssthresh) {
      slowStart(sample);
    } else {
      avoid(sample.acked, sample.now);
    }
  }

  private void slowStart(AckSample sample) {
    hyStart.onAck(sent, sent - (sample.flightBefore - sample.acked), sample.rtt);
    int limit = afterTimeout ? smss : ABC_LIMIT * smss; // RFC 3465 §2.3, RFC 9406 §4.2
    int more = Math.min(sample.acked, limit) / hyStart.growthDivisor();
    cwnd = Math.min(cwnd + more, MAX_WINDOW);
    if (hyStart.isDone()) {
      ssthresh = cwnd;
    }
  }

  private void avoid(int acked, long now) {
    if (epoch == Long.MIN_VALUE) {
      begin(now);
    }
    double window = (double) cwnd / smss;
    double segments = (double) acked / smss;
    double t = (now - epoch) / SECOND;
    // §4.3: as fast as NewReno from the point where it would have reached the old window.
    wEst += (wEst < cwndPrior ? ALPHA : 1) * segments / window;
    if (cubic(t) < wEst) {
      grow(wEst - window); // the Reno-friendly region
      return;
    }
    // §4.2: where the curve will be in a round trip, but not more than half as much again.
    double target = Math.clamp(cubic(t + lastRtt / SECOND), window, 1.5 * window);
    grow((target - window) / window * segments); // §4.4, §4.5
  }

  private void begin(long now) {
    epoch = now;
    afterTimeout = false;
    double window = (double) cwnd / smss;
    wEst = window;
    if (wMax <= window) {
      // No loss has said how far it goes, or the window is beyond that already (§4.8, §4.10).
      wMax = window;
      k = 0;
    } else {
      k = Math.cbrt((wMax - window) / C); // §4.2, equation (2)
    }
  }

  private double cubic(double t) {
    double d = t - k;
    return C * d * d * d + wMax; // §4.2, equation (1)
  }

  /** Adds segments to the window; what is less than a byte waits. */
  private void grow(double segments) {
    growth += segments * smss;
    int bytes = (int) growth;
    if (bytes > 0) {
      growth -= bytes;
      cwnd = Math.min(cwnd + bytes, MAX_WINDOW);
    }
  }

  @Override
  public void onCongestion(int flight, long now) {
    decrease(flight);
    cwnd = ssthresh;
    afterTimeout = false;
  }

  private void remember() {
    undoCwnd = cwnd;
    undoSsthresh = ssthresh;
    undoWMax = wMax;
    undoCwndPrior = cwndPrior;
    undoWEst = wEst;
    undoK = k;
    undoEpoch = epoch;
  }

  @Override
  public void undo(int most) {
    cwnd = Math.max(cwnd, Math.min(undoCwnd, most));
    ssthresh = Math.max(undoCwnd, undoSsthresh); // pipe_prev of RFC 4015 §3.2
    wMax = undoWMax; // RFC 9438 §4.9
    cwndPrior = undoCwndPrior;
    wEst = undoWEst;
    k = undoK;
    epoch = undoEpoch;
    afterTimeout = false;
  }

  private void decrease(int flight) {
    remember();
    double window = (double) cwnd / smss;
    cwndPrior = window;
    // §4.7, fast convergence: a window that came less far than last time leaves room to others.
    wMax = window < wMax ? window * (1 + BETA) / 2 : window;
    ssthresh = Math.max((int) (flight * BETA), 2 * smss); // §4.6
    epoch = Long.MIN_VALUE;
    growth = 0;
    hyStart.stop();
  }

  @Override
  public void onRto(int flight, boolean first, long now) {
    if (first) {
      decrease(flight);
    }
    cwnd = smss; // RFC 5681 §3.1
    afterTimeout = true;
    wMax = 0; // §4.8: the first congestion avoidance after a timeout starts with K = 0
    epoch = Long.MIN_VALUE;
  }

  @Override
  public void onRecoveryExit(int flight, long now) {
    // RFC 6582 §3.2: no more than what is needed to avoid a burst.
    cwnd = Math.min(ssthresh, Math.max(flight, smss) + smss);
  }

  @Override
  public void onIdle() {
    cwnd = Math.min(cwnd, initialWindow); // the restart window (RFC 5681 §4.1)
    epoch = Long.MIN_VALUE;
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
