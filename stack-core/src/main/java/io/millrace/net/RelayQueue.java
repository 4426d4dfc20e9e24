package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.spi.PortQueue;

/**
 * Stands for a queue where a port has fewer queues than the stack has shards: what is sent goes
 * through the shard that has one, and what is received comes from there. <b>Thread:</b> the
 * shard's.
 */
final class RelayQueue implements PortQueue {
  private final ShardGroup group;
  private final int interfaceIndex;
  private final int through;

  RelayQueue(ShardGroup group, int interfaceIndex, int through) {
    this.group = group;
    this.interfaceIndex = interfaceIndex;
    this.through = through;
  }

  @Override
  public int rxBurst(Frame[] out, int max, long now) {
    return 0;
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    for (int i = from; i < to; i++) {
      group.transmit(frames[i], interfaceIndex, through);
    }
    return to - from;
  }

  /** Nothing to do: the group rings its bells at the end of the duty cycle. */
  @Override
  public void flush() {}

  /** Nothing to do: frames are copied and released at once. */
  @Override
  public int reclaim(int max) {
    return 0;
  }

  @Override
  public int fd() {
    return -1;
  }
}
