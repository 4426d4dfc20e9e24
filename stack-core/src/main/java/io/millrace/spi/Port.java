package io.millrace.spi;

import io.millrace.buf.FramePool;

/**
 * An open port. Opened, asked for its queues and closed by the thread that starts and closes the
 * stack.
 */
public interface Port extends AutoCloseable {
  /** What the port is and can do. */
  PortInfo info();

  /**
   * One of the port's queues, once per index; from then on it belongs to one shard.
   *
   * @param index 0 to {@code info().queues() - 1}
   * @param pool the shard's frames: what is received goes into them
   */
  PortQueue queue(int index, FramePool pool);

  /** Gives the device back. All shards have stopped before. */
  @Override
  void close();
}
