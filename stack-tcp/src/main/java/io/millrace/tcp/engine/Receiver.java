package io.millrace.tcp.engine;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.DropReason;
import io.millrace.transport.Serial;

/**
 * The receiving half: puts data in order, decides when to acknowledge and what window to offer.
 *
 * <pre>
 *          1             2              3
 *     ----------|------------------|----------
 *            RCV.NXT            RCV.NXT
 *                              + RCV.WND = rcvEdge
 *  1 received in order   2 may be received   3 not allowed yet   (RFC 9293 §3.4, figure 4)
 *
 *  rcvHeld = what of 1 the application has not given back
 * </pre>
 */
final class Receiver {
  private final TcpMachine machine;
  private final FramePool pool;

  /** Fewer free frames than this, and nothing is kept out of order any more. */
  private final int lowWater;

  Receiver(TcpMachine machine, FramePool pool) {
    this.machine = machine;
    this.pool = pool;
    this.lowWater = pool.frames() / 8;
  }

  /** Takes the data of an acceptable segment. */
  DropReason text(Tcb t, SegmentIn s, long now) {
    Frame frame = s.frame;
    if (s.seq == t.rcvNxt && t.outOfOrder == null && s.dataLength <= t.rcvEdge - t.rcvNxt) {
      s.frame = null;
      deliver(t, frame);
      afterInOrder(t, s.dataLength, now);
      return null;
    }
    return irregular(t, s, frame, now);
  }

  private DropReason irregular(Tcb t, SegmentIn s, Frame frame, long now) {
    int over = s.seq + s.dataLength - t.rcvEdge;
    if (over > 0) {
      // RFC 9293 §3.10.7.4: trimmed to the window; a FIN behind it goes with it.
      frame.trim(s.dataLength - over);
      s.dataLength -= over;
      s.flags &= ~io.millrace.tcp.wire.TcpHeader.FIN;
    }
    int known = t.rcvNxt - s.seq;
    if (known > 0) {
      duplicate(t, s.seq, Serial.min(t.rcvNxt, s.seq + s.dataLength));
      t.set(Tcb.ACK_NOW);
      if (known >= s.dataLength) {
        return null; // the FIN may still be new
      }
      frame.pull(known);
      s.seq += known;
      s.dataLength -= known;
    }
    if (s.seq != t.rcvNxt) {
      return outOfOrder(t, s, frame);
    }
    s.frame = null;
    deliver(t, frame);
    if (t.outOfOrder != null) {
      drain(t);
      t.set(Tcb.ACK_NOW); // it fills a gap (RFC 5681 §4.2)
    }
    afterInOrder(t, s.dataLength, now);
    return null;
  }

  /** Hands a frame with the data at RCV.NXT on; takes ownership. */
  private static void deliver(Tcb t, Frame frame) {
    int length = frame.length();
    t.rcvNxt += length;
    t.thruOctetsReceived += length;
    t.rcvHeld += length;
    t.events |= TcpEvents.READABLE;
    Frame tail = t.receiveTail;
    if (tail == null) {
      t.receiveHead = frame;
    } else if (length <= tail.tailroom()) {
      // The application does not read: small segments share a frame, so that what is held is
      // bounded by the window, and not by a frame for each byte of it.
      Bytes.copy(frame.address(), tail.append(length), length);
      frame.release();
      return;
    } else {
      tail.next(frame);
    }
    frame.next(null);
    t.receiveTail = frame;
  }

  /**
   * Decides about the acknowledgment: every second full segment at once, else within the delay (RFC
   * 5681 §4.2).
   */
  private void afterInOrder(Tcb t, int length, long now) {
    if (length > t.rcvMss) {
      t.rcvMss = Math.min(length, machine.localMss());
    }
    t.duplicateAcksDue = 0;
    t.unacknowledgedIn += length;
    if (t.unacknowledgedIn >= 2 * t.rcvMss || machine.config().delayedAck() == 0) {
      t.set(Tcb.ACK_NOW);
    } else if (!t.is(Tcb.ACK_NOW) && !Timers.isSet(t, Timers.DELAYED_ACK)) {
      Timers.set(t, Timers.DELAYED_ACK, now + machine.config().delayedAck());
    }
  }

