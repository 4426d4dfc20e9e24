package io.millrace.tcp;

import static io.millrace.testkit.packet.Check.tos;
import static io.millrace.testkit.packet.Check.ttl;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.ShardConfig;
import io.millrace.net.ShardMode;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an application sees, and may do. */
class TcpApiTest {
  private static final TcpConfig SMALL =
      TcpConfig.defaults().with().sendBuffer(10_000).noDelay(true).build();

  // ---- back-pressure towards the application ----

  @Test
  void sendSaysWhenTheBufferIsFullAndOnWritableWhenHalfOfItIsEmpty() {
    try (TcpWire wire = TcpWire.open(SMALL)) {
      assertThat(wire.send(9_999)).isTrue();
      assertThat(wire.send(1)).isFalse();
      assertThat(wire.connection.unacknowledgedBytes()).isEqualTo(10_000);
      wire.skip();
      wire.ack(1, 5_000);
      assertThat(wire.events).isEmpty();
      wire.ack(1, 5_001);
      assertThat(wire.events).containsExactly("writable");
      wire.ack(1, 10_001);
      assertThat(wire.events).containsExactly("writable");
      wire.skip();
    }
  }

  @Test
  void nothingIsWritableBehindAClose() {
    try (TcpWire wire = TcpWire.open(SMALL)) {
      assertThat(wire.send(10_000)).isFalse();
      wire.connection.shutdownOutput();
      wire.world.settle();
      wire.skip();
      wire.ack(1, 10_002);
      assertThat(wire.events).isEmpty();
    }
  }

