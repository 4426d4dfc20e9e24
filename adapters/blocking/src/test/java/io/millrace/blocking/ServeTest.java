package io.millrace.blocking;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counter;
import io.millrace.futures.ConnectionLostException;
import io.millrace.net.Shard;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Servers whose connections have threads of their own, and what only a shard's threads can do. */
class ServeTest {
  private static final int PORT = 7;

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static void echo(BlockingConnection c) throws IOException {
    byte[] data = new byte[4_096];
    int n;
    while ((n = c.read(data)) >= 0) {
      c.write(data, 0, n);
    }
  }

  private static String ask(Pair pair, String question) {
    return pair.onLeft(
            () -> {
              try (BlockingConnection c = BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)) {
                c.write(bytes(question));
                byte[] answer = new byte[question.length()];
                c.readFully(answer);
                return new String(answer, UTF_8);
              }
            })
        .value();
  }

  @Test
  void a_service_runs_on_the_connections_shard() {
    try (Pair pair = new Pair(ThreadKind.SHARD)) {
      AtomicBoolean onShard = new AtomicBoolean();
      BlockingServer server =
          BlockingTcp.serve(
              pair.right,
              PORT,
              c -> {
                onShard.set(c.shard().isOwner() && Thread.currentThread().isVirtual());
                echo(c);
              });
      assertThat(ask(pair, "hello")).isEqualTo("hello");
      assertThat(onShard).isTrue();
      server.close();
      pair.assertNothingLeft();
    }
  }

  @Test
  void received_bytes_are_lent_and_sent_on_without_a_copy() {
    try (Pair pair = new Pair(ThreadKind.SHARD)) {
      BlockingServer server =
          BlockingTcp.serve(
              pair.right,
              PORT,
              c -> {
                Buffer data;
                while ((data = c.receive()) != null) {
                  c.write(data);
                }
              });
      assertThat(ask(pair, "x".repeat(100_000))).isEqualTo("x".repeat(100_000));
      server.close();
      pair.assertNothingLeft();
    }
  }

  @Test
  void lending_is_for_threads_on_the_shard_only() throws IOException {
    try (Pair pair = new Pair(ThreadKind.PLATFORM);
        Arena arena = Arena.ofShared()) {
      BlockingServer server = BlockingTcp.serve(pair.right, PORT, ServeTest::echo);
      try (BlockingConnection c = BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)) {
        assertThatThrownBy(c::receive).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> c.write(WrappedBuffer.of(arena.allocate(8))))
            .isInstanceOf(IllegalStateException.class);
      }
      server.close();
      pair.assertNothingLeft();
    }
  }

  @Test
  void a_service_that_throws_resets_its_connection_and_is_reported() {
    try (Pair pair = new Pair(ThreadKind.ORDINARY)) {
      BlockingServer server =
          BlockingTcp.serve(
              pair.right,
              PORT,
              c -> {
                throw new IllegalStateException("this is a test");
              });
      Pair.Running<Integer> client =
          pair.onLeft(
              () -> {
                try (BlockingConnection c = BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)) {
                  return c.read(new byte[1]);
                }
              });
      assertThat(client.failure()).isInstanceOf(ConnectionLostException.class);
      Shard shard = pair.right.shard(0);
      Await.until("it is counted", () -> shard.counters().get(Counter.EXCEPTIONS) == 1);
      server.close();
    }
  }

  @Test
  void a_server_that_is_closed_serves_those_it_has() {
    try (Pair pair = new Pair(ThreadKind.ORDINARY)) {
      BlockingServer server = BlockingTcp.serve(pair.right, PORT, ServeTest::echo);
      BlockingConnection c =
          pair.onLeft(() -> BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)).value();
      byte[] data = bytes("hello");
      pair.onLeft(() -> echoed(c, data)).value();
      server.close();
      assertThat(pair.onLeft(() -> BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)).failure())
          .isInstanceOf(java.net.ConnectException.class);
      assertThat(pair.onLeft(() -> echoed(c, data)).value()).isEqualTo("hello");
      c.close();
      pair.assertNothingLeft();
    }
  }

  private static String echoed(BlockingConnection c, byte[] data) throws IOException {
    c.write(data);
    byte[] answer = new byte[data.length];
    c.readFully(answer);
    return new String(answer, UTF_8);
  }

  @Test
  void threads_of_a_shard_that_block_each_other_do_not_block_the_shard() {
    try (Pair pair = new Pair(ThreadKind.SHARD)) {
      Object monitor = new Object();
      CountDownLatch gate = new CountDownLatch(1);
      AtomicInteger inside = new AtomicInteger();
      BlockingServer server =
          BlockingTcp.serve(
              pair.right,
              PORT,
              c -> {
                byte[] one = new byte[1];
                c.readFully(one);
                synchronized (monitor) { // does not pin its carrier since JDK 24
                  inside.incrementAndGet();
                  if (one[0] == 'w') {
                    await(gate);
                  }
                  c.write(one);
                }
              });
      Pair.Running<String> first = pair.onLeft(() -> request(pair, "w"));
      Await.until("the first is inside", () -> inside.get() == 1);
      Pair.Running<String> second = pair.onLeft(() -> request(pair, "x"));
      assertThat(Await.ask(pair.right.shard(0), () -> "alive")).isEqualTo("alive");
      assertThat(second.result).isNotDone();
      gate.countDown();
      assertThat(first.value() + second.value()).isEqualTo("wx");
      server.close();
      pair.assertNothingLeft();
    }
  }

  private static String request(Pair pair, String text) throws IOException {
    try (BlockingConnection c = BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)) {
      return echoed(c, bytes(text));
    }
  }

  private static void await(CountDownLatch gate) {
    try {
      gate.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void a_long_computation_lets_packets_be_served_when_it_yields() {
    try (Pair pair = new Pair(ThreadKind.SHARD)) {
      AtomicBoolean stop = new AtomicBoolean();
      BlockingServer server = BlockingTcp.serve(pair.right, PORT, ServeTest::echo);
      Pair.Running<Integer> computing =
          pair.onRight(
              () -> {
                int yields = 0;
                while (!stop.get()) {
                  yields += BlockingThreads.maybeYield() ? 1 : 0;
                }
                return yields;
              });
      assertThat(ask(pair, "hello")).isEqualTo("hello");
      stop.set(true);
      assertThat(computing.value()).isPositive();
      assertThat(BlockingThreads.maybeYield()).as("elsewhere").isFalse();
      server.close();
      pair.assertNothingLeft();
    }
  }

  @Test
  void a_thread_on_the_shard_may_close_its_own_stack_and_ends() {
    try (Pair pair = new Pair(ThreadKind.SHARD)) {
      CompletableFuture<Throwable> other = new CompletableFuture<>();
      CountDownLatch served = new CountDownLatch(1);
      BlockingServer server =
          BlockingTcp.serve(
              pair.right,
              PORT,
              c -> {
                served.countDown();
                try {
                  c.read(new byte[1]);
                } catch (IOException e) {
                  other.complete(e);
                  throw e;
                }
              });
      BlockingConnection c =
          pair.onLeft(() -> BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)).value();
      await(served); // to us it is made before the server has our last acknowledgement
      Pair.Running<String> closing =
          pair.onRight(
              () -> {
                pair.right.close();
                return "closed";
              });
      assertThat(closing.value()).isEqualTo("closed");
      assertThat(Await.value(other)).isInstanceOf(ConnectionLostException.class);
      Await.until("its thread has ended", () -> !closing.thread.isAlive());
      c.close();
      server.close();
    }
  }

  @Test
  void a_thread_that_sleeps_comes_back_to_its_shard_from_outside() {
    try (Pair pair = new Pair(ThreadKind.SHARD)) {
      assertThat(
              pair.onRight(
                      () -> {
                        Thread.sleep(5);
                        return pair.right.shard(0).isOwner();
                      })
                  .value())
          .isTrue();
      pair.assertNothingLeft();
    }
  }

  @Test
  void an_accept_of_one_shards_thread_is_woken_by_a_thread_elsewhere() {
    try (Pair pair = new Pair(ThreadKind.SHARD)) {
      BlockingListener listener = BlockingTcp.listen(pair.right, PORT);
      Pair.Running<BlockingConnection> accept = pair.onLeft(listener::accept).waiting();
      listener.close();
      assertThat(accept.failure()).isInstanceOf(AsynchronousCloseException.class);
    }
  }
}
