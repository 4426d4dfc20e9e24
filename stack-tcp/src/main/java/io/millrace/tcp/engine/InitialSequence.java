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

  /** M + F(addresses, ports, secret): a clock of 4 µs ticks and a keyed hash. */
  public int next(long lHi, long lLo, long rHi, long rLo, int ports, long now) {
    return (int) (now / 4_000) + (int) secret.hash(lHi, lLo, rHi, rLo, ports & 0xffff_ffffL);
  }

  /** The offset of the timestamp clock for this pair of sockets. */
  public int timestampOffset(long lHi, long lLo, long rHi, long rLo, int ports) {
    return (int) (secret.hash(lHi, lLo, rHi, rLo, (1L << 32) | (ports & 0xffff_ffffL)) >>> 32);
  }
}
