package io.millrace.driver.tap;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.os.Linux;
import io.millrace.spi.PortQueue;
import java.lang.foreign.Arena;

/** One descriptor of a TAP device: a system call per packet. <b>Thread:</b> the shard's. */
final class TapQueue implements PortQueue {
  private final TapReceiver receiver;
  private final TapSender sender;
  private final Arena arena = Arena.ofShared();
  private final int fd;

  TapQueue(Linux linux, int fd, FramePool pool, int mtu, boolean offload) {
    this.fd = fd;
    receiver = new TapReceiver(linux, fd, pool, offload, arena);
    sender = new TapSender(linux, fd, mtu, offload, arena);
  }

  @Override
  public int rxBurst(Frame[] out, int max, long now) {
    return receiver.receive(out, max, now);
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    return sender.send(frames, from, to);
  }

  /** Nothing to do: the kernel has each packet already. */
  @Override
  public void flush() {}

  /** Nothing to do: the kernel has copied each packet, and the frame is released. */
  @Override
  public int reclaim(int max) {
    return 0;
  }

  @Override
  public int fd() {
    return fd;
  }

  @Override
  public long takeReceiveDrops() {
    return receiver.takeDrops();
  }

  @Override
  public long takeTransmitDrops() {
    return sender.takeDrops();
  }

  void close() {
    receiver.close();
    arena.close();
  }
}
