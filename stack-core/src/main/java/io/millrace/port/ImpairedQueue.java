package io.millrace.port;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counters;
import io.millrace.port.Impairment.Ways;
import io.millrace.spi.PortQueue;

/** A queue with a bad link before it, in one direction or both. */
final class ImpairedQueue extends ForwardingQueue {
  private static final int BURST = 64;

  /** The bad link of each direction; null where it is good. */
  private final BadLink receive;

  private final BadLink transmit;

  private final Frame[] arrived = new Frame[BURST];

  /** What has left the bad link and waits for the device. */
  private final Frame[] leaving = new Frame[BURST];

  private int leavingCount;

  /** The time of this duty cycle; before the first one, longer ago than any delay. */
  private long now = Long.MIN_VALUE;

  ImpairedQueue(PortQueue inner, Impairment impairment, int index, FramePool pool) {
    super(inner);
    // A quarter of the frames per direction, so that a long delay cannot starve the stack of them.
    int most = Math.max(1, pool.frames() / 4);
    long seed = impairment.seed() + index * 2L;
    receive = impairment.ways() == Ways.OUT ? null : new BadLink(impairment, seed, most);
    transmit = impairment.ways() == Ways.IN ? null : new BadLink(impairment, ~seed, most);
  }

  @Override
  public void countInto(Counters counters) {
    inner.countInto(counters);
    if (receive != null) {
      receive.countInto(counters);
    }
    if (transmit != null) {
      transmit.countInto(counters);
    }
  }

  @Override
  public int rxBurst(Frame[] out, int max, long time) {
    now = time;
    if (transmit != null && pump()) {
      inner.flush();
    }
    if (receive == null) {
      return inner.rxBurst(out, max, time);
    }
    int n = inner.rxBurst(arrived, Math.min(max, BURST), time);
    for (int i = 0; i < n; i++) {
      receive.enter(arrived[i], time);
      arrived[i] = null;
    }
    return receive.leave(out, max, time);
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    if (transmit == null) {
      return inner.txBurst(frames, from, to);
    }
    for (int at = from; at < to; ) {
      // In pieces, so that what goes straight through does not fill the link.
      for (int end = Math.min(at + BURST, to); at < end; at++) {
        transmit.enter(frames[at], now);
      }
      pump();
    }
    return to - from;
  }

  /** Gives the device what is due; whether it took anything. */
  private boolean pump() {
    boolean any = false;
    while (true) {
      if (leavingCount == 0) {
        leavingCount = transmit.leave(leaving, BURST, now);
      }
      if (leavingCount == 0) {
        return any;
      }
      int taken = inner.txBurst(leaving, 0, leavingCount);
      any |= taken > 0;
      int left = leavingCount - taken;
      System.arraycopy(leaving, taken, leaving, 0, left);
      for (int i = left; i < leavingCount; i++) {
        leaving[i] = null;
      }
      leavingCount = left;
      if (left > 0) {
        return any;
      }
    }
  }

  @Override
  public long nextDeadline() {
    // A device that is full is tried again at once.
    long earliest = leavingCount > 0 ? now : inner.nextDeadline();
    if (receive != null) {
      earliest = Math.min(earliest, receive.nextDeadline());
    }
    return transmit == null ? earliest : Math.min(earliest, transmit.nextDeadline());
  }

  /** Gives back what is on its way. The shard has stopped. */
  void releaseHeld() {
    for (int i = 0; i < leavingCount; i++) {
      leaving[i].release();
      leaving[i] = null;
    }
    leavingCount = 0;
    if (receive != null) {
      receive.releaseAll();
    }
    if (transmit != null) {
      transmit.releaseAll();
    }
  }
}
