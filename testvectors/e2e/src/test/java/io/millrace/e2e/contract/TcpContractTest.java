package io.millrace.e2e.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Buffer;
import io.millrace.buf.WrappedBuffer;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpListener;
import io.millrace.tcp.TcpState;
import io.millrace.transport.ListenConfig;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** TCP as an application sees it. */
class TcpContractTest extends SocketContract {
  private static final int LARGE = 3_000_000;

  private final Talker client = new Talker();
  private final Talker server = new Talker();
  private TcpListener listener;
  private int port;

  @BeforeEach
  void choosePort() {
    port = ends.newPort();
  }

  private Tcp clientTcp() {
    return Tcp.of(ends.client());
  }

  private Tcp serverTcp() {
    return Tcp.of(ends.server());
  }

  private void listen() {
    listener = serverTcp().listen(ListenConfig.port(port), c -> server);
  }

  private TcpConnection connect(Talker talker) {
    return clientTcp().connect(ends.serverAddress(), port, talker);
  }

  /** Connects the two talkers. */
  private void connect() {
    listen();
    connect(client);
    ends.until("both are connected", () -> isConnected(client) && isConnected(server));
  }

  private static boolean isConnected(Talker talker) {
    return talker.connection != null;
  }

  private void untilClosed() {
    ends.until("both are closed", () -> client.isClosed() && server.isClosed());
  }

  private static byte[] random(int size) {
    byte[] content = new byte[size];
    new SplittableRandom(size).nextBytes(content);
    return content;
  }

  // ---- the stream ----

  @Test
  void what_is_sent_comes_back_from_an_echo_in_order() {
    server.echoing();
    client.onConnected = c -> c.send(buffer("one "));
    connect();
    client.connection.send(bytes("two "), 0, 4);
    client.connection.send(buffer("xthree four"), 1, 5);
    ends.until("the echo", () -> client.text().equals("one two three"));
    client.connection.close();
    untilClosed();
    assertThat(client.told).containsExactly("connected", "data", "closed NORMAL");
    assertThat(server.told).containsExactly("connected", "data", "peer closed", "closed NORMAL");
  }

  @Test
  void a_large_transfer_in_both_directions_at_once_arrives_unharmed() {
    byte[] ping = random(LARGE);
    byte[] pong = random(LARGE + 1);
    new Sender(client, ping, 50_000);
    new Sender(server, pong, 777);
    connect();
    untilClosed();
    assertThat(server.received.toByteArray()).isEqualTo(ping);
    assertThat(client.received.toByteArray()).isEqualTo(pong);
    assertThat(client.reason).isEqualTo(TcpCloseReason.NORMAL);
    assertThat(server.reason).isEqualTo(TcpCloseReason.NORMAL);
  }

  /** Sends everything as fast as it may, and closes its side. */
  private static final class Sender {
    private final WrappedBuffer content;
    private final int chunk;
    private int sent;
    private int refused;

    Sender(Talker talker, byte[] content, int chunk) {
      this.content = buffer(content);
      this.chunk = chunk;
      talker.onConnected = this::send;
      talker.onWritable = this::send;
      talker.onPeerClosed = c -> {};
    }

    private void send(TcpConnection c) {
      while (sent < content.length()) {
        int length = Math.min(chunk, content.length() - sent);
        boolean more = c.send(content, sent, length);
        sent += length;
        if (!more) {
          refused++;
          return;
        }
      }
      c.shutdownOutput();
    }
  }

  @Test
  void a_buffer_is_released_once_it_is_not_needed_any_more() {
    AtomicInteger released = new AtomicInteger();
    try (Arena arena = Arena.ofShared()) {
      WrappedBuffer page =
          WrappedBuffer.of(arena.allocate(100_000).fill((byte) 'x'), released::incrementAndGet);
      client.onConnected = c -> c.send(page);
      connect();
      ends.until("all has come", () -> server.received.size() == 100_000);
      ends.until("it is released", () -> page.references() == 1);
      assertThat(client.connection.unsentBytes()).isZero();
      page.release();
      assertThat(released).hasValue(1);
    }
    client.connection.close();
    untilClosed();
  }

