package io.millrace.driver.mem;

import io.millrace.buf.Frame;
import io.millrace.lane.LaneReceiver;
import io.millrace.lane.LaneSender;
import io.millrace.spi.PortQueue;

/** The queue of an end of a wire that has one. <b>Thread:</b> the shard's. */
final class MemQueue implements PortQueue {
  private final LaneReceiver receiver;
  private final LaneSender sender;

  MemQueue(LaneReceiver receiver, LaneSender sender) {
    this.receiver = receiver;
    this.sender = sender;
  }

  @Override
  public int rxBurst(Frame[] out, int max, long now) {
    return receiver.receive(out, max, now);
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    return sender.send(frames, from, to);
  }

  /** Nothing to do: the receiver polls, and {@link #txBurst} has published. */
  @Override
  public void flush() {}

  /** Nothing to do: {@link #txBurst} has copied the frames and released them. */
  @Override
  public int reclaim(int max) {
    return 0;
  }

  @Override
  public int fd() {
    return -1;
  }

  @Override
  public long takeReceiveDrops() {
    return receiver.takeLost();
  }

  @Override
  public long takeTransmitDrops() {
    return sender.takeSwallowed();
  }
}
