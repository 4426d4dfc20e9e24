package io.millrace.net;

import io.millrace.buf.Bytes;
import io.millrace.lane.LaneSender;
import java.util.ArrayDeque;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;

/** One shard's way to another. <b>Thread:</b> that of the shard that sends. */
final class Outlet {
  private final Shard target;
  private final OneToOneConcurrentArrayQueue<Runnable> ring;
  private final LaneSender lane;
  private final long bell;

  /** Tasks that must not be lost and found the ring full. */
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();

  Outlet(Shard target, OneToOneConcurrentArrayQueue<Runnable> ring, LaneSender lane, long bell) {
    this.target = target;
    this.ring = ring;
    this.lane = lane;
    this.bell = bell;
  }

  Shard target() {
    return target;
  }

  LaneSender lane() {
    return lane;
  }

  boolean offer(Runnable task) {
    return waiting.isEmpty() && ring.offer(task);
  }

  void post(Runnable task) {
    if (!offer(task)) {
      waiting.add(task);
    }
  }

  /** Shows the reader all that was put in; false if some of it did not fit into the ring yet. */
  boolean ring() {
    while (!waiting.isEmpty() && ring.offer(waiting.peek())) {
      waiting.remove();
    }
    lane.publish();
    Bytes.setByteRelease(bell, 1);
    target.wakeUp();
    return waiting.isEmpty();
  }
}