  private void drain(Tcb t) {
    OutOfOrderQueue queue = t.outOfOrder;
    Frame frame;
    while ((frame = queue.pop(t.rcvNxt)) != null) {
      deliver(t, frame);
    }
    queue.advance(t.rcvNxt);
    boolean fin = queue.isFinAt(t.rcvNxt);
    if (queue.isEmpty() || fin) {
      machine.release(queue);
      t.outOfOrder = null;
    }
    if (fin) {
      finInOrder(t);
    }
  }

  private DropReason outOfOrder(Tcb t, SegmentIn s, Frame frame) {
    if (t.duplicateAcksDue < 64) {
      t.duplicateAcksDue++; // at once, one for each (RFC 5681 §4.2)
    }
    if (pool.available() < lowWater) {
      return DropReason.TCP_OUT_OF_ORDER_FULL;
    }
    if (t.outOfOrder == null) {
      t.outOfOrder = machine.outOfOrderQueue();
    }
    frame.mark(s.seq);
    return switch (t.outOfOrder.insert(frame)) {
      case TAKEN -> {
        s.frame = null;
        yield null;
      }
      case DUPLICATE -> {
        duplicate(t, s.seq, s.seq + s.dataLength);
        yield null;
      }
      case FULL -> {
        if (t.outOfOrder.isEmpty()) {
          machine.release(t.outOfOrder);
          t.outOfOrder = null;
        }
        yield DropReason.TCP_OUT_OF_ORDER_FULL;
      }
    };
  }

  /** Remembers a duplicate for the next acknowledgment to report (RFC 2883 §4). */
  void duplicate(Tcb t, int start, int end) {
    if (t.is(Tcb.SACK)) {
      t.dsackStart = start;
      t.dsackEnd = end;
      t.set(Tcb.DSACK_DUE);
    }
  }

  /** The peer's FIN is at {@code seq}. */
  void fin(Tcb t, int seq) {
    if (seq == t.rcvNxt) {
      finInOrder(t);
    } else if (Serial.gt(seq, t.rcvNxt) && Serial.lt(seq, t.rcvEdge)) {
      if (t.outOfOrder == null) {
        t.outOfOrder = machine.outOfOrderQueue();
      }
      t.outOfOrder.fin(seq);
      t.set(Tcb.ACK_NOW);
    }
  }

  private void finInOrder(Tcb t) {
    t.rcvNxt++;
    if (Serial.lt(t.rcvEdge, t.rcvNxt)) {
      t.rcvEdge = t.rcvNxt;
    }
    t.set(Tcb.ACK_NOW | Tcb.FIN_RECEIVED);
    t.events |= TcpEvents.FIN;
    machine.finReceived(t);
  }

  /**
   * Opens the window as far as the buffer allows, unless that is too little to say (RFC 9293
   * §3.8.6.2.2, MUST-39).
   */
  void openWindow(Tcb t) {
    int open = openable(t);
    if (open >= Math.min(t.rcvBuffer / 2, machine.localMss())) {
      t.rcvEdge += open;
    }
  }

  /** How far the offered right edge could move on. */
  private static int openable(Tcb t) {
    if (t.is(Tcb.FIN_RECEIVED)) {
      return 0;
    }
    int space = Math.max(0, t.rcvBuffer - t.rcvHeld);
    return t.rcvNxt + Math.min(space, maxWindow(t)) - t.rcvEdge;
  }

  /** What the window field can say. */
  private static int maxWindow(Tcb t) {
    return 0xffff << t.rcvWndShift;
  }

  /**
   * The application has given back {@code bytes}: tells the peer if its window had become small.
   */
  void consumed(Tcb t, int bytes) {
    t.rcvHeld -= bytes;
    if (t.rcvEdge - t.rcvNxt < Math.min(t.rcvBuffer, maxWindow(t)) / 2
        && openable(t) >= Math.min(t.rcvBuffer / 2, machine.localMss())) {
      t.set(Tcb.ACK_NOW);
    }
  }
}
