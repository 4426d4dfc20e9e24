package io.millrace.udp;

import io.millrace.buf.Frame;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.Route;
import io.millrace.net.Shard;

/**
 * Copies of what we send to groups, on their way to our own sockets: delivered at the end of the
 * duty cycle, so that no handler is called from inside a send. Bounded.
 */
final class Loop {
  private static final int CAPACITY = 256;

  private final Shard shard;
  private final Counters counters;
  private Frame first;
  private Frame last;
  private int count;

  Loop(Shard shard) {
    this.shard = shard;
    this.counters = shard.counters();
  }

  boolean isEmpty() {
    return first == null;
  }

  /** Copies a datagram whose window starts at UDP's header; the frame stays the caller's. */
  void offer(Frame datagram, Route route, int trafficClass, int hopLimit) {
    if (count == CAPACITY) {
      counters.drop(DropReason.UDP_LOOP_FULL);
      return;
    }
    int length = datagram.totalLength();
    Frame copy = shard.pool().allocate();
    if (copy != null && copy.tailroom() < length) {
      copy.release();
      copy = shard.pool().allocateLarge();
    }
    if (copy == null || copy.tailroom() < length) {
      counters.drop(DropReason.NO_FRAME);
      if (copy != null) {
        copy.release();
      }
      return;
    }
    copy.markL3();
    datagram.gather(copy.append(length));
    if (datagram.has(Frame.CHECKSUM_PARTIAL)) {
      copy.requestChecksum(copy.address(), datagram.checksumOffset());
    }
    copy.addresses(
        route.sourceHi(), route.sourceLo(), route.destinationHi(), route.destinationLo());
    copy.classAndHops(trafficClass, hopLimit);
    copy.interfaceIndex(route.networkInterface().index());
    copy.set(Frame.IP_MULTICAST);
    if (first == null) {
      first = copy;
    } else {
      last.next(copy);
    }
    last = copy;
    count++;
  }

  /** Delivers what is there now; what the handlers add comes the next time. */
  boolean deliver(UdpInput in, long now) {
    for (int left = count; left > 0; left--) {
      Frame frame = take();
      long fields = UdpHeader.fields(frame.address());
      frame.receiveTime(now);
      // What nobody wants is no drop: the datagram has gone out as well.
      in.deliverHere(frame, UdpHeader.sourcePort(fields), UdpHeader.destinationPort(fields));
      frame.release();
    }
    return true;
  }

  private Frame take() {
    Frame frame = first;
    first = frame.next();
    frame.next(null);
    count--;
    return frame;
  }

  void close() {
    while (first != null) {
      take().release();
    }
  }
}
