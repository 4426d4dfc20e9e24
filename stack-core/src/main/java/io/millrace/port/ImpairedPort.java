package io.millrace.port;

import io.millrace.buf.FramePool;
import io.millrace.spi.Port;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;

/**
 * A port behind a bad link.
 *
 * <p>It offers no segmentation and no merging, because to lose one frame of 64 KiB is not to lose
 * one packet, and no checksums on transmit, because a bit that is flipped before the device sums up
 * would go unnoticed.
 */
final class ImpairedPort implements Port {
  private static final int HIDDEN =
      PortInfo.TX_CHECKSUM
          | PortInfo.TX_SEGMENT_TCP4
          | PortInfo.TX_SEGMENT_TCP6
          | PortInfo.TX_SEGMENT_UDP4
          | PortInfo.TX_SEGMENT_UDP6
          | PortInfo.RX_LARGE;

  private final Port inner;
  private final Impairment impairment;
  private final PortInfo info;
  private final ImpairedQueue[] queues;

  ImpairedPort(Port inner, Impairment impairment) {
    this.inner = inner;
    this.impairment = impairment;
    PortInfo own = inner.info();
    this.info =
        new PortInfo(
            own.name(),
            own.mac(),
            own.mtu(),
            own.queues(),
            own.offloads() & ~HIDDEN,
            own.frameSize(),
            own.rss());
    this.queues = new ImpairedQueue[own.queues()];
  }

  @Override
  public PortInfo info() {
    return info;
  }

  @Override
  public PortQueue queue(int index, FramePool pool) {
    queues[index] = new ImpairedQueue(inner.queue(index, pool), impairment, index, pool);
    return queues[index];
  }

  @Override
  public void close() {
    for (ImpairedQueue queue : queues) {
      if (queue != null) {
        queue.releaseHeld();
      }
    }
    inner.close();
  }
}
