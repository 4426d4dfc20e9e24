package io.millrace.blocking;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.futures.Datagram;
import io.millrace.futures.FutureUdp;
import io.millrace.futures.FutureUdpSocket;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.net.NetStack;
import io.millrace.udp.UdpSocketInfo;
import java.io.IOException;
import java.net.NetworkInterface;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Groups, broadcasts and bounds of datagrams for blocking code and with futures. */
class UdpGroupsTest {
  private static final IpAddress GROUP = IpAddress.parse("239.1.2.3");
  private static final IpAddress LEFT = IpAddress.parse(Pair.LEFT);
  private static final IpAddress STRANGER = IpAddress.parse("10.0.0.77");
  private static final int PORT = 53;

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static String text(Datagram datagram) {
    return new String(datagram.data(), UTF_8);
  }

  /** What a socket says after a datagram from the left whose text it is. */
  private static String heard(
      Pair pair, BlockingUdpSocket from, BlockingUdpSocket to, String text) {
    pair.onLeft(
            () -> {
              from.send(bytes(text), GROUP, PORT);
              from.send(bytes("end"), IpAddress.parse(Pair.RIGHT), PORT);
              return null;
            })
        .value();
    String first = text(pair.onRight(to::receive).value());
    return first.equals("end") ? first : first + " " + text(pair.onRight(to::receive).value());
  }

