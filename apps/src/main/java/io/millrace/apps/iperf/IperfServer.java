package io.millrace.apps.iperf;

import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;

/** Waits for clients on all shards, and serves one test at a time, as iperf3 does. */
public final class IperfServer {
  private final int port;
  private final TestObserver observer;

  /**
   * The test that is served now, or null. Taken by the shard that a control connection comes to.
   */
  private final AtomicReference<ServerTest> current = new AtomicReference<>();

  private IperfServer(int port, TestObserver observer) {
    this.port = port;
    this.observer = observer;
  }

  /**
   * Listens on all shards, over TCP and UDP. Any thread; returns when it does.
   *
   * @throws IllegalStateException if the port is taken
   */
  public static IperfServer listen(NetStack stack, int port, TestObserver observer) {
    IperfServer server = new IperfServer(port, observer);
    Tcp.listen(stack, port, c -> new Greeting(server, c));
    for (int i = 0; i < stack.shardCount(); i++) {
      Shard shard = stack.shard(i);
      CompletableFuture<Void> bound = new CompletableFuture<>();
      shard.execute(
          () -> {
            try {
              Udp.of(shard).bindShared(IpAddress.ANY_V4, port, server.hello(shard));
              bound.complete(null);
            } catch (IllegalStateException e) {
              bound.completeExceptionally(e);
            }
          });
      try {
        bound.join();
      } catch (CompletionException e) {
        throw new IllegalStateException(e.getCause().getMessage(), e);
      }
    }
    return server;
  }

  /** A connection has brought a cookie. On its shard. */
  void greeted(TcpConnection connection, byte[] cookie) {
    Shard shard = connection.shard();
    ServerTest test = current.get();
    if (test != null && test.hasCookie(cookie)) {
      test.home.execute(() -> join(test, connection));
      return;
    }
    ServerTest another = new ServerTest(this, shard, cookie, observer);
    if (current.compareAndSet(null, another)) {
      another.begin(connection);
    } else {
      connection.send(new byte[] {Control.ACCESS_DENIED}, 0, 1);
      connection.close();
    }
  }

  private static void join(ServerTest test, TcpConnection connection) {
    int index = test.takePlace(false);
    connection
        .shard()
        .execute(
            () -> {
              if (index < 0) {
                connection.abort();
                return;
              }
              TcpStream stream = new TcpStream(connection, test.plan(), test.sends(index));
              test.home.execute(() -> test.joined(index, stream));
            });
  }

  /** What deals with datagrams of those who have no stream. */
  private UdpHandler hello(Shard shard) {
    return (socket, data, hi, lo, remotePort) -> hello(shard, data, hi, lo, remotePort);
  }

  private void hello(Shard shard, Frame data, long hi, long lo, int remotePort) {
    ServerTest test = current.get();
    if (test == null || data.length() != 4 || remotePort == 0) {
      return;
    }
    IpAddress local = new IpAddress(data.destinationHi(), data.destinationLo());
    IpAddress remote = new IpAddress(hi, lo);
    test.home.execute(
        () -> {
          // Streams have no cookie here: the address has to do.
          if (test.control().remoteAddress().equals(remote)) {
            int index = test.takePlace(true);
            if (index >= 0) {
              shard.execute(() -> welcome(test, index, shard, local, remote, remotePort));
            }
          }
        });
  }

  private void welcome(
      ServerTest test, int index, Shard shard, IpAddress local, IpAddress remote, int remotePort) {
    UdpStream stream = new UdpStream(shard, test.plan(), test.sends(index));
    UdpSocket socket = Udp.of(shard).bindShared(local, port, stream);
    stream.socket(socket);
    socket.connect(remote, remotePort);
    stream.connected();
    UdpStream.sendNumber(socket, Control.UDP_WELCOME);
    test.home.execute(() -> test.joined(index, stream));
  }

  void over(ServerTest test) {
    current.compareAndSet(test, null);
  }
}
