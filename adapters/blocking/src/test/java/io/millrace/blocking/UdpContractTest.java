package io.millrace.blocking;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.futures.Datagram;
import io.millrace.ip.IpAddress;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What blocking calls on datagrams mean, the same on every kind of thread. */
class UdpContractTest {
  private static final IpAddress RIGHT = IpAddress.parse(Pair.RIGHT);
  private static final int PORT = 53;

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static String text(Datagram datagram) {
    return new String(datagram.data(), UTF_8);
  }

  @ParameterizedTest
  @EnumSource
  void a_datagram_is_answered_where_it_came_from(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingUdpSocket server = pair.onRight(() -> BlockingUdp.bind(pair.right, PORT)).value();
      Pair.Running<Void> answering =
          pair.onRight(
              () -> {
                Datagram asked = server.receive();
                server.send(bytes("re: " + text(asked)), asked.address(), asked.port());
                return null;
              });
      String answer =
          pair.onLeft(
                  () -> {
                    try (BlockingUdpSocket client = BlockingUdp.connect(pair.left, RIGHT, PORT)) {
                      client.send(bytes("question"));
                      return text(client.receive());
                    }
                  })
              .value();
      assertThat(answer).isEqualTo("re: question");
      answering.value();
      server.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void datagrams_keep_their_boundaries(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingUdpSocket server = pair.onRight(() -> BlockingUdp.bind(pair.right, PORT)).value();
      byte[] large = new byte[20_000]; // travels in fragments
      large[19_999] = 7;
      BlockingUdpSocket client = pair.onLeft(() -> BlockingUdp.bind(pair.left, 0)).value();
      pair.onLeft(() -> send(client, bytes("one"), PORT)).value();
      assertThat(text(pair.onRight(server::receive).value())).isEqualTo("one");
      // Their neighbors know each other now: no fragment is lost.
      pair.onLeft(() -> send(client, new byte[0], PORT)).value();
      pair.onLeft(() -> send(client, large, PORT)).value();
      assertThat(pair.onRight(server::receive).value().data()).isEmpty();
      assertThat(pair.onRight(server::receive).value().data()).isEqualTo(large);
      client.close();
      server.close();
      pair.assertNothingLeft();
    }
  }

  private static Void send(BlockingUdpSocket socket, byte[] data, int port) throws IOException {
    socket.send(data, RIGHT, port);
    return null;
  }

  @ParameterizedTest
  @EnumSource
  void a_receive_ends_by_timeout_interruption_or_close(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingUdpSocket socket = pair.onRight(() -> BlockingUdp.bind(pair.right, PORT)).value();
      socket.timeout(Duration.ofMillis(20));
      assertThat(pair.onRight(socket::receive).failure())
          .isInstanceOf(SocketTimeoutException.class);
      socket.timeout(Duration.ZERO);
      Pair.Running<Datagram> interrupted = pair.onRight(socket::receive).waiting();
      interrupted.thread.interrupt();
      assertThat(interrupted.failure()).isExactlyInstanceOf(InterruptedIOException.class);
      Pair.Running<Datagram> closed = pair.onRight(socket::receive).waiting();
      socket.close();
      assertThat(closed.failure()).isInstanceOf(AsynchronousCloseException.class);
      assertThat(pair.onRight(socket::receive).failure())
          .isExactlyInstanceOf(ClosedChannelException.class);
      pair.onRight(() -> BlockingUdp.bind(pair.right, PORT)).value().close(); // the port is free
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_closed_stack_ends_a_receive(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingUdpSocket socket = pair.onRight(() -> BlockingUdp.bind(pair.right, PORT)).value();
      Pair.Running<Datagram> receiving = pair.onRight(socket::receive).waiting();
      pair.right.close();
      assertThat(receiving.failure()).isInstanceOf(AsynchronousCloseException.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void what_cannot_be_sent_says_why(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingUdpSocket socket = pair.onLeft(() -> BlockingUdp.bind(pair.left, 0)).value();
      assertThat(
              pair.onLeft(() -> send(socket, new byte[1], IpAddress.parse("192.0.2.1"))).failure())
          .isInstanceOf(NoRouteToHostException.class);
      assertThat(pair.onLeft(() -> send(socket, new byte[70_000], RIGHT)).failure())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("too big");
      assertThat(
              pair.onLeft(() -> send(socket, new byte[1], IpAddress.parse("10.0.0.255"))).failure())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("broadcast");
      socket.close();
      pair.assertNothingLeft();
    }
  }

  private static Void send(BlockingUdpSocket socket, byte[] data, IpAddress to) throws IOException {
    socket.send(data, to, 9);
    return null;
  }

  @ParameterizedTest
  @EnumSource
  void a_peer_that_nobody_listens_on_is_told(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      assertThat(
              pair.onLeft(
                      () -> {
                        try (BlockingUdpSocket c = BlockingUdp.connect(pair.left, RIGHT, 9)) {
                          c.send(bytes("anybody?"));
                          return c.receive();
                        }
                      })
                  .failure())
          .isInstanceOf(PortUnreachableException.class);
      pair.assertNothingLeft();
    }
  }
}
