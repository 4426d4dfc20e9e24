package io.millrace.blocking;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.futures.ConnectionLostException;
import io.millrace.tcp.TcpCloseReason;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What blocking calls mean, the same on every kind of thread. */
class TcpContractTest {
  private static final int PORT = 7;
  private static final Duration SHORT = Duration.ofMillis(30);

  /** A connection, both ends. */
  private record Ends(BlockingConnection left, BlockingConnection right) {
    void close() {
      left.close();
      right.close();
    }
  }

  private static Ends connect(Pair pair) {
    BlockingListener listener = BlockingTcp.listen(pair.right, PORT);
    Pair.Running<BlockingConnection> accepted = pair.onRight(listener::accept);
    Pair.Running<BlockingConnection> connected =
        pair.onLeft(() -> BlockingTcp.connect(pair.left, Pair.RIGHT, PORT));
    Ends ends = new Ends(connected.value(), accepted.value());
    listener.close();
    return ends;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static String readText(BlockingConnection c, int length) throws IOException {
    byte[] text = new byte[length];
    c.readFully(text);
    return new String(text, UTF_8);
  }

  /** Bytes that tell where they belong. */
  private static byte[] pattern(int length) {
    byte[] data = new byte[length];
    for (int i = 0; i < length; i++) {
      data[i] = (byte) (i * 31 + (i >> 8) * 7 + (i >> 16));
    }
    return data;
  }

  @ParameterizedTest
  @EnumSource
  void runs_on_the_thread_that_it_says(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      assertThat(BlockingThreads.kind(pair.left.shard(0))).isEqualTo(BlockingThreads.Kind.SHARD);
      assertThat(pair.onLeft(() -> pair.left.shard(0).isOwner()).value())
          .isEqualTo(kind == ThreadKind.SHARD);
    }
  }

  // ---- data ----

  @ParameterizedTest
  @EnumSource
  void what_is_written_is_read(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      pair.onLeft(
              () -> {
                ends.left.write(bytes("hello "));
                ends.left.write(ByteBuffer.wrap(bytes("world")));
                ends.left.write(ByteBuffer.allocateDirect(3).put(bytes("!!!")).flip());
                return null;
              })
          .value();
      assertThat(pair.onRight(() -> readText(ends.right, 14)).value()).isEqualTo("hello world!!!");
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_read_returns_what_there_is_and_leaves_the_rest(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      pair.onLeft(
              () -> {
                ends.left.write(bytes("abcdef"));
                ends.left.flush(); // it has arrived
                return null;
              })
          .value();
      String read =
          pair.onRight(
                  () -> {
                    byte[] to = new byte[10];
                    int first = ends.right.read(to, 2, 4);
                    ByteBuffer direct = ByteBuffer.allocateDirect(10);
                    int second = ends.right.read(direct);
                    byte[] rest = new byte[second];
                    direct.flip().get(rest);
                    return new String(to, 2, first, UTF_8) + "|" + new String(rest, UTF_8);
                  })
              .value();
      assertThat(read).isEqualTo("abcd|ef");
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_large_transfer_arrives_whole_both_ways_at_once(ThreadKind kind) {
    byte[] data = pattern(3_000_000);
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      Pair.Running<Boolean> leftReads = pair.onLeft(() -> reads(ends.left, data));
      Pair.Running<Boolean> rightReads = pair.onRight(() -> reads(ends.right, data));
      Pair.Running<Void> leftWrites = pair.onLeft(() -> writes(ends.left, data));
      Pair.Running<Void> rightWrites = pair.onRight(() -> writes(ends.right, data));
      leftWrites.value();
      rightWrites.value();
      assertThat(leftReads.value()).isTrue();
      assertThat(rightReads.value()).isTrue();
      ends.close();
      pair.assertNothingLeft();
    }
  }

  private static Void writes(BlockingConnection c, byte[] data) throws IOException {
    int half = data.length / 2;
    c.write(data, 0, half);
    c.write(
        ByteBuffer.allocateDirect(data.length - half).put(data, half, data.length - half).flip());
    return null;
  }

  private static boolean reads(BlockingConnection c, byte[] data) throws IOException {
    byte[] got = new byte[data.length];
    c.readFully(got);
    return Arrays.equals(got, data);
  }

  @ParameterizedTest
  @EnumSource
  void streams_are_views_of_the_connection(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      pair.onLeft(
              () -> {
                try (var out = ends.left.outputStream()) {
                  out.write('a');
                  out.write(bytes("bc"));
                }
                return null;
              })
          .value();
      assertThat(
              pair.onRight(
                      () -> {
                        try (var in = ends.right.inputStream()) {
                          return (char) in.read() + new String(in.readAllBytes(), UTF_8);
                        }
                      })
                  .value())
          .isEqualTo("abc");
      pair.assertNothingLeft();
    }
  }

