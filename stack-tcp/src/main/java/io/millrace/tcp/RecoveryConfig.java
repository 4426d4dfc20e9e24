package io.millrace.tcp;

/**
 * How TCP finds and repairs losses. Times are nanoseconds.
 *
 * @param tailLossProbe whether a probe is sent when acknowledgments fail to come (RFC 8985 §7);
 *     only with SACK
 * @param minProbeTimeout the least time before such a probe, up to 1 s; twice the smoothed round
 *     trip if that is more
 * @param maxAckDelay for how long the peer is thought to hold an acknowledgment back when a single
 *     segment is in flight (RFC 8985 §7.2, TLP.max_ack_delay), up to 1 s
 * @param frto whether a timeout is doubted until two acknowledgments have shown that it was none
 *     too early (RFC 5682)
 * @param undo whether the congestion window is restored when timestamps (RFC 3522) or reports of
 *     duplicates (RFC 3708) show that nothing was lost
 * @param rtoRestart whether the retransmission timer counts from when the oldest segment was sent
 *     while fewer than four are in flight (RFC 7765); only with SACK
 * @param idleRestart whether a window that was not used for a retransmission timeout begins again
 *     with the initial one (RFC 5681 §4.1)
 */
public record RecoveryConfig(
    boolean tailLossProbe,
    long minProbeTimeout,
    long maxAckDelay,
    boolean frto,
    boolean undo,
    boolean rtoRestart,
    boolean idleRestart) {

  private static final long MILLI = 1_000_000L;
  private static final long MOST = 1_000 * MILLI;
  private static final RecoveryConfig DEFAULTS =
      new RecoveryConfig(true, 10 * MILLI, 200 * MILLI, true, true, false, true);

  /** Checks the ranges. */
  public RecoveryConfig {
    range("minProbeTimeout", minProbeTimeout);
    range("maxAckDelay", maxAckDelay);
  }

  private static void range(String name, long value) {
    if (value < 0 || value > MOST) {
      throw new IllegalArgumentException(
          name + " is " + value + ", which is not between 0 and " + MOST);
    }
  }

  /** Everything on but RTO restart; a probe after 10 ms at least, 200 ms for the peer's delay. */
  public static RecoveryConfig defaults() {
    return DEFAULTS;
  }

  /** The same with tail loss probes on or off. */
  public RecoveryConfig withTailLossProbe(boolean on) {
    return new RecoveryConfig(
        on, minProbeTimeout, maxAckDelay, frto, undo, rtoRestart, idleRestart);
  }

  /** The same with another least time before a probe. */
  public RecoveryConfig withMinProbeTimeout(long nanos) {
    return new RecoveryConfig(
        tailLossProbe, nanos, maxAckDelay, frto, undo, rtoRestart, idleRestart);
  }

  /** The same with another delay of the peer's acknowledgments. */
  public RecoveryConfig withMaxAckDelay(long nanos) {
    return new RecoveryConfig(
        tailLossProbe, minProbeTimeout, nanos, frto, undo, rtoRestart, idleRestart);
  }

  /** The same with F-RTO on or off. */
  public RecoveryConfig withFrto(boolean on) {
    return new RecoveryConfig(
        tailLossProbe, minProbeTimeout, maxAckDelay, on, undo, rtoRestart, idleRestart);
  }

  /** The same with undoing on or off. */
  public RecoveryConfig withUndo(boolean on) {
    return new RecoveryConfig(
        tailLossProbe, minProbeTimeout, maxAckDelay, frto, on, rtoRestart, idleRestart);
  }

  /** The same with RTO restart on or off. */
  public RecoveryConfig withRtoRestart(boolean on) {
    return new RecoveryConfig(
        tailLossProbe, minProbeTimeout, maxAckDelay, frto, undo, on, idleRestart);
  }

  /** The same with the restart of an idle window on or off. */
  public RecoveryConfig withIdleRestart(boolean on) {
    return new RecoveryConfig(
        tailLossProbe, minProbeTimeout, maxAckDelay, frto, undo, rtoRestart, on);
  }
}
