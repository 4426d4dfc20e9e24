package io.millrace.udp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;

/**
 * The datagrams of one flow that have come one behind the other in the burst at hand, for a socket
 * that wants them in a row. The first stays in its frame; with the second, they move to where there
 * is room for more. One batch per shard: another flow's datagram ends it.
 */
final class SegmentBatch {
  private final UdpInput in;
  private final FramePool pool;

  private StackUdpSocket socket;
  private Frame row;
  private int segmentSize;
  private int sourcePort;
  private int count;

  SegmentBatch(UdpInput in, FramePool pool) {
    this.in = in;
    this.pool = pool;
  }

  boolean isEmpty() {
    return row == null;
  }

  /** Takes a datagram whose window is its payload; the frame stays the caller's. */
  void add(StackUdpSocket to, Frame datagram, int port) {
    int length = datagram.length();
    if (row != null && continues(to, datagram, port) && makeRoom(length)) {
      Bytes.copy(datagram.address(), row.append(length), length);
      count++;
      if (length < segmentSize) {
        flush(); // a smaller one is the last
      }
      return;
    }
    while (row != null) {
      flush(); // a handler may inject what begins another row
    }
    datagram.retain();
    socket = to;
    row = datagram;
    sourcePort = port;
    segmentSize = length;
    count = 1;
    if (length == 0) {
      flush();
    }
  }

  private boolean continues(StackUdpSocket to, Frame next, int port) {
    Frame first = row;
    return socket == to
        && sourcePort == port
        && next.length() <= segmentSize
        && next.length() != 0
        && next.sourceLo() == first.sourceLo()
        && next.sourceHi() == first.sourceHi()
        && next.destinationLo() == first.destinationLo()
        && next.destinationHi() == first.destinationHi()
        && next.trafficClass() == first.trafficClass()
        && next.hopLimit() == first.hopLimit()
        && next.interfaceIndex() == first.interfaceIndex();
  }

  /** Whether as many bytes fit behind the row, after moving it if it has to be. */
  private boolean makeRoom(int length) {
    Frame first = row;
    if (first.tailroom() >= length) {
      return true;
    }
    if (first.capacity() >= FramePool.LARGE_SIZE || pool.availableLarge() == 0) {
      return false;
    }
    Frame large = pool.allocateLarge();
    // From the network header on: the application may look at it.
    int headers = (int) (first.address() - first.l3Address());
    long to = large.append(headers + first.length());
    large.markL3();
    Bytes.copy(first.l3Address(), to, headers + first.length());
    large.pull(headers);
    copyFacts(first, large);
    first.release();
    row = large;
    return true;
  }

  /** What the layers below have said about a frame. */
  static void copyFacts(Frame from, Frame to) {
    to.set(from.flags() & ~Frame.CHECKSUM_PARTIAL | Frame.RX_CHECKSUM_OK);
    to.addresses(from.sourceHi(), from.sourceLo(), from.destinationHi(), from.destinationLo());
    to.classAndHops(from.trafficClass(), from.hopLimit());
    to.interfaceIndex(from.interfaceIndex());
    to.receiveTime(from.receiveTime());
    to.receiveHash(from.receiveHash());
    to.vlan(from.vlan());
  }

  /** Delivers what there is. */
  void flush() {
    Frame frame = row;
    if (frame == null) {
      return;
    }
    row = null;
    StackUdpSocket to = socket;
    socket = null;
    if (to.isOpen()) {
      if (count == 1) {
        in.deliver(to, frame, sourcePort);
      } else {
        in.deliverSegments(to, frame, segmentSize, count, sourcePort);
      }
    }
    frame.release();
  }

  void close() {
    if (row != null) {
      row.release();
      row = null;
    }
  }
}
