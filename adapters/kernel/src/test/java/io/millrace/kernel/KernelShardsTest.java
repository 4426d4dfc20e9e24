package io.millrace.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.diag.Counter;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.transport.AcceptPolicy;
import io.millrace.transport.ListenConfig;
import io.millrace.transport.Listening;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several shards with threads of their own, which sleep on their selectors. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class KernelShardsTest {
  private static final int SHARDS = 2;
  private static final int CONNECTIONS = 40;

  private final NetStack stack = NetStack.builder().shards(SHARDS).port("kernel:").start();
  private final List<Socket> sockets = new ArrayList<>();

  @AfterEach
  void close() throws IOException {
    for (Socket each : sockets) {
      each.close();
    }
    stack.close();
    for (int i = 0; i < SHARDS; i++) {
      Shard shard = stack.shard(i);
      assertThat(shard.counters().get(Counter.EXCEPTIONS)).isZero();
      assertThat(shard.pool().available()).isEqualTo(shard.pool().frames());
      assertThat(shard.pool().availableLarge()).isEqualTo(shard.pool().largeFrames());
    }
  }

  /** Sends back what comes, with the number of its shard in front. */
  private static final class Echo implements TcpHandler {
    @Override
    public void onConnected(TcpConnection c) {
      c.send(new byte[] {(byte) c.shard().index()}, 0, 1);
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      c.send(data);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket any = new ServerSocket(0)) {
      return any.getLocalPort();
    }
  }

  private Listening listen(AcceptPolicy policy) throws IOException {
    return Tcp.listen(stack, ListenConfig.port(freePort()).withPolicy(policy), c -> new Echo());
  }

  /** Connects from outside; returns the shard that answers. */
  private int connect(Listening listening) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), listening.config().port());
    sockets.add(socket);
    InputStream in = socket.getInputStream();
    int shard = in.read();
    socket.getOutputStream().write(new byte[] {1, 2, 3});
    assertThat(in.readNBytes(3)).containsExactly(1, 2, 3);
    return shard;
  }

  private int[] connectAll(Listening listening) throws IOException {
    int[] perShard = new int[SHARDS];
    for (int i = 0; i < CONNECTIONS; i++) {
      perShard[connect(listening)]++;
    }
    return perShard;
  }

  @Test
  void all_shards_listen_on_one_port() throws IOException {
    Listening listening = listen(AcceptPolicy.RSS);
    int[] perShard = connectAll(listening);
    assertThat(listening.accepted()).isEqualTo(CONNECTIONS);
    for (int i = 0; i < SHARDS; i++) {
      assertThat(listening.accepted(i)).isEqualTo(perShard[i]);
    }
  }

  @Test
  void a_fixed_shard_gets_them_all() throws IOException {
    assertThat(connectAll(listen(AcceptPolicy.fixed(1)))).containsExactly(0, CONNECTIONS);
  }

  @Test
  void the_shard_with_the_fewest_connections_gets_the_next() throws IOException {
    int[] perShard = connectAll(listen(AcceptPolicy.LEAST_CONNECTIONS));
    // Each of the two that decide spreads its own evenly.
    assertThat(perShard[0] - perShard[1]).isBetween(-SHARDS, SHARDS);
  }

  @Test
  void nobody_is_accepted_after_stop_accepting() throws IOException {
    Listening listening = listen(AcceptPolicy.fixed(1));
    connect(listening);
    listening.stopAccepting();
    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> connect(listening)))
        .isInstanceOf(java.net.ConnectException.class);
    assertThat(listening.accepted()).isEqualTo(1);
  }

  @Test
  void a_task_wakes_a_sleeping_shard() throws Exception {
    Shard shard = stack.shard(1);
    awaitSleep(shard);
    CompletableFuture<Thread> ran = new CompletableFuture<>();
    shard.execute(() -> ran.complete(Thread.currentThread()));
    assertThat(ran.get(60, TimeUnit.SECONDS).getName()).contains("millrace-shard-1");
  }

  /** A sleeping shard has said so in its counters, which it wrote before. */
  private static void awaitSleep(Shard shard) {
    while (shard.counters().get(Counter.SLEEPS) == 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void closing_the_stack_ends_what_is_open() throws Exception {
    CompletableFuture<Integer> came = new CompletableFuture<>();
    CompletableFuture<TcpCloseReason> reason = new CompletableFuture<>();
    int port = freePort();
    Tcp.listen(
        stack,
        port,
        c ->
            new TcpHandler() {
              @Override
              public void onData(TcpConnection connection, Buffer data) {
                came.complete(data.length());
              }

              @Override
              public void onClosed(TcpConnection connection, TcpCloseReason why) {
                reason.complete(why);
              }
            });
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    sockets.add(socket);
    socket.getOutputStream().write(1);
    came.get(60, TimeUnit.SECONDS);
    stack.close();
    assertThat(reason.get(60, TimeUnit.SECONDS)).isEqualTo(TcpCloseReason.STACK_CLOSED);
  }
}
