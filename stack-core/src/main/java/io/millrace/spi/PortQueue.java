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
   * Asks a queue without a descriptor to wake its shard up when frames arrive. Called once, before
   * the shard first sleeps.
   *
   * @param wakeUp may be run by any thread, after the frames can be seen by {@link #rxBurst}; cheap
   *     if the shard does not sleep
   * @return whether the queue will do so; a shard that has a queue without descriptor that will not
   *     takes short naps only
   */
  default boolean wakes(Runnable wakeUp) {
    return false;
  }

  /**
   * Whether frames have arrived, asked of a queue that {@link #wakes} by a shard that is about to
   * sleep, after the point from which it would be woken up.
   */
  default boolean hasArrivals() {
    return false;
  }

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
