package io.millrace.driver.mem;

import io.millrace.buf.Frame;
import io.millrace.lane.LaneReceiver;
import io.millrace.lane.LaneSender;
import io.millrace.spi.PortQueue;

/** The queue of an end of a wire that has one. <b>Thread:</b> the shard's. */
final class MemQueue implements PortQueue {
  private final LaneReceiver receiver;
  private final LaneSender sender;

  /** Whether something was sent since the last flush. */
  private boolean sent;

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
    int n = sender.send(frames, from, to);
    sent |= n != 0;
    return n;
  }

  /** {@link #txBurst} has published; a receiver that sleeps is woken up. */
  @Override
  public void flush() {
    if (sent) {
      sent = false;
      sender.ring();
    }
  }

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
  public boolean wakes(Runnable wakeUp) {
    receiver.bell(wakeUp);
    return true;
  }

  @Override
  public boolean hasArrivals() {
    return receiver.hasArrivals();
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
