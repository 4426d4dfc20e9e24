package io.millrace.blocking;

import io.millrace.futures.Datagram;
import io.millrace.futures.op.Calls;
import io.millrace.futures.op.DatagramSocket;
import io.millrace.futures.op.ReceiveOp;
import io.millrace.futures.op.SendOp;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.net.Shard;
import io.millrace.udp.UdpSocket;
import io.millrace.udp.UdpSocketInfo;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;

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
   * Datagrams that were dropped because as many waited already as may, see {@link #receiveQueue}.
   */
  public long dropped() {
    return socket.dropped();
  }

  // ---- groups and options: as UdpSocket has them, with its exceptions ----

  /** Says what the socket wants to hear of a group on an interface: {@link UdpSocket#listen}. */
  public void listen(IpAddress group, int on, SourceFilter wanted) throws IOException {
    change(each -> each.listen(group, on, wanted));
  }

  /** Joins a group on the interface of its route: everybody is heard. */
  public void join(IpAddress group) throws IOException {
    change(each -> each.join(group));
  }

  /** Joins a group on an interface: everybody is heard. */
  public void join(IpAddress group, int on) throws IOException {
    change(each -> each.join(group, on));
  }

  /** Joins a group for one more source (RFC 4607). */
  public void join(IpAddress group, int on, IpAddress source) throws IOException {
    change(each -> each.join(group, on, source));
  }

  /** Leaves a group on the interface of its route. */
  public void leave(IpAddress group) throws IOException {
    change(each -> each.leave(group));
  }

  /** Leaves a group on an interface. */
  public void leave(IpAddress group, int on) throws IOException {
    change(each -> each.leave(group, on));
  }

  /** Gives up one source of a group; with the last one the group. */
  public void leave(IpAddress group, int on, IpAddress source) throws IOException {
    change(each -> each.leave(group, on, source));
  }

  /** Hears a source of a joined group no more. */
  public void block(IpAddress group, int on, IpAddress source) throws IOException {
    change(each -> each.block(group, on, source));
  }

  /** Takes a {@link #block} back. */
  public void unblock(IpAddress group, int on, IpAddress source) throws IOException {
    change(each -> each.unblock(group, on, source));
  }

  /** Whether the socket may send to broadcast addresses; it may not at first. */
  public void allowBroadcast(boolean allowed) throws IOException {
    change(each -> each.allowBroadcast(allowed));
  }

  /** The hop limit of what is sent to groups, 0 to 255; 1 at first. */
  public void multicastHopLimit(int hops) throws IOException {
    change(each -> each.multicastHopLimit(hops));
  }

  /**
   * The interface that what is sent to groups goes out of: {@link UdpSocket#multicastInterface}.
   */
  public void multicastInterface(int on) throws IOException {
    change(each -> each.multicastInterface(on));
  }

  /**
   * Whether our own sockets hear what this one sends to groups: {@link UdpSocket#multicastLoop}.
   */
  public void multicastLoop(boolean heard) throws IOException {
    change(each -> each.multicastLoop(heard));
  }

  /** What the socket wants to hear of a group on an interface. */
  public SourceFilter filter(IpAddress group, int on) throws IOException {
    return ask(each -> each.filter(group, on));
  }

  /**
   * How many received datagrams may wait for a {@link #receive}, at least 1, in the place of {@link
   * io.millrace.futures.StreamConfig#datagrams}; one more is dropped and counted.
   */
  public void receiveQueue(int datagrams) throws IOException {
    change(each -> socket.limit(datagrams));
  }

  /** What the socket has received, sent and dropped so far. */
  public UdpSocketInfo info() throws IOException {
    return ask(each -> socket.info());
  }

  private void change(Consumer<UdpSocket> how) throws IOException {
    ask(
        each -> {
          how.accept(each);
          return true;
        });
  }

  private <T> T ask(Function<UdpSocket, T> what) throws IOException {
    Call.checkMayWait(socket.shard());
    try {
      return socket.call(what).join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case IOException cause -> throw cause;
        default -> throw e;
      }
    }
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
