package io.millrace.transport;

/** Smoothed round-trip time and retransmission timeout (RFC 6298 §2). All times in nanoseconds. */
public final class RttEstimator {
  private long srtt;
  private long rttvar;
  private long rto;

  /** Starts without a sample, with the initial timeout (RFC 6298 §2.1: 1 s). */
  public RttEstimator(long initialRto) {
    rto = initialRto;
  }

  /** Takes a measurement in; clamps the timeout to [least, most] (RFC 6298 §2.2 to §2.5). */
  public void sample(long rtt, long least, long most) {
    if (srtt == 0) {
      srtt = Math.max(rtt, 1);
      rttvar = rtt / 2;
    } else {
      rttvar = rttvar - rttvar / 4 + Math.abs(srtt - rtt) / 4;
      srtt = srtt - srtt / 8 + rtt / 8;
    }
    rto = Math.clamp(srtt + Math.max(1_000_000, 4 * rttvar), least, most);
  }

  /** Doubles the timeout (RFC 6298 §5.5). */
  public void backOff(long most) {
    rto = Math.min(rto * 2, most);
  }

  /** The smoothed round-trip time, 0 before the first sample. */
  public long srtt() {
    return srtt;
  }

  /** The round-trip time's variation. */
  public long rttvar() {
    return rttvar;
  }

  /** The retransmission timeout. */
  public long rto() {
    return rto;
  }

  /** Sets the timeout, when a handshake had to repeat itself (RFC 6298 §5.7: 3 s). */
  public void rto(long nanos) {
    rto = nanos;
  }
}