  @Test
  void a_frame_may_be_sent_on_in_ranges_and_to_itself() {
    client.onConnected = c -> c.send(buffer("a".repeat(600) + "b".repeat(600)));
    server.onData =
        (c, data) -> {
          int half = data.length() / 2;
          c.send(data, 0, half);
          c.send(data, half, data.length() - half);
          c.send(data, 0, half);
        };
    connect();
    ends.until("the answer", () -> client.received.size() == 1_800);
    assertThat(client.text()).matches("a{600}b{600}a{600}");
    client.connection.close();
    untilClosed();
  }

  // ---- closing ----

  @Test
  void the_client_closes_its_side_first_and_still_receives() {
    server.onPeerClosed =
        c -> {
          c.send(buffer("late"));
          c.shutdownOutput();
        };
    client.onConnected =
        c -> {
          c.send(buffer("early"));
          c.shutdownOutput();
        };
    client.onPeerClosed = c -> {};
    connect();
    untilClosed();
    assertThat(server.text()).isEqualTo("early");
    assertThat(client.text()).isEqualTo("late");
    assertThat(client.told).containsExactly("connected", "data", "peer closed", "closed NORMAL");
    assertThat(server.told).containsExactly("connected", "data", "peer closed", "closed NORMAL");
  }

  @Test
  void the_server_closes_its_side_first_and_still_receives() {
    server.onConnected = TcpConnection::shutdownOutput;
    client.onPeerClosed = c -> c.send(buffer("after the end"));
    connect();
    ends.until("it comes", () -> server.text().equals("after the end"));
    assertThat(client.connection.state()).isEqualTo(TcpState.CLOSE_WAIT);
    client.connection.close();
    untilClosed();
    assertThat(client.reason).isEqualTo(TcpCloseReason.NORMAL);
    assertThat(server.reason).isEqualTo(TcpCloseReason.NORMAL);
  }

  @Test
  void everything_sent_before_close_arrives() {
    byte[] page = random(200_000);
    server.onConnected =
        c -> {
          c.send(buffer(page));
          c.close();
        };
    connect();
    untilClosed();
    assertThat(client.received.toByteArray()).isEqualTo(page);
    assertThat(client.told).endsWith("peer closed", "closed NORMAL");
    assertThat(server.reason).isEqualTo(TcpCloseReason.NORMAL);
  }

  @Test
  void abort_resets_the_peer() {
    connect();
    client.connection.abort();
    untilClosed();
    assertThat(client.reason).isEqualTo(TcpCloseReason.ABORTED);
    assertThat(server.reason).isEqualTo(TcpCloseReason.RESET);
    assertThat(server.told).doesNotContain("peer closed");
  }

  @Test
  void abort_drops_what_was_not_delivered() {
    client.onConnected = c -> c.send(buffer(random(50_000)));
    server.onConnected = TcpConnection::pauseReading;
    connect();
    ends.settle();
    server.connection.abort();
    untilClosed();
    assertThat(server.told).containsExactly("connected", "closed ABORTED");
    assertThat(client.reason).isEqualTo(TcpCloseReason.RESET);
  }

  @Test
  void nothing_is_delivered_behind_an_abort() {
    AtomicInteger deliveries = new AtomicInteger();
    client.onConnected = c -> c.send(buffer(random(50_000)));
    server.onData =
        (c, data) -> {
          deliveries.incrementAndGet();
          c.abort();
        };
    connect();
    untilClosed();
    assertThat(deliveries).hasValue(1);
  }

  @Test
  void data_behind_the_end_resets() {
    server.onConnected = TcpConnection::close;
    client.onPeerClosed = c -> {};
    connect();
    ends.until(
        "the client hears of the reset when it sends",
        () -> {
          if (client.wasTold("peer closed") && client.connection.isSendable()) {
            client.connection.send(buffer("nobody reads this"));
          }
          return client.isClosed();
        });
    ends.until("the server hears of it, too", server::isClosed);
    assertThat(server.received.size()).isZero();
    assertThat(server.reason).isEqualTo(TcpCloseReason.ABORTED);
    assertThat(client.reason).isEqualTo(TcpCloseReason.RESET);
  }

