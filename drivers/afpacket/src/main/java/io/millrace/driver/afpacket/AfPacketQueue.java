package io.millrace.driver.afpacket;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.os.Linux;
import io.millrace.spi.PortQueue;
import java.lang.foreign.Arena;

/** One packet socket with its ring. <b>Thread:</b> the shard's. */
final class AfPacketQueue implements PortQueue {
  private final PacketReceiver receiver;
  private final PacketSender sender;
  private final Arena arena = Arena.ofShared();
  private final int fd;

  AfPacketQueue(
      PacketSocket socket, FramePool pool, LinkWatch watch, String port, int mtu, boolean offload) {
    fd = socket.fd();
    Linux linux = new Linux();
    receiver = new PacketReceiver(linux, socket, pool, watch, offload, arena);
    sender = new PacketSender(linux, fd, port, mtu, offload, arena);
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
    arena.close();
  }
}
