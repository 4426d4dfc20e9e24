package io.millrace.ipv6.nd;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.Ethernet;
import io.millrace.spi.Port;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.util.ArrayList;
import java.util.List;

/** A port on which nothing comes in, and that remembers where empty datagrams went. */
final class TestPort implements Port, PortQueue {
  /** "No next header", which the tests' datagrams have. */
  private static final int EMPTY = 59;

  private final PortInfo info;
  private final List<Long> emptyTo = new ArrayList<>();

  TestPort(long mac, int mtu) {
    info = new PortInfo("test", mac, mtu, 1, 0);
  }

  List<Long> takeEmptyDatagrams() {
    List<Long> taken = List.copyOf(emptyTo);
    emptyTo.clear();
    return taken;
  }

  @Override
  public PortInfo info() {
    return info;
  }

  @Override
  public PortQueue queue(int index, FramePool framePool) {
    return this;
  }

  @Override
  public int rxBurst(Frame[] out, int max, long now) {
    return 0;
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    for (int i = from; i < to; i++) {
      long at = frames[i].address();
      if (Ethernet.type(at) == Ethernet.TYPE_IPV6 && Bytes.u8(at + 14 + 6) == EMPTY) {
        emptyTo.add(Ethernet.destination(at));
      }
      frames[i].release();
    }
    return to - from;
  }

  @Override
  public void flush() {}

  @Override
  public int reclaim(int max) {
    return 0;
  }

  @Override
  public int fd() {
    return -1;
  }

  @Override
  public void close() {}
}
