package io.millrace.tcp;

import static io.millrace.testkit.packet.TcpOption.SACK_PERMITTED;
import static io.millrace.testkit.packet.TcpOption.TIMESTAMPS;
import static io.millrace.testkit.packet.TcpOption.WINDOW_SCALE;
import static io.millrace.testkit.packet.TcpOption.mss;
import static io.millrace.testkit.packet.TcpOption.sackPermitted;
import static io.millrace.testkit.packet.TcpOption.windowScale;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A listener whose backlog is full goes on without remembering anything (RFC 4987 §3.6). */
class TcpSynCookiesTest {
  private final TcpWire wire = TcpWire.server();

  /** The backlog of two is full of handshakes that never end. */
  @BeforeEach
  void fillTheBacklog() {
    for (int port = 1; port <= 2; port++) {
      wire.peerPort = port;
      wire.in("S").seq(0).arrives();
      wire.out("SA");
    }
    wire.peerPort = 5_000;
  }

  @AfterEach
  void close() {
    wire.close();
  }

  private long count(Counter counter) {
    return wire.stack.count(counter);
  }

  @Test
  void aSynIsAnsweredAllTheSameAndTheAckOpensTheConnection() {
    wire.in("S").seq(0).mss(1_460).arrives();
    wire.out("SA").seq(0).ack(1).has(mss(1_460));
    wire.in("A").seq(1).ack(1).arrives();
    assertThat(wire.events).containsExactly("connected");
    wire.in("A").seq(1).ack(1).length(100).arrives();
    assertThat(wire.received).hasSize(100);
    wire.send(1_000);
    wire.out("PA").seq(1).length(1_000);
    assertThat(count(Counter.TCP_COOKIES_OUT)).isEqualTo(1);
    assertThat(count(Counter.TCP_COOKIES_IN)).isEqualTo(1);
    assertThat(wire.dropped(DropReason.TCP_BACKLOG_FULL)).isZero();
  }

  @Test
  void theAnswerIsSentOnceAndNothingIsRemembered() {
    wire.in("S").seq(0).arrives();
    wire.skip();
    int connections = wire.tcp.connectionCount();
    wire.listener.stopAccepting();
    wire.world.run(Duration.ofSeconds(20));
    // What is repeated are the two handshakes in the backlog.
    Set<Integer> ports = new HashSet<>();
    for (TcpWire.Out out = wire.maybeOut(); out != null; out = wire.maybeOut()) {
      ports.add(out.destinationPort());
    }
    assertThat(ports).isSubsetOf(1, 2);
    assertThat(wire.tcp.connectionCount()).isEqualTo(connections);
  }

