package io.millrace.driver.mem;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.flow.ReceiveHash;
import io.millrace.flow.Toeplitz;
import io.millrace.lane.LaneReceiver;
import io.millrace.lane.LaneSender;
import io.millrace.spi.PortQueue;

/**
 * A queue of a wire that has several: each frame goes to the queue of the other end that its hash
 * says, as a network card's receive-side scaling does. <b>Thread:</b> the shard's.
 */
final class SpreadQueue implements PortQueue {
  private final LaneReceiver[] receivers;
  private final LaneSender[] senders;
  private final Toeplitz hash;
  private final long peerQueues;

  /** The receiver that is asked first, so that none starves. */
  private int first;

  /** A bit for each queue of the other end that something was sent to since the last flush. */
  private long rung;

  /**
   * Makes a queue.
   *
   * @param receivers by the other end's queue
   * @param senders by the other end's queue
   * @param hash by which the other end's queue is chosen
   * @param peers the address where the wire says how many queues the other end has open
   */
  SpreadQueue(LaneReceiver[] receivers, LaneSender[] senders, Toeplitz hash, long peers) {
    this.receivers = receivers;
    this.senders = senders;
    this.hash = hash;
    this.peerQueues = peers;
  }

  @Override
  public int rxBurst(Frame[] out, int max, long now) {
    int n = receivers[first].receive(out, max, now);
    int peers = receivers.length;
    for (int i = 1; i < peers && n == 0; i++) {
      int next = first + i < peers ? first + i : first + i - peers;
      n = receivers[next].receive(out, max, now);
    }
    first = first + 1 < peers ? first + 1 : 0;
    return n;
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    int peers = Bytes.getIntAcquire(peerQueues);
    long touched = 0;
    int i = from;
    while (i < to) {
      Frame frame = frames[i];
      int bucket = ReceiveHash.of(hash, frame.address(), frame.length()) & Toeplitz.TABLE_SIZE - 1;
      int queue = bucket % peers;
      if (!senders[queue].offer(frame, 0)) {
        break;
      }
      touched |= 1L << queue;
      i++;
    }
    rung |= touched;
    while (touched != 0) {
      senders[Long.numberOfTrailingZeros(touched)].publish();
      touched &= touched - 1;
    }
    return i - from;
  }

  /** {@link #txBurst} has published; receivers that sleep are woken up. */
  @Override
  public void flush() {
    while (rung != 0) {
      senders[Long.numberOfTrailingZeros(rung)].ring();
      rung &= rung - 1;
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
    for (LaneReceiver each : receivers) {
      each.bell(wakeUp);
    }
    return true;
  }

  @Override
  public boolean hasArrivals() {
    for (LaneReceiver each : receivers) {
      if (each.hasArrivals()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public long takeReceiveDrops() {
    long lost = 0;
    for (LaneReceiver each : receivers) {
      lost += each.takeLost();
    }
    return lost;
  }

  @Override
  public long takeTransmitDrops() {
    long swallowed = 0;
    for (LaneSender each : senders) {
      swallowed += each.takeSwallowed();
    }
    return swallowed;
  }
}
