package io.millrace.futures;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IpAddress;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConfig;
import io.millrace.testkit.LinkConfig;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** Connections with futures, on a virtual clock. */
class FutureTcpTest {
  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }

  private static byte[] pattern(int length) {
    byte[] data = new byte[length];
    for (int i = 0; i < length; i++) {
      data[i] = (byte) (i * 31 + (i >> 8));
    }
    return data;
  }

  // ---- data ----

  @Test
  void what_is_written_is_read() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      CompletableFuture<byte[]> read = ends.server().read(100);
      net.value(ends.client().write(bytes("hello")));
      assertThat(text(net.value(read))).isEqualTo("hello");
      ends.client().close();
      assertThat(net.value(ends.server().read(100))).as("the end of the data").isEmpty();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void reads_are_served_in_the_order_in_which_they_were_called() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      CompletableFuture<byte[]> first = ends.server().readFully(3);
      CompletableFuture<byte[]> second = ends.server().readUntil((byte) '\n', 10);
      ByteBuffer buffer = ByteBuffer.allocateDirect(2);
      CompletableFuture<Integer> third = ends.server().read(buffer);
      CompletableFuture<byte[]> fourth = ends.server().read(10);
      ends.client().write(bytes("ab"));
      net.value(ends.client().flush());
      assertThat(first).isNotDone();
      ends.client().write(bytes("cli"));
      ends.client().write(ByteBuffer.wrap(bytes("ne\nxyz")));
      assertThat(text(net.value(first))).isEqualTo("abc");
      assertThat(text(net.value(second))).isEqualTo("line\n");
      assertThat(net.value(third)).isEqualTo(2);
      assertThat(buffer.flip()).isEqualTo(ByteBuffer.wrap(bytes("xy")));
      assertThat(text(net.value(fourth))).isEqualTo("z");
      ends.client().close();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void a_large_transfer_arrives_whole_over_a_lossy_link() {
    byte[] data = pattern(700_000);
    LinkConfig bad = LinkConfig.perfect().withLoss(0.02).withDelay(Duration.ofMillis(3));
    try (Net net = new Net(7, bad, StreamConfig.defaults(), TcpConfig.defaults())) {
      Net.Ends ends = net.connect();
      CompletableFuture<byte[]> read = ends.server().readFully(data.length);
      CompletableFuture<Void> written = ends.client().write(data);
      assertThat(net.value(read)).isEqualTo(data);
      net.value(written);
      ends.client().close();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void a_chain_of_futures_is_a_program() {
    try (Net net = new Net()) {
      net.value(FutureTcp.listen(net.server, Net.PORT, c -> echo(c)));
      CompletableFuture<String> echoed =
          FutureTcp.connect(net.client, "10.0.0.2", Net.PORT)
              .thenCompose(
                  c ->
                      c.write(bytes("hello"))
                          .thenCompose(done -> c.readFully(5))
                          .whenComplete((echo, failure) -> c.close()))
              .thenApply(FutureTcpTest::text);
      assertThat(net.value(echoed)).isEqualTo("hello");
      net.assertNothingLeft();
    }
  }

  private static void echo(FutureConnection c) {
    c.read(4_096)
        .thenAccept(
            data -> {
              if (data.length == 0) {
                c.close();
              } else {
                c.write(data).thenRun(() -> echo(c));
              }
            });
  }

  @Test
  void a_buffer_is_sent_without_a_copy_and_released_when_it_is_acknowledged() {
    try (Net net = new Net();
        Arena arena = Arena.ofShared()) {
      Net.Ends ends = net.connect();
      MemorySegment memory = arena.allocate(10_000);
      memory.set(ValueLayout.JAVA_BYTE, 9_999, (byte) 42);
      boolean[] released = new boolean[1];
      CompletableFuture<Void> written =
          ends.client().write(WrappedBuffer.of(memory, () -> released[0] = true));
      assertThat(net.value(ends.server().readFully(10_000))[9_999]).isEqualTo((byte) 42);
      net.value(written);
      net.run(Duration.ofSeconds(1));
      assertThat(released[0]).isTrue();
      ends.client().close();
      net.run(Duration.ofSeconds(1));
      boolean[] dropped = new boolean[1];
      assertThat(
              net.failure(ends.client().write(WrappedBuffer.of(memory, () -> dropped[0] = true))))
          .isInstanceOf(ClosedChannelException.class);
      assertThat(dropped[0]).as("released although it could not be sent").isTrue();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  // ---- limits ----

  @Test
  void what_nobody_reads_closes_the_window_and_stops_the_writer() {
    byte[] data = pattern(3_000_000);
    TcpConfig small = TcpConfig.defaults().with().receiveBuffer(65_536).sendBuffer(65_536).build();
    try (Net net = new Net(1, LinkConfig.perfect(), StreamConfig.defaults(), small)) {
      Net.Ends ends = net.connect();
      CompletableFuture<Void> written = ends.client().write(data);
      net.run(Duration.ofMinutes(1));
      assertThat(written).isNotDone();
      int held = net.server.shard(0).pool().frames() - net.server.shard(0).pool().available();
      assertThat(held).as("frames of the receiver").isLessThan(200);
      assertThat(net.value(ends.server().readFully(data.length))).isEqualTo(data);
      assertThat(written).isCompleted();
      ends.client().close();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void too_many_reads_are_refused() {
    try (Net net = new Net(StreamConfig.defaults().withMaxWaiting(2))) {
      Net.Ends ends = net.connect();
      CompletableFuture<byte[]> first = ends.server().read(1);
      CompletableFuture<byte[]> second = ends.server().read(1);
      assertThat(net.failure(ends.server().read(1)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("more than 2 operations wait");
      second.cancel(false);
      CompletableFuture<byte[]> third = ends.server().read(1);
      assertThat(third).as("a cancelled one makes room").isNotDone();
      net.value(ends.client().write(bytes("ab")));
      assertThat(text(net.value(first)) + text(net.value(third))).isEqualTo("ab");
      ends.client().close();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  // ---- giving up ----

  @Test
  void a_cancelled_read_takes_no_data_away() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      CompletableFuture<byte[]> given = ends.server().read(10);
      assertThat(given.cancel(false)).isTrue();
      assertThat(given.isCancelled()).isTrue();
      CompletableFuture<byte[]> collecting = ends.server().readFully(100);
      CompletableFuture<byte[]> behind = ends.server().read(100);
      net.value(ends.client().write(bytes("some")));
      net.run(Duration.ofSeconds(1));
      assertThat(collecting.cancel(false)).isTrue();
      assertThat(text(net.value(behind))).as("what it had collected").isEqualTo("some");
      assertThatThrownBy(given::join).isInstanceOf(CancellationException.class);
      ends.client().close();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void a_read_that_is_done_cannot_be_cancelled() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      CompletableFuture<byte[]> read = ends.server().read(10);
      net.value(ends.client().write(bytes("done")));
      net.run(Duration.ofSeconds(1));
      assertThat(read.cancel(false)).isFalse();
      assertThat(read.completeExceptionally(new TimeoutException())).isFalse();
      assertThat(read.complete(new byte[0])).isFalse();
      assertThat(text(net.value(read))).isEqualTo("done");
      ends.client().close();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void what_orTimeout_does_is_giving_up() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      CompletableFuture<byte[]> read = ends.server().read(10);
      read.completeExceptionally(new TimeoutException()); // as orTimeout does when time is over
      assertThat(net.failure(read)).isInstanceOf(TimeoutException.class);
      net.value(ends.client().write(bytes("late")));
      assertThat(text(net.value(ends.server().read(10)))).isEqualTo("late");
      ends.client().close();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void a_write_that_has_not_begun_can_be_cancelled_and_one_that_has_goes_on() {
    byte[] data = pattern(2_000_000);
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      CompletableFuture<Void> begun = ends.client().write(data);
      CompletableFuture<Void> behind = ends.client().write(bytes("never"));
      CompletableFuture<Void> last = ends.client().write(bytes("end"));
      net.run(Duration.ofSeconds(1));
      assertThat(behind.cancel(false)).isTrue();
      assertThat(begun.cancel(false)).isTrue();
      assertThat(begun.isCancelled()).isTrue();
      assertThat(net.value(ends.server().readFully(data.length))).isEqualTo(data);
      assertThat(text(net.value(ends.server().readFully(3)))).isEqualTo("end");
      net.value(last);
      ends.client().close();
      assertThat(net.value(ends.server().read(1))).isEmpty();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void a_cancelled_connect_resets_what_has_begun() {
    try (Net net = new Net()) {
      CompletableFuture<FutureConnection> nobody =
          FutureTcp.connect(net.client, IpAddress.parse("10.0.0.99"), 7);
      assertThat(nobody).isNotDone();
      assertThat(nobody.cancel(false)).isTrue();
      net.value(FutureTcp.listen(net.server, Net.PORT, c -> c.closed()));
      CompletableFuture<FutureConnection> named =
          FutureTcp.connect(net.client, "10.0.0.2", Net.PORT);
      assertThat(named.cancel(false)).isTrue();
      net.assertNothingLeft();
    }
  }

  // ---- flush and half-close ----

  @Test
  void flush_is_done_when_the_peer_has_acknowledged_what_was_before() {
    Duration delay = Duration.ofMillis(100);
    try (Net net =
        new Net(
            1,
            LinkConfig.perfect().withDelay(delay),
            StreamConfig.defaults(),
            TcpConfig.defaults())) {
      Net.Ends ends = net.connect();
      long start = net.world.now();
      net.value(ends.client().write(bytes("data")));
      net.value(ends.client().flush());
      assertThat(net.world.now() - start).isGreaterThanOrEqualTo(2 * delay.toNanos());
      net.value(ends.client().flush()); // nothing to wait for
      assertThat(text(net.value(ends.server().read(10)))).isEqualTo("data");
      ends.client().close();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void a_side_that_has_shut_its_output_still_reads() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      ends.client().write(bytes("question"));
      net.value(ends.client().shutdownOutput());
      assertThat(net.failure(ends.client().write(bytes("more"))))
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("shut its output");
      assertThat(text(net.value(ends.server().readFully(8)))).isEqualTo("question");
      assertThat(net.value(ends.server().read(1))).isEmpty();
      ends.server().write(bytes("answer"));
      ends.server().close();
      assertThat(text(net.value(ends.client().readFully(6)))).isEqualTo("answer");
      assertThat(net.value(ends.client().closed())).isEqualTo(TcpCloseReason.NORMAL);
      net.assertNothingLeft();
    }
  }

  @Test
  void close_is_behind_what_was_written() {
    byte[] data = pattern(1_000_000);
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      CompletableFuture<Void> written = ends.client().write(data);
      ends.client().close();
      CompletableFuture<TcpCloseReason> closed = ends.client().closed();
      assertThat(net.failure(ends.client().write(bytes("late"))))
          .isInstanceOf(ClosedChannelException.class);
      assertThat(net.value(ends.server().readFully(data.length))).isEqualTo(data);
      assertThat(net.value(ends.server().read(1))).isEmpty();
      ends.server().close();
      net.value(written);
      assertThat(net.value(closed)).isEqualTo(TcpCloseReason.NORMAL);
      net.assertNothingLeft();
    }
  }

  // ---- the end before its time ----

  @Test
  void closing_fails_the_reads_that_wait() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      CompletableFuture<byte[]> read = ends.server().read(10);
      ends.server().close();
      assertThat(net.failure(read)).isInstanceOf(AsynchronousCloseException.class);
      assertThat(net.failure(ends.server().read(1)))
          .isExactlyInstanceOf(ClosedChannelException.class);
      ends.client().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void aborting_fails_everything_and_resets_the_peer() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      CompletableFuture<Void> writing = ends.client().write(pattern(2_000_000));
      CompletableFuture<Void> flushing = ends.client().flush();
      net.run(Duration.ofSeconds(1));
      ends.client().abort();
      assertThat(net.failure(writing)).isInstanceOf(AsynchronousCloseException.class);
      assertThat(net.failure(flushing)).isInstanceOf(AsynchronousCloseException.class);
      assertThat(net.value(ends.client().closed())).isEqualTo(TcpCloseReason.ABORTED);
      CompletableFuture<byte[]> all = ends.server().readFully(2_000_000);
      assertThat(net.failure(all))
          .isInstanceOfSatisfying(
              ConnectionLostException.class,
              e -> assertThat(e.reason()).isEqualTo(TcpCloseReason.RESET));
      assertThat(net.value(ends.server().read(10))).as("what had come before").hasSize(10);
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void data_that_ends_too_early_can_still_be_read() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      ends.client().write(bytes("half a line"));
      ends.client().close();
      assertThat(net.failure(ends.server().readFully(100))).isInstanceOf(EOFException.class);
      assertThat(net.failure(ends.server().readUntil((byte) '\n', 100)))
          .isInstanceOf(EOFException.class);
      assertThat(net.failure(ends.server().readUntil((byte) '\n', 4)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no delimiter in the first 4 bytes");
      assertThat(text(net.value(ends.server().readUntil((byte) ' ', 5)))).isEqualTo("half ");
      assertThat(text(net.value(ends.server().read(100)))).isEqualTo("a line");
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void a_closed_stack_fails_everything() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      FutureListener listener = net.value(FutureTcp.listen(net.server, 8));
      CompletableFuture<FutureConnection> accepting = listener.accept();
      CompletableFuture<byte[]> reading = ends.server().read(10);
      net.server.close();
      assertThat(accepting.exceptionNow()).isInstanceOf(AsynchronousCloseException.class);
      assertThat(reading.exceptionNow())
          .isInstanceOfSatisfying(
              ConnectionLostException.class,
              e -> assertThat(e.reason()).isEqualTo(TcpCloseReason.STACK_CLOSED));
      assertThat(ends.server().closed().join()).isEqualTo(TcpCloseReason.STACK_CLOSED);
    }
  }

  // ---- connecting ----

  @Test
  void a_connection_that_cannot_be_made_says_why() {
    try (Net net = new Net()) {
      assertThat(net.failure(FutureTcp.connect(net.client, Net.SERVER, 9)))
          .isInstanceOf(ConnectException.class)
          .hasMessage("10.0.0.2:9: refused: nobody listens there");
      assertThat(net.failure(FutureTcp.connect(net.client, "10.0.0.99", 9)))
          .isInstanceOf(NoRouteToHostException.class);
      assertThat(net.failure(FutureTcp.connect(net.client, "192.0.2.1", 9)))
          .isInstanceOf(ConnectException.class)
          .hasMessageContaining("no route");
      assertThat(net.failure(FutureTcp.connect(net.client, "1.2.3.4.5", 9)))
          .isInstanceOf(UnknownHostException.class);
      net.assertNothingLeft();
    }
  }

  @Test
  void the_addresses_of_a_name_are_tried_in_order() {
    List<String> asked = new ArrayList<>();
    NameResolver two =
        host -> {
          asked.add(host);
          return CompletableFuture.completedFuture(
              List.of(IpAddress.parse("192.0.2.1"), Net.SERVER));
        };
    try (Net net = new Net(StreamConfig.defaults().withResolver(two))) {
      net.value(FutureTcp.listen(net.server, Net.PORT, FutureConnection::close));
      FutureConnection c = net.value(FutureTcp.connect(net.client, "server.test", Net.PORT));
      assertThat(c.remoteAddress()).isEqualTo(Net.SERVER);
      assertThat(asked).containsExactly("server.test");
      assertThat(net.failure(FutureTcp.connect(net.client, "server.test", 9)))
          .isInstanceOf(ConnectException.class)
          .hasMessageContaining("refused");
      c.close();
      net.assertNothingLeft();
    }
  }

  @Test
  void waiting_where_it_would_last_for_ever_is_refused() {
    try (Net net = new Net()) {
      Net.Ends ends = net.connect();
      CompletableFuture<byte[]> read = ends.server().read(1);
      assertThatThrownBy(read::join)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("would wait for ever");
      ends.client().close();
      ends.server().close();
      net.assertNothingLeft();
    }
  }

  @Test
  void accepts_are_served_in_order_and_connections_beyond_the_backlog_are_reset() {
    try (Net net = new Net(StreamConfig.defaults().withBacklog(2))) {
      FutureListener listener = net.value(FutureTcp.listen(net.server, Net.PORT));
      List<FutureConnection> clients = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        clients.add(net.value(FutureTcp.connect(net.client, Net.SERVER, Net.PORT)));
      }
      assertThat(net.value(clients.get(2).closed())).isEqualTo(TcpCloseReason.RESET);
      FutureConnection first = net.value(listener.accept());
      FutureConnection second = net.value(listener.accept());
      assertThat(first.remotePort()).isEqualTo(clients.get(0).localPort());
      assertThat(second.remotePort()).isEqualTo(clients.get(1).localPort());
      listener.accept().cancel(false);
      CompletableFuture<FutureConnection> third = listener.accept();
      clients.add(net.value(FutureTcp.connect(net.client, Net.SERVER, Net.PORT)));
      assertThat(net.value(third).remotePort()).isEqualTo(clients.get(3).localPort());
      listener.close();
      assertThat(net.failure(listener.accept())).isInstanceOf(ClosedChannelException.class);
      clients.forEach(FutureConnection::abort);
      net.value(first.closed());
      first.close();
      second.close();
      net.value(third).close();
      net.assertNothingLeft();
    }
  }
}