  @ParameterizedTest
  @EnumSource
  void groups_are_joined_filtered_and_left(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingUdpSocket to = pair.onRight(() -> BlockingUdp.bind(pair.right, PORT)).value();
      BlockingUdpSocket from = pair.onLeft(() -> BlockingUdp.bind(pair.left, 0)).value();
      assertThat(heard(pair, from, to, "before")).isEqualTo("end");
      does(pair, () -> to.join(GROUP));
      assertThat(heard(pair, from, to, "joined")).isEqualTo("joined end");
      does(pair, () -> to.block(GROUP, 0, LEFT));
      assertThat(heard(pair, from, to, "blocked")).isEqualTo("end");
      does(pair, () -> to.unblock(GROUP, 0, LEFT));
      assertThat(heard(pair, from, to, "unblocked")).isEqualTo("unblocked end");
      does(pair, () -> to.leave(GROUP));
      does(pair, () -> to.join(GROUP, 0, STRANGER));
      assertThat(heard(pair, from, to, "from another")).isEqualTo("end");
      does(pair, () -> to.join(GROUP, 0, LEFT));
      assertThat(heard(pair, from, to, "wanted")).isEqualTo("wanted end");
      assertThat(pair.onRight(() -> to.filter(GROUP, 0)).value())
          .isEqualTo(SourceFilter.include(STRANGER, LEFT));
      does(pair, () -> to.leave(GROUP, 0, LEFT));
      assertThat(heard(pair, from, to, "given up")).isEqualTo("end");
      does(pair, () -> to.listen(GROUP, 0, SourceFilter.EVERYTHING));
      does(pair, () -> to.leave(GROUP, 0));
      assertThat(heard(pair, from, to, "left")).isEqualTo("end");
      from.close();
      to.close();
      pair.assertNothingLeft();
    }
  }

  private interface Act {
    void run() throws IOException;
  }

  private static void does(Pair pair, Act act) {
    pair.onRight(
            () -> {
              act.run();
              return null;
            })
        .value();
  }

  @ParameterizedTest
  @EnumSource
  void what_cannot_be_joined_says_why_as_the_socket_does(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingUdpSocket socket = pair.onRight(() -> BlockingUdp.bind(pair.right, PORT)).value();
      assertThat(failure(pair, () -> socket.join(LEFT)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(Pair.LEFT);
      assertThat(failure(pair, () -> socket.block(GROUP, 0, LEFT)))
          .isInstanceOf(IllegalStateException.class);
      assertThat(failure(pair, () -> socket.receiveQueue(0)))
          .isInstanceOf(IllegalArgumentException.class);
      socket.close();
      assertThat(failure(pair, () -> socket.join(GROUP)))
          .isInstanceOf(ClosedChannelException.class);
      pair.assertNothingLeft();
    }
  }

  private static Throwable failure(Pair pair, Act act) {
    return pair.onRight(
            () -> {
              act.run();
              return null;
            })
        .failure();
  }

  @ParameterizedTest
  @EnumSource
  void broadcasts_need_a_permission(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingUdpSocket to = pair.onRight(() -> BlockingUdp.bind(pair.right, PORT)).value();
      BlockingUdpSocket from = pair.onLeft(() -> BlockingUdp.bind(pair.left, 0)).value();
      pair.onLeft(
              () -> {
                from.allowBroadcast(true);
                from.send(bytes("to all"), IpAddress.parse("10.0.0.255"), PORT);
                return null;
              })
          .value();
      assertThat(text(pair.onRight(to::receive).value())).isEqualTo("to all");
      from.close();
      to.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void more_than_a_socket_wants_to_keep_is_dropped_and_counted(ThreadKind kind) {
    try (Pair pair = new Pair(kind)) {
      BlockingUdpSocket bounded = pair.onRight(() -> BlockingUdp.bind(pair.right, PORT)).value();
      BlockingUdpSocket roomy = pair.onRight(() -> BlockingUdp.bind(pair.right, PORT + 1)).value();
      BlockingUdpSocket from = pair.onLeft(() -> BlockingUdp.bind(pair.left, 0)).value();
      heard(pair, from, bounded, "now they know each other: nothing is lost"); // but that
      does(pair, () -> bounded.receiveQueue(3));
      pair.onLeft(
              () -> {
                for (int i = 0; i < 10; i++) {
                  from.send(bytes("" + i), IpAddress.parse(Pair.RIGHT), PORT);
                  from.send(bytes("" + i), IpAddress.parse(Pair.RIGHT), PORT + 1);
                }
                return null;
              })
          .value();
      for (int i = 0; i < 10; i++) {
        assertThat(text(pair.onRight(roomy::receive).value())).isEqualTo("" + i);
      }
      UdpSocketInfo info = pair.onRight(bounded::info).value();
      assertThat(info.inDatagrams()).isEqualTo(11);
      assertThat(info.inOverflows()).isEqualTo(7);
      assertThat(bounded.dropped()).isEqualTo(7);
      for (int i = 0; i < 3; i++) {
        assertThat(text(pair.onRight(bounded::receive).value())).isEqualTo("" + i);
      }
      bounded.timeout(Duration.ofMillis(10));
      assertThat(pair.onRight(bounded::receive).failure())
          .isInstanceOf(SocketTimeoutException.class);
      assertThat(pair.onLeft(from::info).value().outDatagrams()).isEqualTo(22);
      assertThat(pair.onRight(roomy::info).value().inOverflows()).isZero();
      bounded.close();
      roomy.close();
      from.close();
      pair.assertNothingLeft();
    }
  }

  @Test
  void futures_do_the_same() {
    try (Pair pair = new Pair(ThreadKind.values()[0])) {
      FutureUdpSocket to = Await.value(FutureUdp.bind(pair.right, PORT));
      FutureUdpSocket from = Await.value(FutureUdp.bind(pair.left, IpAddress.ANY_V4, 0));
      Await.value(to.join(GROUP, 0, LEFT));
      Await.value(from.multicastHopLimit(3));
      Await.value(from.multicastInterface(0));
      Await.value(from.send(bytes("wanted"), GROUP, PORT));
      assertThat(text(Await.value(to.receive()))).isEqualTo("wanted");
      assertThat(Await.value(to.filter(GROUP, 0))).isEqualTo(SourceFilter.include(LEFT));
      assertThat(Await.failure(to.join(GROUP, 7))).isInstanceOf(IllegalArgumentException.class);
      Await.value(to.leave(GROUP));
      Await.value(from.send(bytes("unwanted"), GROUP, PORT));
      Await.value(from.allowBroadcast(true));
      Await.value(from.send(bytes("to all"), IpAddress.parse("10.0.0.255"), PORT));
      assertThat(text(Await.value(to.receive()))).isEqualTo("to all");
      assertThat(Await.value(to.info()).inDatagrams()).isEqualTo(2);
      to.close();
      from.close();
      pair.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void the_kernels_sockets_join_groups_too(ThreadKind kind) throws Exception {
    int loopback = NetworkInterface.getByName("lo").getIndex();
    try (NetStack stack = NetStack.builder().port("kernel:").start();
        BlockingUdpSocket to = BlockingUdp.bind(stack, IpAddress.ANY_V4, 0);
        FutureUdpSocket from = Await.value(FutureUdp.bind(stack, IpAddress.ANY_V4, 0))) {
      to.join(GROUP, loopback);
      Await.value(from.multicastInterface(loopback));
      Await.value(from.multicastLoop(true));
      Await.value(from.send(bytes("on " + kind), GROUP, to.localPort()));
      assertThat(text(to.receive())).isEqualTo("on " + kind);
      to.leave(GROUP, loopback);
      Await.value(from.send(bytes("unheard"), GROUP, to.localPort()));
      to.timeout(Duration.ofMillis(50));
      org.assertj.core.api.Assertions.assertThatThrownBy(to::receive)
          .isInstanceOf(SocketTimeoutException.class);
    }
  }
}
