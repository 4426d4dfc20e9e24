package io.millrace.port;

import io.millrace.buf.Frame;
import io.millrace.diag.Counters;
import io.millrace.spi.PortQueue;

/** A queue around a queue that changes nothing: the two decorators override what they care for. */
abstract sealed class ForwardingQueue implements PortQueue permits CapturingQueue, ImpairedQueue {
  final PortQueue inner;

  ForwardingQueue(PortQueue inner) {
    this.inner = inner;
  }

  @Override
  public int rxBurst(Frame[] out, int max, long now) {
    return inner.rxBurst(out, max, now);
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    return inner.txBurst(frames, from, to);
  }

  @Override
  public void flush() {
    inner.flush();
  }

  @Override
  public int reclaim(int max) {
    return inner.reclaim(max);
  }

  @Override
  public int fd() {
    return inner.fd();
  }

  @Override
  public boolean wakes(Runnable wakeUp) {
    return inner.wakes(wakeUp);
  }

  @Override
  public boolean hasArrivals() {
    return inner.hasArrivals();
  }

  @Override
  public long nextDeadline() {
    return inner.nextDeadline();
  }

  @Override
  public long takeTransmitDrops() {
    return inner.takeTransmitDrops();
  }

  @Override
  public long takeReceiveDrops() {
    return inner.takeReceiveDrops();
  }

  @Override
  public void countInto(Counters counters) {
    inner.countInto(counters);
  }
}
