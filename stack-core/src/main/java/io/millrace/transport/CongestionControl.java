package io.millrace.transport;

/**
 * How much may be in flight (RFC 5681 §3). Which bytes to send is for loss recovery, which stays
 * outside.
 *
 * <p>One object per connection or path; called on the shard's thread; allocates nothing. All
 * windows are in bytes.
 */
public interface CongestionControl {
  /**
   * The connection is established: the sender's maximum segment size and the initial window are
   * known.
   */
  void onEstablished(int smss, int initialWindow);

  /** The sender's maximum segment size changed. */
  void onSegmentSize(int smss);

  /** {@code bytes} have been sent; {@code inFlight} counts them. */
  void onSent(int bytes, int inFlight, long now);

  /** New data was acknowledged outside fast recovery. */
  void onAck(AckSample sample);

  /**
   * Loss was detected and fast recovery begins; once per round trip at most (RFC 6582, RFC 6675).
   */
  void onCongestion(int flight, long now);

  /**
   * The retransmission timer expired; {@code first} is false if it did so again for the same data.
   */
  void onRto(int flight, boolean first, long now);

  /** Everything that was outstanding when recovery began has been acknowledged. */
  void onRecoveryExit(int flight, long now);

  /**
   * What {@link #onCongestion} or the first {@link #onRto} was told last was no loss: the state
   * before is restored (RFC 4015 §3.2). Nothing must have been restored since.
   *
   * @param most the largest window that may be had at once without a burst; the rest of the old one
   *     is reached in slow start
   */
  void undo(int most);

  /** Nothing was sent for longer than a retransmission timeout (RFC 5681 §4.1). */
  void onIdle();

  /** The congestion window. */
  int cwnd();

  /** The slow start threshold. */
  int ssthresh();

  /** Bytes per second to pace at, or 0 not to pace. */
  default long pacingRate() {
    return 0;
  }
}
