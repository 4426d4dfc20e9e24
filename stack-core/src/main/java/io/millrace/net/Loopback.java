package io.millrace.net;

import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpFamily;
import io.millrace.link.Ethernet;
import io.millrace.spi.PortInfo;

/**
 * What a shard sends to the stack's own addresses: it waits in the queue of an interface without a
 * port, and is received when the duty cycle ends, on the same shard. From there it goes where every
 * other packet goes, to another shard if that is its flow's.
 *
 * <p>The link header says by which interface a datagram comes in: its destination is the
 * interface's number. That is this one, but for addresses that mean something on one link only.
 *
 * <p><b>Thread:</b> the shard's. Allocates nothing; copies what is not all in its frame.
 */
final class Loopback {
  private final Shard shard;
  private final NetInterface queue;
  private final Frame[] due = new Frame[NetInterface.TX_CAPACITY];

  Loopback(Shard shard, NetInterface queue) {
    this.shard = shard;
    this.queue = queue;
  }

  /**
   * What the interface is: datagrams as large as a standard frame holds, and no checksums, as
   * memory does not flip bits.
   */
  static PortInfo info(int frameSize, int headroom, int shards) {
    int mtu = Math.min(65_535, frameSize - headroom - Ethernet.HEADER_SIZE);
    return new PortInfo("lo", 0, mtu, shards, PortInfo.TX_CHECKSUM | PortInfo.RX_CHECKSUM);
  }

  NetInterface networkInterface() {
    return queue;
  }

  /** Whether something waits. */
  boolean isBacklogged() {
    return queue.isBacklogged();
  }

  /**
   * Receives what has been sent up to now; what is sent in answer waits for the next duty cycle.
   * Returns how many frames it was.
   */
  int deliver(long now) {
    int n = queue.takeAll(due);
    for (int i = 0; i < n; i++) {
      Frame sent = due[i];
      due[i] = null;
      try {
        receive(sent, now);
      } catch (RuntimeException | Error e) {
        shard.counters().drop(DropReason.INTERNAL_ERROR);
        shard.report("a packet to ourselves", e);
      }
    }
    return n;
  }

  private void receive(Frame sent, long now) {
    Frame frame = sent.isAlone() ? sent : copy(sent);
    if (frame == null) {
      shard.counters().drop(DropReason.NO_FRAME);
      return;
    }
    long header = frame.address();
    int index = (int) Ethernet.destination(header);
    int type = Ethernet.type(header);
    frame.pull(Ethernet.HEADER_SIZE);
    frame.clear(~Frame.CHECKSUM_PARTIAL);
    // What a transport has left to the port is whole: memory does not flip bits.
    frame.set(
        frame.has(Frame.CHECKSUM_PARTIAL) ? Frame.LOOPED | Frame.RX_CHECKSUM_OK : Frame.LOOPED);
    frame.segmentSize(0);
    frame.interfaceIndex(index);
    frame.receiveTime(now);
    frame.markL3();
    IpFamily family = type == Ethernet.TYPE_IPV4 ? shard.ipv4() : shard.ipv6();
    family.input(frame, shard.networkInterface(index), now);
  }

  /** All bytes in a frame of its own, or null if there is none; the one that was sent is gone. */
  private Frame copy(Frame sent) {
    Frame copy = shard.pool().allocate();
    if (copy != null) {
      sent.gather(copy.append(sent.totalLength()));
      if (sent.has(Frame.CHECKSUM_PARTIAL)) {
        long start = sent.checksumAddress() - sent.address();
        copy.requestChecksum(copy.address() + start, sent.checksumOffset());
      }
    }
    sent.release();
    return copy;
  }
}
