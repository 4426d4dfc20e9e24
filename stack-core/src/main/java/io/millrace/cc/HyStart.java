package io.millrace.cc;

/**
 * Leaves slow start before packets are lost, when round trips become longer: HyStart++ (RFC 9406).
 *
 * <p>Rounds are told apart by the number of bytes sent and acknowledged. <b>Thread:</b> the
 * shard's.
 */
final class HyStart {
  // RFC 9406 §4.3.
  private static final long MIN_RTT_THRESH = 4_000_000;
  private static final long MAX_RTT_THRESH = 16_000_000;
  private static final int MIN_RTT_DIVISOR = 8;
  private static final int N_RTT_SAMPLE = 8;
  private static final int CSS_GROWTH_DIVISOR = 4;
  private static final int CSS_ROUNDS = 5;

  private long roundEnd;
  private long lastRoundMinRtt = Long.MAX_VALUE;
  private long currentRoundMinRtt = Long.MAX_VALUE;
  private long cssBaselineMinRtt = Long.MAX_VALUE;
  private int samples;
  private int cssRounds;
  private boolean conservative;
  private boolean done;

  /** Whether slow start is over for good: congestion avoidance is due. */
  boolean isDone() {
    return done;
  }

  /** By what the window's growth is to be divided now: 1, or 4 in conservative slow start. */
  int growthDivisor() {
    return conservative ? CSS_GROWTH_DIVISOR : 1;
  }

  /** Slow start begins again, after a timeout: without delay detection, as the RFC has it. */
  void stop() {
    done = false;
    conservative = false;
    roundEnd = Long.MAX_VALUE;
  }

  /**
   * Something was acknowledged in slow start.
   *
   * @param sent bytes sent since the connection began
   * @param acked bytes of these that have been acknowledged
   * @param rtt the round-trip time measured, or -1
   */
  void onAck(long sent, long acked, long rtt) {
    if (roundEnd == Long.MAX_VALUE) {
      return; // RFC 9406 §4.3: only the first slow start
    }
    if (acked > roundEnd) {
      newRound(sent);
    }
    if (rtt < 0) {
      return;
    }
    currentRoundMinRtt = Math.min(currentRoundMinRtt, rtt);
    samples++;
    if (samples < N_RTT_SAMPLE) {
      return;
    }
    if (conservative) {
      if (currentRoundMinRtt < cssBaselineMinRtt) {
        conservative = false; // it was a false alarm
        cssBaselineMinRtt = Long.MAX_VALUE;
      }
    } else if (lastRoundMinRtt != Long.MAX_VALUE && currentRoundMinRtt >= threshold()) {
      cssBaselineMinRtt = currentRoundMinRtt;
      conservative = true;
      cssRounds = 0;
    }
  }

  private long threshold() {
    return lastRoundMinRtt
        + Math.clamp(lastRoundMinRtt / MIN_RTT_DIVISOR, MIN_RTT_THRESH, MAX_RTT_THRESH);
  }

  private void newRound(long sent) {
    roundEnd = sent;
    lastRoundMinRtt = currentRoundMinRtt;
    currentRoundMinRtt = Long.MAX_VALUE;
    samples = 0;
    if (conservative) {
      cssRounds++;
      done = cssRounds >= CSS_ROUNDS;
    }
  }
}
