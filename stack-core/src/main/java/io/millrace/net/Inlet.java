package io.millrace.net;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.lane.LaneReceiver;
import java.lang.invoke.VarHandle;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;

/** What one shard gets from another. <b>Thread:</b> that of the shard that receives. */
final class Inlet {
  private static final int TASKS_PER_CYCLE = 256;
  private static final int BURST = 64;

  private final OneToOneConcurrentArrayQueue<Runnable> ring;
  private final LaneReceiver lane;
  private final long bell;
  private final Frame[] burst = new Frame[BURST];

  Inlet(OneToOneConcurrentArrayQueue<Runnable> ring, LaneReceiver lane, long bell) {
    this.ring = ring;
    this.lane = lane;
    this.bell = bell;
  }

  /** Takes a bounded amount; what is left rings again. */
  int receive(Shard self, long now) {
    Bytes.put8(bell, 0);
    // The bell is cleared before the rings are looked at: who puts something in behind our back
    // rings after that.
    VarHandle.fullFence();
    int tasks = 0;
    Runnable task;
    while (tasks < TASKS_PER_CYCLE && (task = ring.poll()) != null) {
      tasks++;
      self.run(task);
    }
    int frames = lane.receive(burst, BURST, now);
    for (int i = 0; i < frames; i++) {
      self.takeOver(burst[i], now);
    }
    self.group().countLost(lane.takeLost());
    if (tasks == TASKS_PER_CYCLE || frames == BURST) {
      Bytes.put8(bell, 1);
    }
    return tasks + frames;
  }

  void close() {
    lane.close();
    Runnable task;
    while ((task = ring.poll()) != null) {
      if (task instanceof MapReduce.Message message) {
        message.cancel();
      }
    }
  }
}
