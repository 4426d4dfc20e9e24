package io.millrace.futures.op;

import io.millrace.net.Shard;
import io.millrace.time.TimerNode;

/** Ends the operations of one queue when their time is over. <b>Thread:</b> the shard's. */
final class Timeouts extends TimerNode {
  private final Shard shard;
  private final OpQueue<?> queue;

  Timeouts(Shard shard, OpQueue<?> queue) {
    this.shard = shard;
    this.queue = queue;
  }

  void watch(Op op) {
    if (op.isWaiting()) {
      watch(op.deadline);
    }
  }

  private void watch(long deadline) {
    if (deadline != Long.MAX_VALUE && (!isScheduled() || deadline < scheduledDeadline())) {
      shard.wheel().schedule(this, deadline);
    }
  }

  @Override
  protected void onTimer(long now) {
    watch(queue.sweep(now));
  }
}
