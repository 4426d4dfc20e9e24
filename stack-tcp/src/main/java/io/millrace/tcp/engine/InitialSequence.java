package io.millrace.tcp.engine;

import io.millrace.transport.SipHash;

/**
 * Numbers that outsiders cannot guess: initial sequence numbers (RFC 6528 §3) and timestamp offsets
 * (RFC 7323 §5.4).
 */
public final class InitialSequence {
  private final SipHash secret;

  /** Uses the shard's secret. */
  public InitialSequence(SipHash secret) {
    this.secret = secret;
  }

  /**
   * The keyed hash of a connection's addresses and ports, from which both numbers are taken: one
   * half each, so that neither tells the other.
   */
  public long hash(long lHi, long lLo, long rHi, long rLo, int ports) {
    return secret.hash(lHi, lLo, rHi, rLo, ports & 0xffff_ffffL);
  }

  /** ISN = M + F (RFC 6528 §3): a clock of 4 µs ticks and half of the hash. */
  public static int isn(long hash, long now) {
    return (int) (now / 4_000) + (int) hash;
  }

  /** The offset of the timestamp clock: the other half. */
  public static int timestampOffset(long hash) {
    return (int) (hash >>> 32);
  }
}
