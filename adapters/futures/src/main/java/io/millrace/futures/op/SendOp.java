package io.millrace.futures.op;

import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import io.millrace.udp.SendResult;
import io.millrace.udp.UdpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Sends a copy of a datagram, and waits for room. */
public final class SendOp extends Op {
  private final DatagramSocket socket;
  private final byte[] data;
  private final int offset;
  private final int length;
  private final IpAddress to;
  private final int port;

  /**
   * Creates an operation.
   *
   * @param to null for the peer of a connected socket
   */
  public SendOp(
      DatagramSocket socket,
      byte[] data,
      int offset,
      int length,
      IpAddress to,
      int port,
      Waiter waiter) {
    super(waiter);
    this.socket = socket;
    this.data = data;
    this.offset = offset;
    this.length = length;
    this.to = to;
    this.port = port;
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
    socket.send(this);
  }

  SendResult send(UdpSocket through) {
    MemorySegment copy = Arena.ofAuto().allocate(Math.max(1, length));
    MemorySegment.copy(data, offset, copy, ValueLayout.JAVA_BYTE, 0, length);
    WrappedBuffer buffer = WrappedBuffer.of(copy); // reachable until the datagram has left
    return to == null
        ? through.send(buffer, 0, length)
        : through.sendTo(to.hi(), to.lo(), port, buffer, 0, length);
  }
}
