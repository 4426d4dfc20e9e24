package io.millrace.futures.op;

import io.millrace.buf.Frame;
import io.millrace.futures.Datagram;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;

/** Waits for a datagram. */
public final class ReceiveOp extends Op {
  private final DatagramSocket socket;
  private Datagram datagram;

  /** Creates an operation. */
  public ReceiveOp(DatagramSocket socket, Waiter waiter) {
    super(waiter);
    this.socket = socket;
  }

  @Override
  public Shard shard() {
    return socket.shard();
  }

  @Override
  public String subject() {
    return socket.toString();
  }

  @Override
  public void run() {
    socket.receive(this);
  }

  /** What came. */
  public Datagram datagram() {
    return datagram;
  }

  /** Copies the datagram, claimed. */
  void take(Frame frame, long sourceHi, long sourceLo, int port) {
    datagram = new Datagram(frame.toByteArray(), new IpAddress(sourceHi, sourceLo), port);
  }
}
