package io.millrace.futures;

import io.millrace.futures.op.Calls;
import io.millrace.futures.op.DatagramSocket;
import io.millrace.futures.op.ReceiveOp;
import io.millrace.futures.op.SendOp;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.net.Shard;
import io.millrace.udp.UdpSocket;
import io.millrace.udp.UdpSocketInfo;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

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

  /**
   * Datagrams that were dropped because as many waited already as may, see {@link #receiveQueue}.
   */
  public long dropped() {
    return socket.dropped();
  }

  // ---- groups and options: as UdpSocket has them, with its exceptions ----

  /** Says what the socket wants to hear of a group on an interface: {@link UdpSocket#listen}. */
  public CompletableFuture<Void> listen(IpAddress group, int on, SourceFilter wanted) {
    return change(each -> each.listen(group, on, wanted));
  }

  /** Joins a group on the interface of its route: everybody is heard. */
  public CompletableFuture<Void> join(IpAddress group) {
    return change(each -> each.join(group));
  }

  /** Joins a group on an interface: everybody is heard. */
  public CompletableFuture<Void> join(IpAddress group, int on) {
    return change(each -> each.join(group, on));
  }

  /** Joins a group for one more source (RFC 4607). */
  public CompletableFuture<Void> join(IpAddress group, int on, IpAddress source) {
    return change(each -> each.join(group, on, source));
  }

  /** Leaves a group on the interface of its route. */
  public CompletableFuture<Void> leave(IpAddress group) {
    return change(each -> each.leave(group));
  }

  /** Leaves a group on an interface. */
  public CompletableFuture<Void> leave(IpAddress group, int on) {
    return change(each -> each.leave(group, on));
  }

  /** Gives up one source of a group; with the last one the group. */
  public CompletableFuture<Void> leave(IpAddress group, int on, IpAddress source) {
    return change(each -> each.leave(group, on, source));
  }

  /** Hears a source of a joined group no more. */
  public CompletableFuture<Void> block(IpAddress group, int on, IpAddress source) {
    return change(each -> each.block(group, on, source));
  }

  /** Takes a {@link #block} back. */
  public CompletableFuture<Void> unblock(IpAddress group, int on, IpAddress source) {
    return change(each -> each.unblock(group, on, source));
  }

  /** Whether the socket may send to broadcast addresses; it may not at first. */
  public CompletableFuture<Void> allowBroadcast(boolean allowed) {
    return change(each -> each.allowBroadcast(allowed));
  }

  /** The hop limit of what is sent to groups, 0 to 255; 1 at first. */
  public CompletableFuture<Void> multicastHopLimit(int hops) {
    return change(each -> each.multicastHopLimit(hops));
  }

  /**
   * The interface that what is sent to groups goes out of: {@link UdpSocket#multicastInterface}.
   */
  public CompletableFuture<Void> multicastInterface(int on) {
    return change(each -> each.multicastInterface(on));
  }

  /**
   * Whether our own sockets hear what this one sends to groups: {@link UdpSocket#multicastLoop}.
   */
  public CompletableFuture<Void> multicastLoop(boolean heard) {
    return change(each -> each.multicastLoop(heard));
  }

  /** What the socket wants to hear of a group on an interface. */
  public CompletableFuture<SourceFilter> filter(IpAddress group, int on) {
    return socket.call(each -> each.filter(group, on));
  }

  /**
   * How many received datagrams may wait for a {@link #receive}, at least 1, in the place of {@link
   * StreamConfig#datagrams}; one more is dropped and counted.
   */
  public CompletableFuture<Void> receiveQueue(int datagrams) {
    return change(each -> socket.limit(datagrams));
  }

  /** What the socket has received, sent and dropped so far. */
  public CompletableFuture<UdpSocketInfo> info() {
    return socket.call(each -> socket.info());
  }

  private CompletableFuture<Void> change(Consumer<UdpSocket> how) {
    return socket.call(
        each -> {
          how.accept(each);
          return null;
        });
  }

  // ---- facts ----

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