  @Test
  void anApplicationThatIgnoresItIsRefusedInTheEnd() {
    try (TcpWire wire = TcpWire.open();
        Arena arena = Arena.ofConfined()) {
      WrappedBuffer buffer = WrappedBuffer.of(arena.allocate(300));
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 1_000_000; i++) {
                  wire.connection.send(buffer);
                }
              })
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("onWritable");
      wire.connection.abort();
      wire.world.settle();
      assertThat(buffer.references()).isEqualTo(1);
      wire.skip();
    }
  }

  // ---- buffers are held until they are acknowledged ----

  private static WrappedBuffer buffer(Arena arena, int size, List<String> released, String name) {
    return WrappedBuffer.of(arena.allocate(size), () -> released.add(name));
  }

  @Test
  void aBufferIsReleasedWithTheAcknowledgmentOfItsLastByte() {
    List<String> released = new ArrayList<>();
    try (TcpWire wire = TcpWire.open(SMALL);
        Arena arena = Arena.ofConfined()) {
      WrappedBuffer one = buffer(arena, 1_000, released, "one");
      WrappedBuffer two = buffer(arena, 2_000, released, "two");
      wire.connection.send(one);
      wire.connection.send(two);
      one.release();
      two.release();
      wire.world.settle();
      wire.skip();
      wire.ack(1, 1_000);
      assertThat(released).isEmpty();
      wire.ack(1, 1_001);
      assertThat(released).containsExactly("one");
      wire.ack(1, 3_000);
      assertThat(released).containsExactly("one");
      wire.skip();
      wire.ack(1, 3_001);
      assertThat(released).containsExactly("one", "two");
    }
  }

  @Test
  void aSmallBufferIsCopiedAndReleasedAtOnce() {
    List<String> released = new ArrayList<>();
    try (TcpWire wire = TcpWire.open();
        Arena arena = Arena.ofConfined()) {
      WrappedBuffer small = buffer(arena, 256, released, "small");
      wire.connection.send(small);
      small.release();
      assertThat(released).containsExactly("small");
      wire.world.settle();
      wire.outData(1, 256);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"abort", "reset", "timeout"})
  void buffersAreReleasedHoweverItEnds(String how) {
    List<String> released = new ArrayList<>();
    try (TcpWire wire = TcpWire.open();
        Arena arena = Arena.ofConfined()) {
      WrappedBuffer one = buffer(arena, 1_000, released, "one");
      wire.connection.send(one);
      one.release();
      wire.world.settle();
      switch (how) {
        case "abort" -> wire.connection.abort();
        case "reset" -> wire.in("R").seq(1).arrives();
        default -> wire.after(Duration.ofHours(1));
      }
      wire.world.settle();
      assertThat(released).containsExactly("one");
      wire.skip();
    }
  }

  @Test
  void theCallbackOfABufferMaySendAbortAndThrow() {
    List<String> released = new ArrayList<>();
    List<Runnable> actions = new ArrayList<>();
    try (TcpWire wire = TcpWire.open(SMALL);
        Arena arena = Arena.ofConfined()) {
      for (String name : List.of("send", "throw", "abort", "last")) {
        WrappedBuffer buffer =
            WrappedBuffer.of(
                arena.allocate(1_000),
                () -> {
                  released.add(name);
                  actions.removeFirst().run();
                });
        wire.connection.send(buffer);
        buffer.release();
      }
      actions.add(() -> wire.connection.send(new byte[500], 0, 500));
      actions.add(
          () -> {
            throw new IllegalStateException("on purpose");
          });
      actions.add(wire.connection::abort);
      actions.add(() -> {});
      wire.world.settle();
      wire.skip();
      wire.ack(1, 2_001);
      assertThat(released).containsExactly("send", "throw");
      wire.outData(4_001, 500);
      wire.ack(1, 3_501);
      assertThat(released).containsExactly("send", "throw", "abort", "last");
      assertThat(wire.events).containsExactly("closed ABORTED");
      wire.out("RA").seq(4_501);
      // The queues are whole: two more connections do not share one.
      wire.peerPort = 6;
      wire.handshake();
      TcpConnection first = wire.connection;
      wire.peerPort = 7;
      wire.handshake();
      first.send(new byte[] {1}, 0, 1);
      wire.send(1);
      assertThat(wire.maybeOut().decoded().payload()).containsExactly(1);
      assertThat(wire.maybeOut().decoded().payload()).containsExactly(0);
      first.abort();
    }
  }

  @Test
  void aRangeOutsideOfTheBufferIsRefused() {
    try (TcpWire wire = TcpWire.open()) {
      assertThatThrownBy(() -> wire.connection.send(new byte[5], 3, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
      wire.connection.send(new byte[5], 5, 0);
      wire.world.settle();
      wire.silence();
    }
  }

  // ---- back-pressure towards the peer ----

  @Test
  void aPausedApplicationGetsNothingUntilItResumes() {
    try (TcpWire wire = TcpWire.open()) {
      wire.connection.pauseReading();
      wire.data(1, 1_460, 1);
      wire.data(1_461, 1_460, 1);
      assertThat(wire.events).isEmpty();
      wire.connection.resumeReading();
      wire.world.settle();
      assertThat(wire.events).containsExactly("data 1460", "data 1460");
      wire.skip();
    }
  }

  @Test
  void pausingInsideOfOnDataStopsTheNextOne() {
    try (TcpWire wire = TcpWire.open()) {
      wire.connection.pauseReading();
      wire.data(1, 1_460, 1);
      wire.data(1_461, 1_460, 1);
      wire.hookAt = "data";
      wire.hook = TcpConnection::pauseReading;
      wire.connection.resumeReading();
      wire.world.settle();
      assertThat(wire.events).containsExactly("data 1460");
      wire.skip();
    }
  }

  @Test
  void theEndOfThePeersStreamWaitsForItsData() {
    try (TcpWire wire = TcpWire.open()) {
      wire.connection.pauseReading();
      wire.in("FA").seq(1).ack(1).length(10).arrives();
      wire.out("A").ack(12);
      assertThat(wire.events).isEmpty();
      wire.connection.resumeReading();
      wire.world.settle();
      assertThat(wire.events).containsExactly("data 10", "peer closed");
    }
  }

  // ---- calls from inside of handlers ----

  private static final Map<String, Consumer<TcpConnection>> CALLS =
      Map.of(
          "send", c -> c.send(new byte[700], 0, 700),
          "shutdownOutput", TcpConnection::shutdownOutput,
          "close", TcpConnection::close,
          "abort", TcpConnection::abort,
          "pauseReading", TcpConnection::pauseReading,
          "pause and resume",
              c -> {
                c.pauseReading();
                c.resumeReading();
              },
          "throw",
              c -> {
                throw new IllegalStateException("on purpose");
              });

  @TestFactory
  List<DynamicTest> everyCallFromEveryHandlerMethod() {
    List<DynamicTest> tests = new ArrayList<>();
    for (String method : List.of("connected", "data", "writable", "peer closed", "closed")) {
      for (String call : CALLS.keySet()) {
        tests.add(DynamicTest.dynamicTest(call + " in " + method, () -> callFrom(method, call)));
      }
    }
    return tests;
  }

  /** A whole connection; whatever is called, it ends once, nothing is told after that. */
  private static void callFrom(String method, String call) {
    boolean refused = method.equals("closed") && call.equals("send");
    try (TcpWire wire = TcpWire.server(SMALL)) {
      wire.world.exceptionsExpected();
      wire.hookAt = method;
      wire.hook = CALLS.get(call);
      wire.syn().arrives();
      wire.out("SA");
      wire.data(1, 10, 1);
      if (wire.connection.isSendable()) {
        wire.send(10_000);
      }
      wire.skip();
      wire.data(11, 10, 10_001);
      wire.in("FA").seq(21).ack(10_001).length(5).arrives();
      wire.in("A").seq(27).ack(10_701).arrives();
      wire.connection.resumeReading();
      wire.world.settle();
      assertThat(wire.events).contains(method.equals("closed") ? "peer closed" : "connected");
      wire.connection.abort();
      wire.world.settle();
      assertThat(wire.events.stream().filter(each -> each.startsWith("closed"))).hasSize(1);
      assertThat(wire.events.getLast()).startsWith("closed");
      assertThat(wire.tcp.connectionCount()).isZero();
      assertThat(wire.count(Counter.EXCEPTIONS)).isEqualTo(call.equals("throw") || refused ? 1 : 0);
      if (call.equals("throw")) {
        assertThat(wire.events.getLast()).isEqualTo("closed ABORTED");
      }
      // The shard lives on.
      wire.hookAt = "";
      wire.skip();
      wire.peerPort = 6_000;
      wire.handshake();
    }
  }

  @Test
  void anAcceptorThatThrowsRefuses() {
    try (TcpWire wire = TcpWire.server()) {
      wire.world.exceptionsExpected();
      wire.tcp.listen(
          null,
          81,
          c -> {
            throw new IllegalStateException("on purpose");
          },
          10);
      wire.ourPort = 81;
      wire.syn().arrives();
      wire.out("SA");
      wire.data(1, 10, 1);
      wire.out("RA").seq(1).ack(1);
      assertThat(wire.tcp.connectionCount()).isZero();
    }
  }

  @Test
  void anAcceptorThatAnswersNullRefuses() {
    try (TcpWire wire = TcpWire.server()) {
      wire.tcp.listen(null, 81, c -> null, 10);
      wire.ourPort = 81;
      wire.syn().arrives();
      wire.out("SA");
      wire.ack(1, 1);
      wire.out("RA").seq(1).ack(1);
    }
  }

  @Test
  void anAcceptorMaySendAndAbort() {
    try (TcpWire wire = TcpWire.server()) {
      wire.tcp.listen(
          null,
          81,
          c -> {
            c.send(new byte[10], 0, 10);
            return wire.new Recorder();
          },
          10);
      wire.tcp.listen(
          null,
          82,
          c -> {
            c.abort();
            return wire.new Recorder();
          },
          10);
      wire.ourPort = 81;
      wire.syn().arrives();
      wire.out("SA");
      wire.ack(1, 1);
      wire.outData(1, 10);
      wire.in("R").seq(1).arrives();
      wire.events.clear();
      wire.ourPort = 82;
      wire.syn().arrives();
      wire.out("SA");
      wire.data(1, 10, 1);
      assertThat(wire.events).containsExactly("closed ABORTED");
      wire.out("RA").seq(1);
    }
  }

  // ---- this and that ----

  @Test
  void aPortIsListenedOnOnce() {
    try (TcpWire wire = TcpWire.server()) {
      assertThatThrownBy(() -> wire.tcp.listen(null, 80, c -> null, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("port 80 is in use");
      wire.tcp.listen(IpAddress.parse(TcpWire.US), 80, c -> null, 1); // a closer match
      assertThatThrownBy(() -> wire.tcp.listen(null, 0, c -> null, 1))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> wire.tcp.listen(null, 81, c -> null, 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void theTrafficClassIsThatOfEverySegmentAfterIt() {
    try (TcpWire wire = TcpWire.open()) {
      wire.connection.trafficClass(0xb8);
      wire.send(10);
      wire.outData(1, 10).decoded().check(tos(0xb8)); // RFC 9293 §3.9.1.9 (MUST-48)
    }
  }

  @Test
  @Tag("rfc1122:3.2.1.7-4")
  void theHopLimitIsConfigured() {
    // RFC 9293 §3.9.2 (MUST-49)
    try (TcpWire wire = TcpWire.open(TcpConfig.defaults().with().hopLimit(17).build())) {
      wire.send(10);
      wire.outData(1, 10).decoded().check(ttl(17));
    }
    try (TcpWire wire = TcpWire.open()) {
      // What the link says.
      wire.send(10);
      wire.outData(1, 10).decoded().check(ttl(64));
    }
    assertThatThrownBy(() -> TcpConfig.defaults().with().hopLimit(256).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("hopLimit is 256, which is not between 0 and 255");
  }

  @Test
  void closingTheStackResetsAndTells() {
    TcpWire wire = TcpWire.open();
    wire.stack.close();
    assertThat(wire.events).containsExactly("closed STACK_CLOSED");
  }

  @Test
  void closingTheStackTellsThoseWhoHaveNotReadTheEnd() {
    TcpWire wire = TcpWire.open();
    wire.connection.pauseReading();
    wire.connection.shutdownOutput();
    wire.world.settle();
    wire.in("FA").seq(1).ack(2).length(10).arrives();
    assertThat(wire.events).isEmpty();
    wire.stack.close();
    assertThat(wire.events).hasSize(1);
    assertThat(wire.events.getFirst()).startsWith("closed");
  }

  @Test
  void aPoolOfAHundredFramesIsEnough() {
    ShardConfig tiny = ShardConfig.defaults().withMode(ShardMode.DRIVEN).withFrames(100);
    try (World world = new World(6)) {
      SimulatedLink link = world.link();
      NetStack client = world.stack(world.builder(link.port(), "10.0.0.1/24").shards(tiny));
      NetStack server = world.stack(world.builder(link.port(), "10.0.0.2/24").shards(tiny));
      Peer accepted = new Peer(100_000, 5_000, 7, 3);
      Tcp.listen(server, 80, c -> accepted);
      Peer caller = new Peer(100_000, 5_000, 3, 7);
      Tcp.of(client.shard(0)).connect(IpAddress.parse("10.0.0.2"), 80, caller);
      world.runUntil(() -> caller.reason != null && accepted.reason != null, Duration.ofMinutes(5));
      assertThat(caller.received).isEqualTo(100_000);
      assertThat(accepted.received).isEqualTo(100_000);
    }
  }

  @Test
  void thousandsOfConnectionsComeAndGo() {
    int count = 3_000;
    try (World world = new World(5)) {
      SimulatedLink link = world.link();
      NetStack client = world.stack(link, "10.0.0.1/24");
      NetStack server = world.stack(link, "10.0.0.2/24");
      int frames = server.shard(0).pool().available();
      Tcp.listen(server, 80, c -> new Peer(2_000, 500, 7, 3));
      List<Peer> peers = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Peer peer = new Peer(1_000, 100, 3, 7);
        peers.add(peer);
        Tcp.of(client.shard(0)).connect(IpAddress.parse("10.0.0.2"), 80, peer);
      }
      world.runUntil(
          () -> peers.stream().allMatch(each -> each.reason != null), Duration.ofMinutes(5));
      assertThat(peers).allMatch(each -> each.received == 2_000);
      assertThat(peers).allMatch(each -> each.reason == TcpCloseReason.NORMAL);
      world.run(Duration.ofMinutes(5));
      assertThat(Tcp.of(server.shard(0)).connectionCount()).isZero();
      assertThat(server.shard(0).pool().available()).isEqualTo(frames);
    }
  }
}
