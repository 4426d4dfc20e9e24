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
  private final Attached[] queues;
  private boolean closed;

  MemPort(Wire wire, int end, PortInfo info) {
    this.wire = wire;
    this.end = end;
    this.info = info;
    this.queues = new Attached[info.queues()];
  }

  @Override
  public PortInfo info() {
    return info;
  }

  @Override
  public PortQueue queue(int index, FramePool pool) {
    Objects.checkIndex(index, queues.length);
    if (queues[index] != null || closed) {
      throw new IllegalStateException(
          info.name() + ": queue " + index + " has been given away already");
    }
    queues[index] = wire.attach(end, index, pool);
    return queues[index].queue();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      for (Attached each : queues) {
        if (each != null) {
          each.close();
        }
      }
      wire.unplug(end);
    }
  }
}