  @Test
  void dataThatComesWithTheAckIsDelivered() {
    wire.in("S").seq(0).arrives();
    wire.out("SA");
    wire.in("A").seq(1).ack(1).length(50).arrives();
    assertThat(wire.received).hasSize(50);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 536",
    "100, 536",
    "536, 536",
    "1219, 536",
    "1220, 1220",
    "1300, 1300",
    "1400, 1380",
    "1439, 1420",
    "1440, 1440",
    "1459, 1440",
    "1460, 1460",
    "9000, 1460"
  })
  void theSegmentSizeIsRememberedDownToTheNextUsualOne(int offered, int used) {
    TcpWire.In syn = wire.in("S").seq(0);
    if (offered != 0) {
      syn.mss(offered);
    }
    syn.arrives();
    wire.out("SA");
    wire.in("A").seq(1).ack(1).arrives();
    wire.send(2_000);
    wire.outData(1, used);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 14})
  void withTimestampsTheOtherOptionsAreRememberedToo(int shift) {
    wire.withTimestamps();
    wire.in("S").seq(0).mss(1_460).option(sackPermitted()).option(windowScale(shift)).arrives();
    wire.out("SA").has(sackPermitted()).has(windowScale(3)).echoes(wire.peerClock);
    wire.peerWindow = 100;
    wire.in("A").seq(1).ack(1).arrives();
    assertThat(wire.events).containsExactly("connected");
    wire.send(10_000);
    int most = Math.min(100 << shift, 1_448);
    wire.outData(1, most);
    wire.skip();
    // SACK: a gap is told.
    wire.in("A").seq(101).ack(1).length(10).arrives();
    wire.out("A").sack(101, 111);
  }

  @Test
  void theTimestampNeverRunsAheadOfTheConnectionsOwn() {
    wire.withTimestamps();
    for (int i = 0; i < 200; i++) {
      wire.peerPort = 6_000 + i;
      wire.in("S").seq(0).option(sackPermitted()).option(windowScale(14)).arrives();
      wire.out("SA");
      long first = wire.ourTimestamp;
      wire.in("A").seq(1).ack(1).length(1).arrives();
      wire.send(1);
      wire.skipTo("PA");
      assertThat((int) (wire.ourTimestamp - first)).isBetween(0, 64);
      wire.skip();
      wire.world.clock().advance(Duration.ofMillis(1));
    }
  }

  @Test
  void withoutTimestampsNothingIsAgreedOnThatCannotBeRemembered() {
    wire.in("S").seq(0).option(sackPermitted()).option(windowScale(7)).arrives();
    wire.out("SA").hasNo(WINDOW_SCALE).hasNo(SACK_PERMITTED).hasNo(TIMESTAMPS);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 30, 59})
  void aCookieIsGoodForAMinute(int seconds) {
    wire.in("S").seq(0).arrives();
    wire.out("SA");
    wire.world.run(Duration.ofSeconds(seconds));
    wire.skip();
    wire.in("A").seq(1).ack(1).arrives();
    assertThat(wire.events).containsExactly("connected");
  }

  @ParameterizedTest
  @ValueSource(ints = {120, 1_000, 32 * 60})
  void afterTwoMinutesItIsGoodNoMore(int seconds) {
    wire.in("S").seq(0).arrives();
    wire.out("SA");
    wire.world.run(Duration.ofSeconds(seconds));
    wire.skip();
    wire.in("A").seq(1).ack(1).arrives();
    wire.out("R").seq(1);
    assertThat(wire.events).isEmpty();
  }

  @Test
  void itIsGoodNoMoreWhenItsMinuteComesRoundAgain() {
    wire.in("S").seq(0).arrives();
    wire.out("SA");
    long cookie = wire.ourIss;
    wire.world.run(Duration.ofMinutes(32));
    wire.skip();
    fillTheBacklog();
    wire.in("S").seq(500).arrives();
    wire.out("SA");
    assertThat(count(Counter.TCP_COOKIES_OUT)).as("there is a flood again").isEqualTo(2);
    wire.ourIss = cookie;
    wire.in("A").seq(1).ack(1).arrives();
    wire.out("R").seq(1);
    assertThat(wire.events).isEmpty();
  }

  @Test
  void guessesAreAnsweredWithAReset() {
    wire.in("S").seq(0).arrives();
    wire.out("SA");
    Random random = new Random(7);
    for (int i = 0; i < 2_000; i++) {
      long guess = random.nextInt(1, Integer.MAX_VALUE);
      wire.in("A").seq(1).ack(1 + guess).arrives();
      wire.out("R").seq(1 + guess);
    }
    assertThat(wire.events).isEmpty();
    assertThat(count(Counter.TCP_COOKIES_FAILED)).isEqualTo(2_000);
    wire.in("A").seq(1).ack(1).arrives();
    assertThat(wire.events).containsExactly("connected");
  }

  @Test
  void aCookieIsForOnePairOfPortsAndOneNumberOfThePeer() {
    wire.in("S").seq(0).arrives();
    wire.out("SA");
    wire.peerPort = 5_001;
    wire.in("A").seq(1).ack(1).arrives();
    wire.out("R").seq(1);
    wire.peerPort = 5_000;
    wire.in("A").seq(2).ack(1).arrives();
    wire.out("R").seq(1);
    assertThat(wire.events).isEmpty();
  }

  @Test
  void whileTheBacklogWasNeverFullAnAckIsNoCookie() {
    try (TcpWire calm = TcpWire.server()) {
      calm.in("A").seq(1).ack(1).arrives();
      calm.out("R");
      assertThat(calm.stack.count(Counter.TCP_COOKIES_FAILED)).isZero();
    }
  }

  @Test
  void whoWantsNoneHasSynsDropped() {
    try (TcpWire strict = TcpWire.server(TcpConfig.defaults().with().synCookies(false).build())) {
      for (int port = 1; port <= 3; port++) {
        strict.peerPort = port;
        strict.in("S").seq(0).arrives();
      }
      assertThat(strict.skip()).isEqualTo(2);
      assertThat(strict.dropped(DropReason.TCP_BACKLOG_FULL)).isEqualTo(1);
    }
  }

  @Test
  void aFloodLeavesRoomForWhoMeansIt() {
    Random random = new Random(1);
    int honest = 0;
    for (int i = 0; i < 20_000; i++) {
      wire.peerPort = 1_024 + random.nextInt(60_000);
      wire.in("S").seq(0).mss(1_460).arrives();
      if (i % 1_000 == 999) {
        wire.skip();
        wire.peerPort = 65_000 + honest;
        wire.in("S").seq(0).mss(1_460).arrives();
        wire.out("SA");
        wire.in("A").seq(1).ack(1).arrives();
        honest++;
      }
      wire.skip();
    }
    assertThat(wire.tcp.connectionCount()).isEqualTo(honest);
  }
}
