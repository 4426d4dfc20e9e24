package io.millrace.e2e.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.udp.AddressInUseException;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** UDP as an application sees it. */
class UdpContractTest extends SocketContract {
  private final Listener client = new Listener();
  private final Listener server = new Listener();
  private int port;

  @BeforeEach
  void choosePort() {
    port = ends.newPort();
  }

  /** Writes down what a socket's handler is told. */
  private static class Listener implements UdpHandler {
    final List<byte[]> received = new ArrayList<>();
    final List<IcmpError> errors = new ArrayList<>();
    IpAddress source;
    int sourcePort;

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int from) {
      received.add(data.toByteArray());
      source = new IpAddress(hi, lo);
      sourcePort = from;
    }

    @Override
    public void onError(UdpSocket socket, IcmpError error, long hi, long lo, int remotePort) {
      errors.add(error);
    }

    List<String> texts() {
      return received.stream().map(String::new).toList();
    }
  }

  private Udp clientUdp() {
    return Udp.of(ends.client());
  }

  private Udp serverUdp() {
    return Udp.of(ends.server());
  }

  private SendResult send(UdpSocket socket, String text) {
    return socket.sendTo(ends.serverAddress(), port, buffer(text), 0, text.length());
  }

  private UdpSocket connected() {
    UdpSocket socket = clientUdp().bind(0, client);
    socket.connect(ends.serverAddress(), port);
    return socket;
  }

  @Test
  void datagrams_keep_their_boundaries_and_empty_ones_arrive() {
    serverUdp().bind(port, server);
    UdpSocket socket = clientUdp().bind(0, client);
    for (String text : List.of("one", "", "three")) {
      assertThat(send(socket, text)).isEqualTo(SendResult.SENT);
      int count = server.received.size() + 1;
      ends.until("it comes", () -> server.received.size() == count);
    }
    assertThat(server.texts()).containsExactly("one", "", "three");
    assertThat(server.source).isEqualTo(ends.clientAddress());
    assertThat(server.sourcePort).isEqualTo(socket.localPort());
  }

  @Test
  void an_answer_finds_its_way_back() {
    serverUdp().bind(port, (s, data, hi, lo, from) -> s.sendTo(hi, lo, from, data));
    UdpSocket socket = connected();
    assertThat(socket.send(buffer("ping"))).isEqualTo(SendResult.SENT);
    ends.until("the echo", () -> client.texts().equals(List.of("ping")));
    assertThat(client.source).isEqualTo(ends.serverAddress());
    assertThat(client.sourcePort).isEqualTo(port);
  }

  @Test
  void a_received_datagram_can_be_kept_and_sent_on() {
    List<Frame> kept = new ArrayList<>();
    serverUdp()
        .bind(
            port,
            (s, data, hi, lo, from) -> {
              if (kept.isEmpty()) {
                data.retain();
                kept.add(data);
              } else {
                data.retain();
                assertThat(s.sendFrame(data, hi, lo, from)).isEqualTo(SendResult.SENT);
                assertThat(kept.getFirst().toByteArray()).isEqualTo(bytes("first"));
                kept.getFirst().release();
              }
            });
    UdpSocket socket = connected();
    socket.send(buffer("first"));
    ends.until("the first is kept", () -> !kept.isEmpty());
    socket.send(buffer("second"));
    ends.until("the second comes back", () -> client.texts().equals(List.of("second")));
  }

  @Test
  void a_datagram_can_be_built_in_a_frame() {
    serverUdp().bind(port, server);
    UdpSocket socket = connected();
    Frame frame = socket.newDatagram();
    byte[] content = bytes("built in place");
    io.millrace.buf.Bytes.copyIn(content, 0, frame.append(content.length), content.length);
    assertThat(socket.sendFrame(frame)).isEqualTo(SendResult.SENT);
    Frame header = socket.newDatagram();
    io.millrace.buf.Bytes.copyIn(content, 0, header.append(6), 6);
    var body = buffer("and a tail".repeat(50));
    header.tail(body, body.address(), body.length());
    assertThat(socket.sendFrame(header, ends.serverAddress().hi(), ends.serverAddress().lo(), port))
        .isEqualTo(SendResult.SENT);
    ends.until("both come", () -> server.received.size() == 2);
    assertThat(server.texts())
        .containsExactly("built in place", "built " + "and a tail".repeat(50));
    assertThat(body.references()).isEqualTo(1);
  }

  @Test
  void the_largest_datagram_arrives_whole_and_a_larger_one_is_refused() {
    int largest = ends.largestDatagram();
    byte[] content = new byte[largest];
    new SplittableRandom(1).nextBytes(content);
    serverUdp().bind(port, server);
    UdpSocket socket = connected();
    // Its fragments would be too many to wait until the server's address is resolved.
    socket.send(buffer("are you there?"));
    ends.until("the small one comes", () -> server.received.size() == 1);
    assertThat(socket.send(buffer(content))).isEqualTo(SendResult.SENT);
    ends.until("the large one, too", () -> server.received.size() == 2);
    assertThat(server.received.getLast()).isEqualTo(content);
    assertThat(socket.send(buffer(new byte[largest + 1]))).isEqualTo(SendResult.TOO_BIG);
  }

  @Test
  void a_connected_socket_hears_its_peer_only() {
    UdpSocket socket = clientUdp().bind(0, client);
    UdpSocket peer = serverUdp().bind(port, server);
    UdpSocket stranger = serverUdp().bind(0, server);
    socket.connect(ends.serverAddress(), port);
    assertThat(socket.remoteAddress()).isEqualTo(ends.serverAddress());
    assertThat(socket.remotePort()).isEqualTo(port);
    assertThat(socket.localAddress()).isEqualTo(ends.clientAddress());
    stranger.sendTo(ends.clientAddress(), socket.localPort(), buffer("stranger"), 0, 8);
    peer.sendTo(ends.clientAddress(), socket.localPort(), buffer("peer"), 0, 4);
    ends.until("the peer's comes", () -> !client.received.isEmpty());
    ends.settle();
    assertThat(client.texts()).containsExactly("peer");

    socket.disconnect();
    assertThat(socket.remoteAddress()).isNull();
    assertThatThrownBy(() -> socket.send(buffer("x"))).isInstanceOf(IllegalStateException.class);
    stranger.sendTo(ends.clientAddress(), socket.localPort(), buffer("stranger"), 0, 8);
    ends.until("now the stranger's comes", () -> client.received.size() == 2);
  }

  @Test
  void an_unreachable_port_is_told_to_a_connected_socket() {
    UdpSocket socket = connected();
    socket.send(buffer("is anybody there?"));
    ends.until("the answer", () -> !client.errors.isEmpty());
    assertThat(client.errors).containsOnly(IcmpError.PORT_UNREACHABLE);
    assertThat(socket.isOpen()).isTrue();
    serverUdp().bind(port, server);
    assertThat(socket.send(buffer("now?"))).isEqualTo(SendResult.SENT);
    ends.until("it comes", () -> server.texts().contains("now?"));
  }

  @Test
  void a_taken_port_is_refused_and_free_ports_differ() {
    serverUdp().bind(port, server);
    assertThatThrownBy(() -> serverUdp().bind(port, server))
        .isInstanceOf(AddressInUseException.class)
        .hasMessageContaining("" + port);
    Set<Integer> ports = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      ports.add(serverUdp().bind(0, server).localPort());
    }
    assertThat(ports).hasSize(50).doesNotContain(port, 0);
    assertThat(serverUdp().socketCount()).isEqualTo(51);
  }

  @Test
  void a_port_may_be_shared_by_those_who_agree() {
    UdpSocket one = serverUdp().bindShared(Udp.ANY, port, server);
    UdpSocket two = serverUdp().bindShared(Udp.ANY, port, server);
    assertThat(one.localPort()).isEqualTo(two.localPort()).isEqualTo(port);
    assertThatThrownBy(() -> serverUdp().bind(port, server))
        .isInstanceOf(AddressInUseException.class);
  }

  @Test
  void a_foreign_address_is_refused() {
    assertThatThrownBy(() -> clientUdp().bind(IpAddress.parse("203.0.113.7"), 0, client))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("203.0.113.7");
  }

  @Tag("rfc1122:3.3.4.2-2")
  @Tag("rfc1122:4.1.3.5-2")
  @Test
  void a_socket_on_one_address_has_it() {
    UdpSocket socket = serverUdp().bind(ends.serverAddress(), port, server);
    assertThat(socket.localAddress()).isEqualTo(ends.serverAddress());
    connected().send(buffer("x"));
    ends.until("it comes", () -> server.texts().equals(List.of("x")));
  }

  @Test
  void broadcasting_needs_a_permission() {
    assumeTrue(ends.clientAddress().isV4(), "IPv6 has no broadcast");
    UdpSocket socket = clientUdp().bind(IpAddress.ANY_V4, 0, client);
    var data = buffer("to all");
    assertThat(socket.sendTo(ends.broadcastAddress(), port, data, 0, data.length()))
        .isEqualTo(SendResult.NOT_PERMITTED);
    socket.allowBroadcast(true);
    assertThat(socket.sendTo(ends.broadcastAddress(), port, data, 0, data.length()))
        .isEqualTo(SendResult.SENT);
  }

  // ---- groups ----

  private IpAddress any() {
    return ends.clientAddress().isV4() ? IpAddress.ANY_V4 : Udp.ANY;
  }

  private IpAddress group() {
    return IpAddress.parse(ends.clientAddress().isV4() ? "239.1.2.3" : "ff1e::1234");
  }

  private UdpSocket toGroups() {
    assumeTrue(
        ends.clientInterface() >= 0 && ends.serverInterface() >= 0,
        "java.net does not see a device with addresses of IPv6 in a network namespace");
    UdpSocket socket = clientUdp().bind(any(), 0, client);
    socket.multicastHopLimit(1);
    return socket.multicastInterface(ends.clientInterface());
  }

  private void sendToGroup(UdpSocket socket, String text) {
    var data = buffer(text);
    assertThat(socket.sendTo(group(), port, data, 0, data.length())).isEqualTo(SendResult.SENT);
  }

  @Test
  void a_group_is_heard_from_joining_to_leaving() {
    UdpSocket socket = toGroups();
    UdpSocket listener = serverUdp().bind(any(), port, server);
    sendToGroup(socket, "too early");
    ends.settle();
    listener.join(group(), ends.serverInterface());
    ends.settle();
    sendToGroup(socket, "in time");
    ends.until("it comes", () -> server.texts().equals(List.of("in time")));
    assertThat(server.source).isEqualTo(ends.clientAddress());
    listener.leave(group(), ends.serverInterface());
    sendToGroup(socket, "too late");
    ends.settle();
    assertThat(server.texts()).containsExactly("in time");
  }

  @Test
  void a_group_is_heard_from_the_sources_that_are_wanted() {
    UdpSocket socket = toGroups();
    UdpSocket listener = serverUdp().bind(any(), port, server);
    int on = ends.serverInterface();
    listener.join(group(), on, ends.silentAddress());
    boolean loopback = ends.silentAddress().equals(ends.clientAddress());
    listener.join(group(), on, ends.clientAddress());
    ends.settle();
    sendToGroup(socket, "wanted");
    ends.until("it comes", () -> server.texts().equals(List.of("wanted")));
    listener.leave(group(), on, ends.clientAddress());
    sendToGroup(socket, "unwanted");
    ends.settle();
    if (!loopback) {
      listener.leave(group(), on, ends.silentAddress());
    }
    listener.join(group(), on);
    listener.block(group(), on, ends.clientAddress());
    sendToGroup(socket, "blocked");
    ends.settle();
    listener.unblock(group(), on, ends.clientAddress());
    sendToGroup(socket, "unblocked");
    ends.until("it comes", () -> server.texts().contains("unblocked"));
    assertThat(server.texts()).containsExactly("wanted", "unblocked");
    listener.leave(group(), on);
  }

  @Test
  void a_socket_tells_what_it_has_done() {
    UdpSocket listener = serverUdp().bind(port, server);
    UdpSocket socket = connected();
    socket.send(buffer("four"));
    socket.send(buffer("seven!!"));
    socket.send(buffer(new byte[70_000]));
    ends.until("both come", () -> server.received.size() == 2);
    assertThat(listener.info().inDatagrams()).isEqualTo(2);
    assertThat(listener.info().inOctets()).isEqualTo(11);
    assertThat(socket.info().outDatagrams()).isEqualTo(2);
    assertThat(socket.info().outOctets()).isEqualTo(11);
    assertThat(socket.info().outRefused()).isEqualTo(1);
    assertThat(socket.info().remotePort()).isEqualTo(port);
    assertThat(listener.info().remoteAddress()).isNull();
  }

  @Test
  void what_a_handler_throws_leaves_the_socket_open() {
    ends.expectExceptions(1);
    serverUdp()
        .bind(
            port,
            (s, data, hi, lo, from) -> {
              server.onDatagram(s, data, hi, lo, from);
              if (server.received.size() == 1) {
                throw new IllegalStateException("thrown on purpose");
              }
            });
    UdpSocket socket = connected();
    socket.send(buffer("boom"));
    ends.until("the first comes", () -> server.received.size() == 1);
    socket.send(buffer("alive"));
    ends.until("the second, too", () -> server.texts().equals(List.of("boom", "alive")));
  }

  @Test
  void a_closed_socket_hears_nothing_and_sends_nothing() {
    UdpSocket closed = serverUdp().bind(port, server);
    closed.close();
    closed.close();
    assertThat(closed.isOpen()).isFalse();
    assertThatThrownBy(() -> send(closed, "x")).isInstanceOf(IllegalStateException.class);
    UdpSocket socket = clientUdp().bind(0, client);
    assertThat(send(socket, "x")).isEqualTo(SendResult.SENT);
    ends.settle();
    assertThat(server.received).isEmpty();
    serverUdp().bind(port, server); // the port is free again
  }

  @Test
  void a_socket_may_be_closed_from_inside_its_handler() {
    serverUdp()
        .bind(
            port,
            (s, data, hi, lo, from) -> {
              server.onDatagram(s, data, hi, lo, from);
              s.close();
            });
    UdpSocket socket = clientUdp().bind(0, client);
    send(socket, "one");
    send(socket, "two");
    ends.until("the first comes", () -> !server.received.isEmpty());
    ends.settle();
    assertThat(server.texts()).containsExactly("one");
  }

  @Test
  void impossible_ports_are_refused() {
    UdpSocket socket = clientUdp().bind(0, client);
    assertThatThrownBy(() -> socket.sendTo(ends.serverAddress(), 0, buffer("x"), 0, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> clientUdp().bind(65_536, client))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> socket.send(buffer("x"))).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_burst_arrives_in_order_as_far_as_it_arrives() {
    serverUdp().bind(port, server);
    UdpSocket socket = connected();
    for (int i = 0; i < 1_000; i++) {
      var data = buffer("" + i);
      ends.until("there is room", () -> socket.send(data) == SendResult.SENT);
      if (i % 32 == 31) {
        ends.turn();
      }
    }
    ends.settle();
    List<Integer> numbers = server.texts().stream().map(Integer::valueOf).toList();
    assertThat(numbers).isSorted().doesNotHaveDuplicates().hasSizeGreaterThan(100);
  }
}
