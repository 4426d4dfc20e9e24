package io.millrace.tcp;

import static io.millrace.testkit.packet.TcpOption.mss;
import static io.millrace.testkit.packet.TcpOption.timestamps;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** TIME-WAIT: RFC 9293 §3.6.1 and §3.10.7.4, RFC 1337, RFC 6191. */
class TcpTimeWaitTest {
  private static final Duration ALMOST = Duration.ofSeconds(60).minusMillis(1);

  /** A connection that we closed first, the peer's last number being 1 (its FIN). */
  private static TcpWire timeWait(TcpWire wire) {
    wire.connection.shutdownOutput();
    wire.world.settle();
    wire.out("FA");
    wire.in("FA").seq(1).ack(2).arrives();
    wire.out("A").seq(2).ack(2);
    assertThat(wire.tcp.timeWaitCount()).isEqualTo(1);
    wire.afterMillis(5); // answers are limited to one a millisecond
    return wire;
  }

  private static TcpWire timeWait() {
    return timeWait(TcpWire.open());
  }

  @Test
  void itLastsSixtySeconds() {
    try (TcpWire wire = timeWait()) {
      wire.after(ALMOST.minusMillis(5));
      assertThat(wire.tcp.timeWaitCount()).isEqualTo(1);
      wire.afterMillis(1);
      assertThat(wire.tcp.timeWaitCount()).isZero();
    }
  }

  @Test
  void aFinAgainIsAcknowledgedAndStartsTheTimeAnew() {
    try (TcpWire wire = timeWait()) {
      wire.after(Duration.ofSeconds(30));
      wire.in("FA").seq(1).ack(2).arrives();
      wire.out("A").seq(2).ack(2);
      wire.after(ALMOST);
      assertThat(wire.tcp.timeWaitCount()).isEqualTo(1);
      wire.afterMillis(1);
      assertThat(wire.tcp.timeWaitCount()).isZero();
    }
  }

  @Test
  void aResetDoesNotEndIt() {
    try (TcpWire wire = timeWait()) {
      wire.in("R").seq(2).arrives(); // RFC 1337 §3, fix F1
      wire.silence();
      assertThat(wire.tcp.timeWaitCount()).isEqualTo(1);
    }
  }

  @Test
  void oldSegmentsAreAcknowledgedAndPureAcksAreNot() {
    try (TcpWire wire = timeWait()) {
      wire.data(1, 10, 2);
      wire.out("A").seq(2).ack(2);
      wire.afterMillis(5);
      wire.ack(2, 2);
      wire.silence();
    }
  }

  @Test
  void atMostOneAnswerIsSentEachMillisecond() {
    try (TcpWire wire = timeWait()) {
      for (int i = 0; i < 10; i++) {
        wire.data(1, 10, 2);
      }
      wire.out("A");
      wire.silence();
    }
  }

  @Test
  void aSynWithAHigherNumberOpensANewConnection() {
    try (TcpWire wire = timeWait()) {
      long old = wire.ourIss;
      wire.in("S").seq(2).mss(1460).arrives(); // the first number that was never used
      long iss = wire.out("SA").ack(3).decoded().seq();
      // RFC 1122 §4.2.2.13: beyond everything that the old connection used.
      assertThat((int) (iss - old)).isPositive();
      assertThat(wire.tcp.timeWaitCount()).isZero();
    }
  }

  @Test
  void anOldSynIsAcknowledged() {
    try (TcpWire wire = timeWait()) {
      // RFC 9293 §3.10.7.4, fourth, leads to RFC 5961's challenge; RFC 6191 would stay silent.
      wire.in("S").seq(1).mss(1460).arrives();
      wire.out("A").seq(2).ack(2);
      assertThat(wire.tcp.timeWaitCount()).isEqualTo(1);
    }
  }

  @Test
  void aSynWithANewerTimestampOpensWhateverItsNumber() {
    try (TcpWire wire = timeWait(TcpWire.server().withTimestamps().handshake())) {
      wire.in("S").seq(-5_000).mss(1460).timestamp(wire.peerClock + 1, 0).arrives();
      wire.out("SA").ack(-4_999);
    }
  }

  @Test
  void aSynWithTheSameTimestampNeedsAHigherNumber() {
    try (TcpWire wire = timeWait(TcpWire.server().withTimestamps().handshake())) {
      wire.in("S").seq(1).mss(1460).timestamp(wire.peerClock, 0).arrives();
      wire.out("A").seq(2).ack(2);
      wire.afterMillis(5);
      wire.in("S").seq(2).mss(1460).timestamp(wire.peerClock, 0).arrives();
      wire.out("SA").ack(3);
    }
  }

  @Test
  void aSynWithAnOlderTimestampIsOldWhateverItsNumber() {
    try (TcpWire wire = timeWait(TcpWire.server().withTimestamps().handshake())) {
      wire.in("S").seq(100).mss(1460).timestamp(wire.peerClock - 1, 0).arrives();
      wire.out("A").seq(2).ack(2);
    }
  }

  @Test
  void aSynWithTimestampsAfterAConnectionWithoutThemOpens() {
    try (TcpWire wire = timeWait()) {
      wire.in("S").seq(-5_000).mss(1460).timestamp(1, 0).arrives(); // RFC 6191 §2
      wire.out("SA").ack(-4_999);
    }
  }

  @Test
  void aSynWithoutTimestampsGoesByItsNumber() {
    try (TcpWire wire = timeWait(TcpWire.server().withTimestamps().handshake())) {
      wire.in("S").seq(1).mss(1460).unstamped().arrives();
      wire.out("A").seq(2).ack(2);
      wire.afterMillis(5);
      wire.in("S").seq(2).mss(1460).unstamped().arrives();
      wire.out("SA").ack(3);
    }
  }

  @Test
  void aNewSynForAPortThatNobodyListensOnAnyMoreIsRefused() {
    try (TcpWire wire = timeWait()) {
      wire.listener.stopAccepting();
      wire.in("S").seq(100).option(mss(1460)).option(timestamps(1, 0)).arrives();
      wire.out("RA").ack(101);
    }
  }

  @Test
  void beyondTheBoundTheOldestLeaves() {
    try (TcpWire wire = TcpWire.server(TcpConfig.defaults().with().maxTimeWait(2).build())) {
      for (int port = 1; port <= 3; port++) {
        wire.peerPort = port;
        wire.handshake();
        timeWaitAgain(wire);
      }
      assertThat(wire.tcp.timeWaitCount()).isEqualTo(2);
      wire.peerPort = 1;
      wire.data(1, 10, 2);
      wire.out("R"); // forgotten
    }
  }

  private static void timeWaitAgain(TcpWire wire) {
    wire.connection.shutdownOutput();
    wire.world.settle();
    wire.out("FA");
    wire.in("FA").seq(1).ack(2).arrives();
    wire.out("A").seq(2).ack(2);
  }

  @Test
  void withoutTimeThereIsNoTimeWait() {
    try (TcpWire wire = TcpWire.open(TcpConfig.defaults().with().timeWait(0).build())) {
      timeWaitAgain(wire);
      assertThat(wire.tcp.timeWaitCount()).isZero();
      assertThat(wire.events).containsExactly("peer closed", "closed NORMAL");
    }
  }

  @Test
  void timeWaitDoesNotCountAsAConnection() {
    try (TcpWire wire = TcpWire.open(TcpConfig.defaults().with().maxConnections(1).build())) {
      timeWaitAgain(wire);
      wire.peerPort = 6;
      wire.in("S").seq(0).arrives();
      wire.out("SA");
    }
  }
}