  @Test
  void calls_after_the_end_do_nothing_and_sending_throws() {
    connect();
    TcpConnection c = client.connection;
    c.shutdownOutput();
    assertThatThrownBy(() -> c.send(buffer("x"))).isInstanceOf(IllegalStateException.class);
    assertThat(c.isSendable()).isFalse();
    c.close();
    untilClosed();
    c.close();
    c.abort();
    c.shutdownOutput();
    c.pauseReading();
    c.resumeReading();
    assertThatThrownBy(() -> c.send(bytes("x"), 0, 1)).isInstanceOf(IllegalStateException.class);
    ends.settle();
    assertThat(client.told).endsWith("closed NORMAL");
    assertThat(client.told.stream().filter(each -> each.startsWith("closed"))).hasSize(1);
  }

  @Test
  void closing_the_stack_resets_what_is_open() {
    connect();
    ends.closeServer();
    assertThat(server.reason).isEqualTo(TcpCloseReason.STACK_CLOSED);
    ends.until("the client hears of it", client::isClosed);
    assertThat(client.reason).isEqualTo(TcpCloseReason.RESET);
  }

  // ---- connecting ----

  @Test
  void a_port_without_a_listener_refuses() {
    connect(client);
    ends.until("the refusal", client::isClosed);
    assertThat(client.told).containsExactly("closed REFUSED");
    assertThat(clientTcp().connectionCount()).isZero();
  }

  @Test
  void an_acceptor_may_refuse() {
    serverTcp().listen(ListenConfig.port(port), c -> null);
    connect(client);
    ends.until("the reset", client::isClosed);
    assertThat(client.reason).isIn(TcpCloseReason.RESET, TcpCloseReason.REFUSED);
  }

  @Test
  @Tag(IMPATIENT)
  void an_attempt_that_nobody_answers_is_given_up() {
    clientTcp().connect(ends.silentAddress(), ends.silentPort(), client);
    ends.until("it is given up", client::isClosed);
    ends.mayHoldFrames();
    assertThat(client.told).hasSize(1);
    assertThat(client.reason).isIn(TcpCloseReason.TIMED_OUT, TcpCloseReason.UNREACHABLE);
  }

  @Test
  void an_attempt_may_be_called_off() {
    TcpConnection c = clientTcp().connect(ends.silentAddress(), ends.silentPort(), client);
    ends.turn();
    c.close();
    ends.until("it is over", client::isClosed);
    assertThat(client.told).containsExactly("closed ABORTED");
    ends.mayHoldFrames();
  }

  @Test
  void what_is_sent_while_connecting_leaves_when_the_connection_stands() {
    listen();
    TcpConnection c = connect(client);
    c.send(buffer("eager"));
    ends.until("it comes", () -> server.text().equals("eager"));
    c.close();
    untilClosed();
  }

  @Test
  void a_taken_port_is_refused() {
    listen();
    assertThatThrownBy(() -> serverTcp().listen(ListenConfig.port(port), c -> server))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("" + port);
  }

