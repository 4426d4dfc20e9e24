package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Keep-alive: RFC 9293 §3.8.4. */
class TcpKeepAliveTest {
  private static final long SECOND = 1_000_000_000L;
  private static final TcpConfig TEN_SECONDS =
      TcpConfig.defaults()
          .with()
          .keepAlive(true)
          .keepAliveIdle(10 * SECOND)
          .keepAliveInterval(2 * SECOND)
          .keepAliveProbes(3)
          .build();

  @Test
  void itIsOffUnlessAskedFor() {
    try (TcpWire wire = TcpWire.open()) {
      wire.after(Duration.ofHours(5));
      wire.silence(); // MUST-25
    }
  }

  @Test
  void theDefaultIntervalIsTwoHours() {
    try (TcpWire wire = TcpWire.open(TcpConfig.defaults().with().keepAlive(true).build())) {
      wire.after(Duration.ofHours(2).minusMillis(1));
      wire.silence(); // MUST-28
      wire.afterMillis(1);
      wire.out("A").seq(0).length(0);
    }
  }

  @Test
  void aSilentPeerIsProbedWithAnOldNumber() {
    try (TcpWire wire = TcpWire.open(TEN_SECONDS)) {
      wire.after(Duration.ofMillis(9_999));
      wire.silence();
      wire.afterMillis(1);
      wire.out("A").seq(0).ack(1).length(0);
    }
  }

  @Test
  void anyAnswerStartsTheTimeAnew() {
    try (TcpWire wire = TcpWire.open(TEN_SECONDS)) {
      wire.afterMillis(10_000);
      wire.out("A").seq(0);
      wire.ack(1, 1);
      wire.after(Duration.ofMillis(9_999));
      wire.silence();
      wire.afterMillis(1);
      wire.out("A").seq(0);
    }
  }

  @Test
  void dataOfThePeerPutsItOff() {
    try (TcpWire wire = TcpWire.open(TEN_SECONDS)) {
      wire.afterMillis(9_000);
      wire.data(1, 1, 1);
      wire.afterMillis(40);
      wire.out("A").ack(2);
      wire.afterMillis(9_959);
      wire.silence();
      wire.afterMillis(1);
      wire.out("A").seq(0);
    }
  }

  @Test
  void noAnswerEndsTheConnection() {
    try (TcpWire wire = TcpWire.open(TEN_SECONDS)) {
      wire.afterMillis(10_000);
      wire.out("A").seq(0);
      wire.afterMillis(2_000);
      wire.out("A").seq(0);
      wire.afterMillis(2_000);
      wire.out("A").seq(0);
      assertThat(wire.events).isEmpty(); // MUST-29: not for one probe
      wire.afterMillis(2_000);
      wire.out("RA").seq(1);
      assertThat(wire.events).containsExactly("closed TIMED_OUT");
    }
  }

  @Test
  void whileDataIsOutstandingThereAreNoProbes() {
    try (TcpWire wire = TcpWire.open(TEN_SECONDS)) {
      wire.send(1);
      wire.outData(1, 1);
      for (int i = 0; i < 60; i++) {
        wire.afterMillis(1_000);
        while (true) {
          TcpWire.Out out = wire.maybeOut();
          if (out == null) {
            break;
          }
          out.seq(1).length(1); // MUST-26
        }
      }
      assertThat(wire.state()).isEqualTo(TcpState.ESTABLISHED);
    }
  }

  @Test
  void aProbeOfThePeerIsAnswered() {
    try (TcpWire wire = TcpWire.open()) {
      wire.in("A").seq(0).ack(1).arrives();
      wire.out("A").seq(1).ack(1);
      wire.in("A").seq(0).ack(1).length(1).arrives(); // some send a byte of garbage with it
      wire.out("A").seq(1).ack(1);
      assertThat(wire.received).isEmpty();
    }
  }

  @Test
  void itCanBeTurnedOnAndOffForAConnection() {
    try (TcpWire wire = TcpWire.open(TEN_SECONDS)) {
      wire.connection.keepAlive(false);
      wire.after(Duration.ofHours(1));
      wire.silence(); // MUST-24
      wire.connection.keepAlive(true);
      wire.world.settle();
      wire.afterMillis(10_000);
      wire.out("A").seq(0);
    }
  }
}
