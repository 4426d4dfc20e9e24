package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The congestion window of NewReno: RFC 5681 §3.1 and §4.1, RFC 6928, RFC 3465. */
class TcpCongestionTest {
  private static final int MSS = 1_460;

  private static int cwnd(TcpWire wire) {
    return wire.connection.congestionWindow() / MSS;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10})
  void theInitialWindowIsTheConfiguredOne(int segments) {
    TcpConfig config = TcpConfig.defaults().with().initialWindow(segments).build();
    try (TcpWire wire = TcpWire.open(config)) {
      wire.send(40 * MSS);
      assertThat(wire.skip()).isEqualTo(segments); // RFC 6928 §2
    }
  }

  @Test
  void slowStartAddsWhatIsAcknowledged() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(100 * MSS);
      wire.skip();
      wire.ack(1, 1 + MSS);
      assertThat(cwnd(wire)).isEqualTo(11);
      assertThat(wire.skip()).isEqualTo(2);
      wire.ack(1, 1 + 3 * MSS);
      assertThat(cwnd(wire)).isEqualTo(13);
      assertThat(wire.skip()).isEqualTo(4);
    }
  }

  @Test
  void oneAckAddsAtMostEightSegments() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(100 * MSS);
      wire.skip();
      wire.ack(1, 1 + 10 * MSS);
      assertThat(cwnd(wire)).isEqualTo(18); // RFC 9406 §4.2 leaves L to us
      assertThat(wire.skip()).isEqualTo(18);
    }
  }

  @Test
  void acknowledgmentsInPiecesDoNotAddMore() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(100 * MSS);
      wire.skip();
      for (int i = 1; i <= 10; i++) {
        wire.ack(1, 1 + i * (MSS / 10)); // RFC 3465 §2.1: bytes count, not acknowledgments
      }
      assertThat(cwnd(wire)).isEqualTo(11);
      wire.skip();
    }
  }

  @Test
  void congestionAvoidanceAddsOneSegmentForEachWindow() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(200 * MSS);
      wire.skip();
      for (int i = 0; i < 3; i++) {
        wire.ack(1, 1);
      }
      wire.skip();
      wire.ack(1, 1 + 12 * MSS); // recovery is over: ssthresh is 5
      assertThat(cwnd(wire)).isEqualTo(2);
      assertThat(wire.slowStartThreshold()).isEqualTo(5 * MSS);
      int una = 1 + 12 * MSS;
      for (int expected = 3; expected <= 5; expected++) {
        una += MSS;
        wire.ack(1, una); // slow start up to ssthresh
        assertThat(cwnd(wire)).isEqualTo(expected);
      }
      for (int window = 5; window <= 7; window++) {
        for (int i = 1; i <= window; i++) {
          assertThat(cwnd(wire)).isEqualTo(window);
          una += MSS;
          wire.ack(1, una);
        }
      }
      assertThat(cwnd(wire)).isEqualTo(8);
      wire.skip();
    }
  }

  @Test
  void aWindowThatIsNotUsedDoesNotGrow() {
    try (TcpWire wire = TcpWire.open()) {
      int una = 1;
      for (int i = 0; i < 20; i++) {
        wire.send(2 * MSS);
        una += 2 * MSS;
        wire.ack(1, una);
      }
      assertThat(cwnd(wire)).isEqualTo(10); // RFC 7661
      wire.skip();
    }
  }

  @Test
  void afterAnIdleTimeTheWindowIsTheInitialOne() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(18 * MSS);
      wire.skip();
      wire.ack(1, 1 + 10 * MSS);
      wire.skip();
      wire.ack(1, 1 + 18 * MSS);
      assertThat(cwnd(wire)).isGreaterThan(15);
      wire.after(Duration.ofSeconds(1));
      wire.send(40 * MSS);
      assertThat(wire.skip()).isEqualTo(10); // RFC 5681 §4.1
    }
  }

  @Test
  void aSmallerWindowStaysSmallWhenIdle() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(MSS);
      wire.skip();
      wire.afterMillis(200);
      wire.skip();
      wire.ack(1, 1 + MSS);
      int before = cwnd(wire);
      assertThat(before).isLessThan(10);
      wire.after(Duration.ofSeconds(5));
      wire.send(40 * MSS);
      assertThat(wire.skip()).isEqualTo(before);
    }
  }

  @Test
  void ssthreshIsNeverBelowTwoSegments() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(MSS);
      wire.skip();
      wire.afterMillis(200);
      assertThat(wire.slowStartThreshold()).isEqualTo(2 * MSS);
      wire.skip();
    }
  }
}