  // ---- the end of data ----

  @ParameterizedTest
  @EnumSource
  void a_side_that_has_shut_its_output_still_reads(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      pair.onLeft(
              () -> {
                ends.left.write(bytes("question"));
                ends.left.shutdownOutput();
                return null;
              })
          .value();
      String question =
          pair.onRight(
                  () -> {
                    String text = readText(ends.right, 8);
                    assertThat(ends.right.read(new byte[1])).isEqualTo(-1);
                    assertThat(ends.right.read(new byte[1])).isEqualTo(-1);
                    ends.right.write(bytes("answer"));
                    ends.right.close();
                    return text;
                  })
              .value();
      assertThat(question).isEqualTo("question");
      assertThat(
              pair.onLeft(
                      () -> {
                        assertThatThrownBy(() -> ends.left.write(bytes("more")))
                            .isInstanceOf(SocketException.class)
                            .hasMessageContaining("shut its output");
                        String text = readText(ends.left, 6);
                        assertThat(ends.left.read(new byte[1])).isEqualTo(-1);
                        return text;
                      })
                  .value())
          .isEqualTo("answer");
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void reading_more_than_the_peer_has_sent_is_an_error(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      pair.onLeft(
              () -> {
                ends.left.write(bytes("short"));
                ends.left.close();
                return null;
              })
          .value();
      assertThat(pair.onRight(() -> readText(ends.right, 6)).failure())
          .isInstanceOf(EOFException.class)
          .hasMessageContaining("after 5 of 6 bytes");
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void data_before_a_reset_is_read_before_the_reset_is_told(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      pair.onLeft(
              () -> {
                ends.left.write(bytes("last words"));
                ends.left.flush();
                ends.left.abort();
                return null;
              })
          .value();
      Pair.Running<Void> reader =
          pair.onRight(
              () -> {
                assertThat(readText(ends.right, 10)).isEqualTo("last words");
                ends.right.read(new byte[1]);
                return null;
              });
      assertThat(reader.failure())
          .isInstanceOfSatisfying(
              ConnectionLostException.class,
              e -> assertThat(e.reason()).isEqualTo(TcpCloseReason.RESET));
      assertThat(
              pair.onRight(
                      () -> {
                        ends.right.write(new byte[1]);
                        return null;
                      })
                  .failure())
          .isInstanceOf(ConnectionLostException.class);
      ends.close();
      pair.assertNothingLeft();
    }
  }

  // ---- connecting ----

  @ParameterizedTest
  @EnumSource
  void a_port_that_nobody_listens_on_refuses(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      assertThat(pair.onLeft(() -> BlockingTcp.connect(pair.left, Pair.RIGHT, 9)).failure())
          .isInstanceOf(ConnectException.class)
          .hasMessage("10.0.0.2:9: refused: nobody listens there");
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_host_that_does_not_answer_in_time_is_given_up(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      assertThat(pair.onLeft(() -> BlockingTcp.connect(pair.left, "10.0.0.99", 9, SHORT)).failure())
          .isInstanceOf(SocketTimeoutException.class)
          .hasMessage("10.0.0.99:9: timed out");
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_host_without_a_route_cannot_be_connected_to(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      assertThat(pair.onLeft(() -> BlockingTcp.connect(pair.left, "192.0.2.1", 9)).failure())
          .isInstanceOf(ConnectException.class)
          .hasMessageContaining("no route to 192.0.2.1");
      assertThat(pair.onLeft(() -> BlockingTcp.connect(pair.left, "10.0.0.300", 9)).failure())
          .isInstanceOf(UnknownHostException.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void an_interrupted_connect_is_given_up(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Pair.Running<BlockingConnection> connecting =
          pair.onLeft(() -> BlockingTcp.connect(pair.left, "10.0.0.99", 9)).waiting();
      connecting.thread.interrupt();
      assertThat(connecting.failure()).isInstanceOf(InterruptedIOException.class);
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_port_is_listened_on_once(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingListener first = pair.onLeft(() -> BlockingTcp.listen(pair.left, PORT)).value();
      assertThat(pair.onLeft(() -> BlockingTcp.listen(pair.left, PORT)).failure())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("7");
      first.close();
    }
  }

  // ---- timeouts ----

  @ParameterizedTest
  @EnumSource
  void a_read_that_timed_out_has_taken_nothing_away(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      ends.right.readTimeout(SHORT);
      for (int i = 0; i < 3; i++) {
        assertThat(pair.onRight(() -> ends.right.read(new byte[9])).failure())
            .isInstanceOf(SocketTimeoutException.class);
      }
      ends.right.readTimeout(Duration.ZERO);
      pair.onLeft(() -> writes(ends.left, bytes("late"))).value();
      assertThat(pair.onRight(() -> readText(ends.right, 4)).value()).isEqualTo("late");
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_read_of_a_fixed_length_that_timed_out_says_how_much_it_has(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      pair.onLeft(() -> writes(ends.left, bytes("half"))).value();
      String read =
          pair.onRight(
                  () -> {
                    byte[] to = new byte[8];
                    ends.right.readTimeout(SHORT);
                    int got = 0;
                    try {
                      ends.right.readFully(to);
                    } catch (SocketTimeoutException e) {
                      got = e.bytesTransferred;
                    }
                    return new String(to, 0, got, UTF_8);
                  })
              .value();
      assertThat("half").startsWith(read); // all of it, unless it was slower than the timeout
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_write_that_timed_out_says_how_much_is_sent(ThreadKind kind) {
    byte[] data = pattern(4_000_000); // far more than all buffers on the way hold
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      ends.left.writeTimeout(SHORT);
      Pair.Running<Void> writing =
          pair.onLeft(
              () -> {
                ends.left.write(data);
                return null;
              });
      SocketTimeoutException failure = (SocketTimeoutException) writing.failure();
      int sent = failure.bytesTransferred;
      assertThat(sent).isPositive().isLessThan(data.length);
      ends.left.close();
      byte[] arrived = pair.onRight(() -> ends.right.inputStream().readAllBytes()).value();
      assertThat(arrived).isEqualTo(Arrays.copyOf(data, sent));
      ends.close();
      pair.assertNothingLeft();
    }
  }

  // ---- interruption ----

  @ParameterizedTest
  @EnumSource
  void an_interrupted_read_throws_and_the_connection_lives_on(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      CountDownLatch noticed = new CountDownLatch(1);
      Pair.Running<String> reader =
          pair.onRight(
              () -> {
                assertThatThrownBy(() -> ends.right.read(new byte[1]))
                    .isExactlyInstanceOf(InterruptedIOException.class)
                    .hasMessageContaining("interrupted");
                assertThat(Thread.currentThread().isInterrupted()).isTrue();
                assertThatThrownBy(() -> ends.right.read(new byte[1]))
                    .as("as long as the status is set")
                    .isExactlyInstanceOf(InterruptedIOException.class);
                assertThat(Thread.interrupted()).isTrue();
                noticed.countDown();
                return readText(ends.right, 5);
              });
      reader.waiting();
      reader.thread.interrupt();
      Await.until("it has noticed", () -> noticed.getCount() == 0 || reader.result.isDone());
      pair.onLeft(() -> writes(ends.left, bytes("after"))).value();
      assertThat(reader.value()).isEqualTo("after");
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void an_interrupted_write_says_how_much_is_sent(ThreadKind kind) {
    byte[] data = pattern(4_000_000);
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      Pair.Running<Void> writing =
          pair.onLeft(
              () -> {
                ends.left.write(data);
                return null;
              });
      byte[] first = new byte[1_000];
      pair.onRight(() -> readText(ends.right, first.length)).value(); // the write has begun
      writing.waiting();
      writing.thread.interrupt();
      int sent = ((InterruptedIOException) writing.failure()).bytesTransferred;
      assertThat(sent).isBetween(first.length, data.length - 1);
      ends.left.close();
      byte[] rest = pair.onRight(() -> ends.right.inputStream().readAllBytes()).value();
      assertThat(rest).isEqualTo(Arrays.copyOfRange(data, first.length, sent));
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void an_interrupted_accept_takes_no_connection_away(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingListener listener = BlockingTcp.listen(pair.right, PORT);
      Pair.Running<BlockingConnection> first = pair.onRight(listener::accept).waiting();
      first.thread.interrupt();
      assertThat(first.failure()).isInstanceOf(InterruptedIOException.class);
      assertThat(pair.onRight(() -> listener.accept(SHORT)).failure())
          .isInstanceOf(SocketTimeoutException.class);
      BlockingConnection client =
          pair.onLeft(() -> BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)).value();
      BlockingConnection accepted = pair.onRight(listener::accept).value();
      assertThat(accepted.remotePort()).isEqualTo(client.localPort());
      client.close();
      accepted.close();
      listener.close();
      pair.assertNothingLeft();
    }
  }

  // ---- closing ----

  @ParameterizedTest
  @EnumSource
  void closing_wakes_a_read(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      Pair.Running<Integer> reader = pair.onRight(() -> ends.right.read(new byte[1])).waiting();
      ends.right.close();
      assertThat(reader.failure()).isInstanceOf(AsynchronousCloseException.class);
      assertThat(pair.onRight(() -> ends.right.read(new byte[1])).failure())
          .isExactlyInstanceOf(ClosedChannelException.class);
      assertThat(pair.onRight(() -> writes(ends.right, new byte[2])).failure())
          .isExactlyInstanceOf(ClosedChannelException.class);
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void closing_wakes_a_write(ThreadKind kind) {
    byte[] data = pattern(4_000_000);
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      CountDownLatch begun = new CountDownLatch(1);
      Pair.Running<Void> writing =
          pair.onLeft(
              () -> {
                begun.countDown();
                return writes(ends.left, data);
              });
      Await.until("it has begun", () -> begun.getCount() == 0);
      writing.waiting();
      ends.left.close();
      assertThat(writing.failure()).isInstanceOf(AsynchronousCloseException.class);
      ends.right.abort();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void an_interrupted_thread_may_close(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      pair.onLeft(
              () -> {
                Thread.currentThread().interrupt();
                ends.left.close();
                ends.left.close();
                return null;
              })
          .value();
      assertThat(pair.onRight(() -> ends.right.read(new byte[1])).value()).isEqualTo(-1);
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void closing_a_listener_wakes_an_accept_and_resets_who_was_not_accepted(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingListener listener = BlockingTcp.listen(pair.right, PORT);
      BlockingConnection first =
          pair.onLeft(() -> BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)).value();
      BlockingConnection accepted = pair.onRight(listener::accept).value();
      Pair.Running<BlockingConnection> waiting = pair.onRight(listener::accept).waiting();
      listener.close();
      assertThat(waiting.failure()).isInstanceOf(AsynchronousCloseException.class);
      assertThat(pair.onRight(listener::accept).failure())
          .isInstanceOf(ClosedChannelException.class);
      assertThat(pair.onLeft(() -> BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)).failure())
          .isInstanceOf(ConnectException.class);
      pair.onRight(() -> writes(accepted, bytes("on"))).value(); // the accepted one lives on
      assertThat(pair.onLeft(() -> readText(first, 2)).value()).isEqualTo("on");
      first.close();
      accepted.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_connection_that_nobody_accepts_is_reset_with_the_listener(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingListener listener = BlockingTcp.listen(pair.right, PORT);
      BlockingConnection client =
          pair.onLeft(() -> BlockingTcp.connect(pair.left, Pair.RIGHT, PORT)).value();
      pair.onLeft(
              () -> {
                client.write(bytes("anybody?"));
                client.flush();
                return null;
              })
          .value();
      listener.close();
      assertThat(pair.onLeft(() -> client.read(new byte[1])).failure())
          .isInstanceOf(ConnectionLostException.class);
      client.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void closing_the_stack_wakes_everybody(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingListener listener = BlockingTcp.listen(pair.right, 8);
      Ends ends = connect(pair);
      Pair.Running<Integer> reader = pair.onRight(() -> ends.right.read(new byte[1])).waiting();
      Pair.Running<BlockingConnection> acceptor = pair.onRight(listener::accept).waiting();
      pair.right.close();
      assertThat(reader.failure())
          .isInstanceOfSatisfying(
              ConnectionLostException.class,
              e -> assertThat(e.reason()).isEqualTo(TcpCloseReason.STACK_CLOSED));
      assertThat(acceptor.failure()).isInstanceOf(AsynchronousCloseException.class);
      assertThatThrownBy(() -> ends.right.read(new byte[1]))
          .isInstanceOf(ConnectionLostException.class);
      assertThatThrownBy(() -> BlockingTcp.connect(pair.right, Pair.LEFT, 1))
          .isInstanceOf(ConnectException.class);
      ends.right.close();
    }
  }

  // ---- rules of threads ----

  @ParameterizedTest
  @EnumSource
  void two_threads_that_read_share_the_bytes(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      Pair.Running<String> one = pair.onRight(() -> readText(ends.right, 3)).waiting();
      Pair.Running<String> two = pair.onRight(() -> readText(ends.right, 3)).waiting();
      pair.onLeft(() -> writes(ends.left, bytes("aaabbb"))).value();
      assertThat(one.value() + two.value()).isEqualTo("aaabbb");
      ends.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void the_shards_own_thread_must_not_block(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      Ends ends = connect(pair);
      String refusal =
          Await.ask(
              pair.right.shard(0),
              () -> {
                try {
                  ends.right.read(new byte[1]);
                  return "it read";
                } catch (IllegalStateException | IOException e) {
                  return e.getMessage();
                }
              });
      assertThat(refusal).contains("would wait for ever");
      ends.close();
      pair.assertNothingLeft();
    }
  }
}