  @Test
  void impossible_ports_and_addresses_are_refused() {
    assertThatThrownBy(() -> clientTcp().connect(ends.serverAddress(), 0, client))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> clientTcp().connect(null, 65_536, ends.serverAddress(), port, client))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> clientTcp().connect(io.millrace.ip.IpAddress.parse("224.0.0.1"), port, client))
        .isInstanceOfAny(IllegalArgumentException.class, IllegalStateException.class);
  }

  @Test
  void both_ends_know_the_addresses_and_ports() {
    connect();
    TcpConnection c = client.connection;
    TcpConnection s = server.connection;
    assertThat(c.remoteAddress()).isEqualTo(ends.serverAddress()).isEqualTo(s.localAddress());
    assertThat(c.localAddress()).isEqualTo(ends.clientAddress()).isEqualTo(s.remoteAddress());
    assertThat(c.remotePort()).isEqualTo(port).isEqualTo(s.localPort());
    assertThat(c.localPort()).isPositive().isEqualTo(s.remotePort());
    assertThat(c.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(c.shard()).isSameAs(ends.client());
    c.close();
    untilClosed();
  }

  @Test
  void a_local_port_may_be_chosen() {
    listen();
    int local = ends.newPort();
    clientTcp().connect(null, local, ends.serverAddress(), port, client);
    ends.until("it connects", () -> isConnected(server));
    assertThat(server.connection.remotePort()).isEqualTo(local);
    client.connection.close();
    untilClosed();
  }

  @Test
  void local_ports_differ() {
    listen();
    List<Talker> talkers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      talkers.add(new Talker());
      connect(talkers.getLast());
    }
    ends.until("all connect", () -> talkers.stream().allMatch(TcpContractTest::isConnected));
    Set<Integer> ports = new HashSet<>();
    talkers.forEach(each -> ports.add(each.connection.localPort()));
    assertThat(ports).hasSize(50);
  }

  @Test
  void stop_accepting_leaves_accepted_connections_alone() {
    server.echoing();
    connect();
    listener.stopAccepting();
    assertThat(listener.accepted()).isEqualTo(1);
    Talker late = new Talker();
    connect(late);
    ends.until("the late one is refused", late::isClosed);
    assertThat(late.reason).isEqualTo(TcpCloseReason.REFUSED);
    client.connection.send(buffer("still here"));
    ends.until("the echo", () -> client.text().equals("still here"));
    listener.stopAccepting();
    listen(); // the port is free again
    client.connection.close();
    untilClosed();
  }

  @Test
  void a_thousand_connections_echo_and_leave_nothing_behind() {
    AtomicInteger open = new AtomicInteger();
    serverTcp().listen(ListenConfig.port(port), c -> new Talker().echoing());
    List<Talker> talkers = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      Talker talker = new Talker();
      talkers.add(talker);
      String text = "connection " + i;
      talker.onConnected =
          c -> {
            open.incrementAndGet();
            c.send(buffer(text));
          };
    }
    for (int i = 0; i < 1_000; i++) {
      connect(talkers.get(i));
      int soFar = i + 1;
      if (soFar % 50 == 0) { // a device holds only so many SYNs
        ends.until("they connect", () -> open.get() == soFar);
      }
    }
    ends.until(
        "every one has its echo",
        () -> talkers.stream().allMatch(each -> each.text().matches("connection \\d+")));
    assertThat(clientTcp().connectionCount()).isEqualTo(1_000);
    assertThat(serverTcp().connectionCount()).isEqualTo(1_000);
    for (int i = 0; i < 1_000; i++) {
      assertThat(talkers.get(i).text()).isEqualTo("connection " + i);
      talkers.get(i).connection.close();
    }
    ends.until("all are closed", () -> talkers.stream().allMatch(Talker::isClosed));
    ends.until("the server's, too", () -> serverTcp().connectionCount() == 0);
    assertThat(clientTcp().connectionCount()).isZero();
    assertThat(open).hasValue(1_000);
  }

  // ---- back-pressure ----

  @Test
  void send_says_when_it_is_enough_and_on_writable_when_there_is_room() {
    byte[] content = random(LARGE);
    Sender sender = new Sender(client, content, 10_000);
    connect();
    client.onPeerClosed = TcpConnection::close;
    untilClosed();
    assertThat(sender.refused).isPositive();
    assertThat(client.told).contains("writable");
    assertThat(server.received.toByteArray()).isEqualTo(content);
  }

  @Test
  void paused_reading_stops_the_peer_and_resuming_lets_everything_come() {
    byte[] content = random(20_000_000);
    Sender sender = new Sender(client, content, 50_000);
    server.onConnected = TcpConnection::pauseReading;
    connect();
    ends.settle();
    assertThat(server.received.size()).isZero();
    assertThat(sender.sent).as("what was sent").isLessThan(content.length);
    assertThat(client.connection.unsentBytes()).isPositive();
    server.connection.resumeReading();
    untilClosed();
    assertThat(server.received.toByteArray()).isEqualTo(content);
  }

  @Test
  void retained_buffers_hold_the_peer_up_until_they_are_released() {
    byte[] content = random(20_000_000);
    Sender sender = new Sender(client, content, 50_000);
    List<Buffer> kept = new ArrayList<>();
    server.onData =
        (c, data) -> {
          data.retain();
          kept.add(data);
        };
    connect();
    ends.settle();
    long held = kept.stream().mapToLong(Buffer::length).sum();
    assertThat(held).isEqualTo(server.received.size()).isBetween(1L, 2L * CONFIG.receiveBuffer());
    assertThat(sender.sent).isLessThan(content.length);
    server.onData = (c, data) -> {};
    kept.forEach(Buffer::release);
    untilClosed();
    assertThat(server.received.toByteArray()).isEqualTo(content);
  }

  @Test
  void what_came_before_the_end_is_read_after_a_pause() {
    client.onConnected =
        c -> {
          c.send(buffer("last words"));
          c.shutdownOutput();
        };
    server.onConnected = TcpConnection::pauseReading;
    connect();
    ends.settle();
    assertThat(server.told).containsExactly("connected");
    server.connection.resumeReading();
    untilClosed();
    assertThat(server.told).containsExactly("connected", "data", "peer closed", "closed NORMAL");
    assertThat(server.text()).isEqualTo("last words");
  }

  // ---- handlers ----

  @Test
  void what_a_handler_throws_ends_its_connection_only() {
    ends.expectExceptions(1);
    Talker other = new Talker().echoing();
    List<Talker> handlers = new ArrayList<>(List.of(other, server));
    serverTcp().listen(ListenConfig.port(port), c -> handlers.removeFirst());
    Talker friend = new Talker();
    connect(friend);
    ends.until("the first connects", () -> isConnected(other));
    server.onData =
        (c, data) -> {
          throw new IllegalStateException("thrown on purpose");
        };
    connect(client);
    ends.until("the second connects", () -> isConnected(client));
    client.connection.send(buffer("boom"));
    untilClosed();
    assertThat(server.reason).isEqualTo(TcpCloseReason.ABORTED);
    assertThat(client.reason).isEqualTo(TcpCloseReason.RESET);
    friend.connection.send(buffer("alive"));
    ends.until("the other lives on", () -> friend.text().equals("alive"));
  }

  @Test
  void an_acceptor_that_throws_refuses() {
    ends.expectExceptions(1);
    serverTcp()
        .listen(
            ListenConfig.port(port),
            c -> {
              throw new IllegalStateException("thrown on purpose");
            });
    connect(client);
    ends.until("the reset", client::isClosed);
    assertThat(client.reason).isIn(TcpCloseReason.RESET, TcpCloseReason.REFUSED);
  }

  @Test
  void a_connection_may_be_closed_from_inside_its_handler() {
    server.onData =
        (c, data) -> {
          c.send(buffer("bye"));
          c.close();
        };
    client.onConnected = c -> c.send(buffer("hello"));
    connect();
    untilClosed();
    assertThat(client.text()).isEqualTo("bye");
    assertThat(client.told).containsExactly("connected", "data", "peer closed", "closed NORMAL");
    assertThat(server.told).containsExactly("connected", "data", "closed NORMAL");
  }

  @Test
  void a_connection_may_be_aborted_from_inside_its_handler() {
    server.onData = (c, data) -> c.abort();
    client.onConnected = c -> c.send(buffer("hello"));
    connect();
    untilClosed();
    assertThat(server.told).containsExactly("connected", "data", "closed ABORTED");
    assertThat(client.told).containsExactly("connected", "closed RESET");
  }

  @Test
  void a_handler_may_connect_again_when_its_connection_ends() {
    listen();
    Talker second = new Talker();
    client.onPeerClosed =
        c -> {
          c.close();
          connect(second);
        };
    server.onConnected = TcpConnection::close;
    connect(client);
    ends.until("the second connection is over, too", second::isClosed);
  }

  @Test
  void a_connection_has_an_attachment_and_can_change_its_handler() {
    connect();
    TcpConnection c = client.connection;
    assertThat(c.attachment()).isNull();
    c.attach("mine");
    assertThat(c.attachment()).isEqualTo("mine");
    Talker heir = new Talker();
    c.handler(heir);
    server.connection.send(buffer("to the heir"));
    ends.until("the new handler is told", () -> heir.text().equals("to the heir"));
    assertThat(client.told).containsExactly("connected");
    c.close();
    ends.until("and of the end", () -> heir.isClosed() && server.isClosed());
  }

  @Test
  void options_can_be_set_at_any_time() {
    connect();
    TcpConnection c = client.connection;
    c.noDelay(true);
    c.keepAlive(true);
    c.trafficClass(0x28);
    assertThatThrownBy(() -> c.trafficClass(256)).isInstanceOf(IndexOutOfBoundsException.class);
    c.send(buffer("x"));
    ends.until("it comes", () -> server.text().equals("x"));
    c.keepAlive(false);
    c.noDelay(false);
    c.close();
    untilClosed();
    c.noDelay(true);
    c.keepAlive(true);
    c.trafficClass(0);
  }
}
