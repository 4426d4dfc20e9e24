package io.millrace.spi;

import io.millrace.buf.Frame;
import io.millrace.diag.Counters;

/**
 * One queue of a port, on one shard's thread. Never blocks, never allocates.
 *
 * <p>Frames start with the Ethernet header. On transmit a queue honours the frame's tail, its
 * checksum request and, if the port offers segmentation, its segment size.
 */
public interface PortQueue {
  /**
   * Receives up to {@code max} frames into {@code out[0..]}; ownership moves to the caller.
   *
   * @param now the shard's time, stamped on the frames
   * @return the number of frames
   */
  int rxBurst(Frame[] out, int max, long now);

  /**
   * Takes a prefix of {@code frames[from..to)}: ownership of those moves to the queue, which
   * releases each once it is sent.
   *
   * @return the length of the prefix; less than {@code to - from} when the device is full now
   */
  int txBurst(Frame[] frames, int from, int to);

  /** Rings the doorbell for what {@link #txBurst} took, at most once per duty cycle. */
  void flush();

  /** Releases up to {@code max} frames whose transmission has completed; returns how many. */
  int reclaim(int max);

  /** A descriptor that becomes readable when frames arrive, or -1 if there is none to sleep on. */
  int fd();

  /**
   * When this queue has something to do although nothing arrives (delayed frames, a timed replay),
   * in shard time; {@code Long.MAX_VALUE} if nothing.
   */
  default long nextDeadline() {
    return Long.MAX_VALUE;
  }

  /**
   * Says where to count what this queue drops by name. Called once, before the first burst; a queue
   * that drops nothing itself ignores it.
   */
  default void countInto(Counters counters) {}

  /**
   * Frames that {@link #txBurst} took and had to drop (no link) since the last call, for the
   * shard's counters.
   */
  default long takeTransmitDrops() {
    return 0;
  }

  /**
   * Frames that the device or driver dropped on receive since the last call, for the shard's
   * counters.
   */
  default long takeReceiveDrops() {
    return 0;
  }
}
