package io.millrace.driver.mem;

import io.millrace.buf.FramePool;
import io.millrace.spi.Port;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.util.Objects;

/** One end of a {@link Wire}. */
final class MemPort implements Port {
  private final Wire wire;
  private final int end;
  private final PortInfo info;
  private MemQueue queue;
  private boolean closed;

  MemPort(Wire wire, int end, PortInfo info) {
    this.wire = wire;
    this.end = end;
    this.info = info;
  }

  @Override
  public PortInfo info() {
    return info;
  }

  @Override
  public PortQueue queue(int index, FramePool pool) {
    Objects.checkIndex(index, 1);
    if (queue != null || closed) {
      throw new IllegalStateException(info.name() + ": its queue has been given away already");
    }
    queue = wire.attach(end, pool);
    return queue;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (queue != null) {
        queue.close();
      }
      wire.unplug(end);
    }
  }
}
