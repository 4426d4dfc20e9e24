package io.millrace.blocking;

import io.millrace.futures.Datagram;
import io.millrace.futures.op.Calls;
import io.millrace.futures.op.DatagramSocket;
import io.millrace.futures.op.ReceiveOp;
import io.millrace.futures.op.SendOp;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;

/**
 * A UDP socket for blocking code, on any thread but a shard's own. Several threads may use it at
 * once.
 */
public final class BlockingUdpSocket implements Closeable {
  private final DatagramSocket socket;
  private final int localPort;
  private volatile long timeout;

  /** On the shard. */
  BlockingUdpSocket(DatagramSocket socket) {
    this.socket = socket;
    this.localPort = socket.socket().localPort();
  }

  /** Waits for a datagram. */
  public Datagram receive() throws IOException {
    Call call = new Call();
    ReceiveOp op = new ReceiveOp(socket, call);
    call.await(op, timeout);
    return op.datagram();
  }

  /**
   * Sends a datagram; waits while the interface has no room.
   *
   * @throws java.net.NoRouteToHostException if there is no route
   * @throws IOException if it is too big, or the address is a broadcast one
   */
  public void send(byte[] data, IpAddress to, int port) throws IOException {
    Objects.requireNonNull(to);
    Call call = new Call();
    call.await(new SendOp(socket, data, 0, data.length, to, port, call), timeout);
  }

  /** Sends a datagram to the peer of a connected socket. */
  public void send(byte[] data) throws IOException {
    Call call = new Call();
    call.await(new SendOp(socket, data, 0, data.length, null, 0, call), timeout);
  }

  /** How long a call may wait; zero for ever, as at first. */
  public void timeout(Duration limit) {
    timeout = Timeout.nanos(limit);
  }

  /**
   * Datagrams that were dropped because {@link io.millrace.futures.StreamConfig#datagrams} waited
   * already.
   */
  public long dropped() {
    return socket.dropped();
  }

  /** Our port. */
  public int localPort() {
    return localPort;
  }

  /** The shard that the socket lives on. */
  public Shard shard() {
    return socket.shard();
  }

  /**
   * Gives the port back, and returns at once. Calls that wait end with {@link
   * java.nio.channels.AsynchronousCloseException}.
   */
  @Override
  public void close() {
    Calls.surely(socket.shard(), socket::close);
  }

  @Override
  public String toString() {
    return socket.toString();
  }
}
