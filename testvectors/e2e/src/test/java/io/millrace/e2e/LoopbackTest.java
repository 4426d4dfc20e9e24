package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Buffer;
import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.filter.Hook;
import io.millrace.filter.Verdict;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ipv4.Ping;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetInterface;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A stack that talks to itself: to its own addresses, 127/8 and ::1, from any shard to any. */
class LoopbackTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String OURS = "10.0.0.1";
  private static final String OURS_IPV6 = "2001:db8::1";

  private final World world = new World(5);
  private final SimulatedLink link = world.link();
  private final List<byte[]> wire = new ArrayList<>();
  private final Arena arena = Arena.ofConfined();

  LoopbackTest() {
    link.tap((sender, frame, nanos) -> wire.add(frame));
  }

  @AfterEach
  void close() {
    world.close();
    arena.close();
  }

  private NetStack.Builder builder(int shards) {
    return world
        .builder(link.port(), OURS + "/24", OURS_IPV6 + "/64", "fe80::1/64")
        .with(Ipv6Autoconf.defaults().withDadTransmits(0))
        .shards(shards);
  }

  /** A stack whose addresses are settled, on a wire that has fallen silent. */
  private NetStack stack(int shards) {
    NetStack stack = world.stack(builder(shards));
    world.run(Duration.ofSeconds(30));
    wire.clear();
    return stack;
  }

  private WrappedBuffer buffer(int size) {
    return WrappedBuffer.of(arena.allocate(size).fill((byte) 0x5a));
  }

  private static List<Integer> available(NetStack stack) {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < stack.shardCount(); i++) {
      all.add(stack.shard(i).pool().available());
    }
    return all;
  }

  @Tag("rfc1122:3.2.1.3-5")
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 1",
    "127.0.0.1, 3",
    "127.9.8.7, 3",
    OURS + ", 1",
    OURS + ", 3",
    "::1, 1",
    "::1, 3",
    OURS_IPV6 + ", 3",
    "fe80::1%1, 1",
    "fe80::1%1, 3"
  })
  void connections_reach_listeners_on_any_shard(String address, int shards) {
    NetStack stack = stack(shards);
    List<Integer> before = available(stack);
    Tcp.listen(stack, 80, connection -> new Echo());
    List<Talker> talkers = new ArrayList<>();
    for (int i = 0; i < 4 * shards; i++) {
      Talker talker = new Talker(buffer(50_000));
      Tcp.of(stack.shard(i % shards)).connect(IpAddress.parse(address), 80, talker);
      talkers.add(talker);
    }
    world.runUntil(() -> talkers.stream().allMatch(each -> each.received.size() == 50_000), LIMIT);
    talkers.forEach(each -> each.connection.abort());
    world.run(Duration.ofSeconds(5));
    assertThat(wire).as("on the wire").isEmpty();
    assertThat(available(stack)).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 1",
    "127.0.0.1, 3",
    OURS + ", 3",
    "::1, 1",
    "::1, 3",
    OURS_IPV6 + ", 3",
    "fe80::1%1, 3"
  })
  void datagrams_of_any_size_reach_sockets_on_any_shard(String address, int shards) {
    NetStack stack = stack(shards);
    List<Integer> before = available(stack);
    List<IpAddress> from = new ArrayList<>();
    for (int i = 0; i < shards; i++) {
      Udp.of(stack.shard(i))
          .bind(
              7 + i,
              (socket, data, hi, lo, port) -> {
                from.add(new IpAddress(hi, lo));
                socket.sendTo(hi, lo, port, data);
              });
    }
    List<Integer> answers = new ArrayList<>();
    UdpSocket socket =
        Udp.of(stack.shard(0)).bind(0, (s, data, hi, lo, port) -> answers.add(data.length()));
    IpAddress to = IpAddress.parse(address);
    for (int i = 0; i < shards; i++) {
      answers.clear();
      socket.sendTo(to, 7 + i, buffer(20), 0, 20);
      world.runUntil(() -> answers.equals(List.of(20)), LIMIT);
      socket.sendTo(to, 7 + i, buffer(8_000), 0, 8_000);
      world.runUntil(() -> answers.equals(List.of(20, 8_000)), LIMIT);
    }
    assertThat(from).containsOnly(to);
    assertThat(wire).as("on the wire").isEmpty();
    assertThat(available(stack)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", OURS, "::1", OURS_IPV6})
  void a_port_that_nobody_has_is_unreachable(String address) {
    NetStack stack = stack(2);
    List<IcmpError> errors = new ArrayList<>();
    UdpSocket socket =
        Udp.of(stack.shard(0))
            .bind(
                0,
                new UdpHandler() {
                  @Override
                  public void onDatagram(UdpSocket s, Frame data, long hi, long lo, int port) {}

                  @Override
                  public void onError(UdpSocket s, IcmpError error, long hi, long lo, int port) {
                    errors.add(error);
                  }
                });
    socket.sendTo(IpAddress.parse(address), 9, buffer(20), 0, 20);
    world.runUntil(() -> errors.equals(List.of(IcmpError.PORT_UNREACHABLE)), LIMIT);
    assertThat(wire).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", OURS})
  void pings_are_answered(String address) {
    NetStack stack = stack(3);
    List<Integer> replies = new ArrayList<>();
    Ping.Handler handler =
        new Ping.Handler() {
          @Override
          public void onReply(IpAddress from, int sequence, int bytes, int ttl, long roundTrip) {
            replies.add(bytes);
          }

          @Override
          public void onError(IpAddress from, int sequence, IcmpError error) {}
        };
    Ping ping = Ping.open(stack.shard(2), IpAddress.parse(address), handler);
    ping.send(1, 56, 64, true, world.now());
    ping.send(2, 5_000, 64, false, world.now());
    world.runUntil(() -> replies.equals(List.of(56, 5_000)), LIMIT);
    assertThat(wire).isEmpty();
  }

  @Test
  void a_socket_of_the_loopback_address_reaches_nobody_outside() {
    NetStack stack = stack(1);
    UdpSocket socket =
        Udp.of(stack.shard(0)).bind(IpAddress.parse("127.0.0.1"), 0, (s, d, hi, lo, port) -> {});
    socket.sendTo(IpAddress.parse("10.0.0.9"), 9, buffer(20), 0, 20);
    world.run(Duration.ofSeconds(5));
    assertThat(wire).isEmpty();
  }

  @Test
  void the_queue_is_bounded_and_what_does_not_fit_is_counted() {
    NetStack stack = stack(1);
    Shard shard = stack.shard(0);
    int before = shard.pool().available();
    int[] received = {0};
    Udp.of(shard).bind(7, (s, data, hi, lo, port) -> received[0]++);
    UdpSocket socket = Udp.of(shard).bind(0, (s, data, hi, lo, port) -> {});
    int room = shard.loopback().transmitRoom();
    IpAddress to = IpAddress.parse("127.0.0.1");
    WrappedBuffer one = buffer(1);
    int sent = 0;
    for (int i = 0; i < 2 * room; i++) {
      sent += socket.sendTo(to, 7, one, 0, 1) == SendResult.SENT ? 1 : 0;
    }
    world.settle();
    assertThat(received[0]).isEqualTo(sent).isLessThanOrEqualTo(room);
    assertThat(shard.pool().available()).isEqualTo(before);
  }

  @Test
  void what_a_handler_sends_to_itself_is_never_received_inside_it() {
    NetStack stack = stack(1);
    Shard shard = stack.shard(0);
    int[] depth = {0, 0, 0};
    UdpSocket[] self = {null};
    self[0] =
        Udp.of(shard)
            .bind(
                7,
                (socket, data, hi, lo, port) -> {
                  depth[0]++;
                  depth[1] = Math.max(depth[1], depth[0]);
                  if (depth[2]++ < 100) {
                    socket.sendTo(hi, lo, 7, data);
                  }
                  depth[0]--;
                });
    self[0].sendTo(IpAddress.parse("::1"), 7, buffer(1), 0, 1);
    world.settle();
    assertThat(depth).containsExactly(0, 1, 101);
  }

  @Test
  void a_filter_sees_what_goes_out_and_comes_in() {
    NetStack stack = stack(1);
    List<Integer> hooks = new ArrayList<>();
    stack.filter(
        shard ->
            (frame, at, hook, now) -> {
              assertThat(at).isSameAs(shard.loopback());
              hooks.add(hook);
              return Verdict.ACCEPT;
            });
    int[] received = {0};
    Udp.of(stack.shard(0)).bind(7, (s, data, hi, lo, port) -> received[0]++);
    UdpSocket socket = Udp.of(stack.shard(0)).bind(0, (s, data, hi, lo, port) -> {});
    socket.sendTo(IpAddress.parse("127.0.0.1"), 7, buffer(1), 0, 1);
    world.settle();
    assertThat(received[0]).isEqualTo(1);
    assertThat(hooks)
        .containsExactly(Hook.LOCAL_OUT, Hook.POST_ROUTING, Hook.PRE_ROUTING, Hook.LOCAL_IN);
  }

  @Test
  void switched_off_there_is_no_way_to_ourselves() {
    NetStack stack = world.stack(builder(1).loopback(false));
    world.run(Duration.ofSeconds(30));
    Shard shard = stack.shard(0);
    assertThat(shard.loopback()).isNull();
    for (String each : List.of("127.0.0.1", OURS, "::1", OURS_IPV6)) {
      IpAddress to = IpAddress.parse(each);
      assertThat(shard.route(0, to.isV4() ? IpAddress.ANY_V4.lo() : 0, to.hi(), to.lo()))
          .as(each)
          .isNull();
    }
    assertThatThrownBy(
            () -> Udp.of(shard).bind(IpAddress.parse("127.0.0.1"), 7, (s, d, hi, lo, p) -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void one_datagram_is_as_large_as_a_standard_frame_holds() {
    NetStack stack = stack(1);
    NetInterface loopback = stack.shard(0).loopback();
    assertThat(loopback.mtu()).isGreaterThanOrEqualTo(1500);
    assertThat(stack.shard(0).interfaceCount()).isEqualTo(1);
    int[] received = {0};
    Udp.of(stack.shard(0)).bind(7, (s, data, hi, lo, port) -> received[0] += data.length());
    UdpSocket socket = Udp.of(stack.shard(0)).bind(0, (s, data, hi, lo, port) -> {});
    socket.sendTo(IpAddress.parse("127.0.0.1"), 7, buffer(9_000), 0, loopback.mtu() - 28);
    world.settle();
    assertThat(received[0]).isEqualTo(loopback.mtu() - 28);
    assertThat(stack.dropped(DropReason.NO_FRAME)).isZero();
    assertThat(stack.count(Counter.IP_FRAG_OKS)).isZero();
  }

  private static final class Echo implements TcpHandler {
    @Override
    public void onData(TcpConnection c, Buffer data) {
      c.send(data);
    }
  }

  private static final class Talker implements TcpHandler {
    private final WrappedBuffer data;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private TcpConnection connection;

    Talker(WrappedBuffer data) {
      this.data = data;
    }

    @Override
    public void onConnected(TcpConnection c) {
      connection = c;
      c.send(data);
    }

    @Override
    public void onData(TcpConnection c, Buffer more) {
      received.writeBytes(more.toByteArray());
    }
  }
}
