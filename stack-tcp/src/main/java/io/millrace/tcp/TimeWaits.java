package io.millrace.tcp;

import io.millrace.flow.Flow;
import io.millrace.flow.FlowTable;
import io.millrace.net.Shard;
import io.millrace.tcp.engine.TimeWait;
import io.millrace.tcp.engine.TimeWaitList;
import io.millrace.time.TimerNode;

/** The connections in TIME-WAIT on a shard: one timer for all of them, and a bound. */
final class TimeWaits extends TimerNode {
  private final Shard shard;
  private final FlowTable<Flow> flows;
  private final TcpConfig config;
  private final Placement placement;
  private final TimeWaitList list = new TimeWaitList();

  TimeWaits(Shard shard, FlowTable<Flow> flows, TcpConfig config, Placement placement) {
    this.shard = shard;
    this.flows = flows;
    this.config = config;
    this.placement = placement;
  }

  int size() {
    return list.size();
  }

  /** Puts what is left of a connection in its place. */
  void enter(StackTcpConnection c, long now) {
    if (list.size() >= config.maxTimeWait()) {
      if (list.first() == null) {
        flows.remove(c);
        placement.forgotten(c);
        return;
      }
      forget(list.first());
    }
    TimeWait entry = new TimeWait(c, c.tcb);
    entry.owner(c.owner());
    flows.replace(c, entry);
    list.add(entry, now + config.timeWait());
    arm();
  }

  void restart(TimeWait entry, long now) {
    list.remove(entry);
    list.add(entry, now + config.timeWait());
  }

  private void forget(TimeWait entry) {
    remove(entry);
    placement.forgotten(entry);
  }

  /** Makes room for a new connection between the same sockets. */
  void remove(TimeWait entry) {
    list.remove(entry);
    flows.remove(entry);
  }

  private void arm() {
    if (!isScheduled() && list.first() != null) {
      shard.wheel().schedule(this, list.first().deadline());
    }
  }

  @Override
  protected void onTimer(long now) {
    TimeWait entry;
    while ((entry = list.first()) != null && entry.deadline() <= now) {
      forget(entry);
    }
    arm();
  }
}
