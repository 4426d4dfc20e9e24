package io.millrace.driver.afxdp;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.spi.PortQueue;

/** One socket: frames of the shard's pool go to the kernel and back. <b>Thread:</b> the shard's. */
final class AfXdpQueue implements PortQueue {
  private final Loans loans;
  private final XdpReceiver receiver;
  private final XdpSender sender;
  private final CopyRing copies;
  private final int fd;
  private long now;

  /**
   * Makes the rings, and lends the kernel frames.
   *
   * @param copies what the kernel keeps and we get a copy of, or null
   * @param metadata what the device's driver says of each packet, or null
   * @param fd a descriptor that is readable when something has come
   */
  AfXdpQueue(
      XdpSocket socket,
      FramePool pool,
      CopyRing copies,
      ReceiveMetadata metadata,
      int fd,
      AfXdpOptions options,
      AfXdpMode mode) {
    this.copies = copies;
    this.fd = fd;
    loans = new Loans(pool);
    XdpSocket.Rings rings = socket.rings(options.ring());
    receiver = new XdpReceiver(socket, pool, loans, rings, copies, metadata, options);
    sender = new XdpSender(socket, pool, loans, rings, mode);
  }

  @Override
  public int rxBurst(Frame[] out, int max, long time) {
    now = time;
    return receiver.receive(out, max, time);
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    return sender.send(frames, from, to);
  }

  @Override
  public void flush() {
    sender.flush();
  }

  @Override
  public int reclaim(int max) {
    return sender.reclaim(max);
  }

  @Override
  public int fd() {
    return fd;
  }

  @Override
  public long nextDeadline() {
    return sender.nextDeadline(now);
  }

  @Override
  public long takeReceiveDrops() {
    return receiver.takeDrops();
  }

  @Override
  public long takeTransmitDrops() {
    return sender.takeDrops();
  }

  /** Gives back what the kernel has; the socket is closed before. */
  void close() {
    receiver.close();
    loans.close();
    if (copies != null) {
      copies.close();
    }
  }
}
