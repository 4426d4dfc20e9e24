package io.millrace.futures;

import io.millrace.futures.op.Calls;
import io.millrace.futures.op.DatagramSocket;
import io.millrace.futures.op.ReceiveOp;
import io.millrace.futures.op.SendOp;
import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * A UDP socket with futures, for any thread. What {@link FutureConnection} says about order, giving
 * up and where dependents run holds here, too.
 */
public final class FutureUdpSocket implements AutoCloseable {
  private final DatagramSocket socket;
  private final int localPort;

  /** On the shard. */
  FutureUdpSocket(DatagramSocket socket) {
    this.socket = socket;
    this.localPort = socket.socket().localPort();
  }

  /** The next datagram. One that was given up takes none away. */
  public CompletableFuture<Datagram> receive() {
    return StreamFuture.of(waiter -> new ReceiveOp(socket, waiter), ReceiveOp::datagram);
  }

  /**
   * Sends a datagram; the array must not change before the future is complete.
   *
   * @return completes when it is on its way; waits while the interface has no room. Fails with
   *     {@link java.net.NoRouteToHostException}, or {@link java.io.IOException} if it is too big
   */
  public CompletableFuture<Void> send(byte[] data, IpAddress to, int port) {
    Objects.requireNonNull(to);
    return StreamFuture.of(
        waiter -> new SendOp(socket, data, 0, data.length, to, port, waiter), op -> null);
  }

  /** Sends a datagram to the peer of a connected socket. */
  public CompletableFuture<Void> send(byte[] data) {
    return StreamFuture.of(
        waiter -> new SendOp(socket, data, 0, data.length, null, 0, waiter), op -> null);
  }

  /** Datagrams that were dropped because {@link StreamConfig#datagrams} waited already. */
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

  /** Gives the port back. What waits fails. */
  @Override
  public void close() {
    Calls.surely(socket.shard(), socket::close);
  }

  @Override
  public String toString() {
    return socket.toString();
  }
}
