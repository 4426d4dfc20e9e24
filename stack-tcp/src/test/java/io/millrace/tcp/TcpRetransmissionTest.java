package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The retransmission timer: RFC 6298, RFC 9293 §3.8.1, §3.8.3. */
class TcpRetransmissionTest {
  private static final long MILLI = 1_000_000;
  private static final TcpConfig EXACT =
      TcpConfig.defaults().with().minRto(MILLI).noDelay(true).build();

  /** Sends one byte and has it acknowledged after {@code millis}. */
  private static void roundTrip(TcpWire wire, int seq, long millis) {
    wire.send(1);
    wire.outData(seq, 1);
    wire.afterMillis(millis);
    wire.ack(1, seq + 1);
  }

  private static void timesOutAfter(TcpWire wire, int seq, long micros) {
    wire.send(1);
    wire.outData(seq, 1);
    wire.after(Duration.ofNanos(micros * 1_000 - 1_000));
    wire.silence();
    wire.after(Duration.ofNanos(1_000));
    wire.outData(seq, 1);
  }

  @Test
  void theFirstSampleGivesThreeTimesTheRoundTrip() {
    try (TcpWire wire = TcpWire.server(EXACT)) {
      wire.syn().arrives();
      wire.out("SA");
      wire.afterMillis(100);
      wire.ack(1, 1);
      // RFC 6298 §2.2: SRTT = 100, RTTVAR = 50, RTO = 100 + 4 * 50
      assertThat(wire.connection.smoothedRoundTrip()).isEqualTo(100 * MILLI);
      timesOutAfter(wire, 1, 300_000);
    }
  }

  @Test
  void furtherSamplesAreSmoothed() {
    try (TcpWire wire = TcpWire.server(EXACT)) {
      wire.syn().arrives();
      wire.out("SA");
      wire.afterMillis(100);
      wire.ack(1, 1);
      roundTrip(wire, 1, 180);
      // RFC 6298 §2.3: RTTVAR = 3/4 * 50 + 1/4 * 80 = 57.5, SRTT = 7/8 * 100 + 1/8 * 180 = 110
      assertThat(wire.connection.smoothedRoundTrip()).isEqualTo(110 * MILLI);
      timesOutAfter(wire, 2, 340_000);
    }
  }

  @Test
  void theTimeoutHasAFloor() {
    try (TcpWire wire = TcpWire.open()) {
      timesOutAfter(wire, 1, 200_000);
    }
  }

  @Test
  void itDoublesWithEachRetransmission() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(1);
      wire.outData(1, 1);
      for (long wait = 200; wait <= 102_400; wait *= 2) {
        wire.afterMillis(wait - 1);
        wire.silence();
        wire.afterMillis(1);
        wire.outData(1, 1); // RFC 6298 §5.5
      }
      wire.after(Duration.ofSeconds(120));
      wire.outData(1, 1);
    }
  }

  @Test
  void afterSoManyRetransmissionsTheConnectionIsGivenUp() {
    TcpConfig config = TcpConfig.defaults().with().dataRetries(3).build();
    try (TcpWire wire = TcpWire.open(config)) {
      wire.send(1);
      wire.after(Duration.ofMillis(200 + 400 + 800 + 1_599));
      assertThat(wire.skip()).isEqualTo(4);
      assertThat(wire.events).isEmpty();
      wire.afterMillis(1);
      assertThat(wire.events).containsExactly("closed TIMED_OUT"); // RFC 9293 §3.8.3, R2
      wire.silence();
    }
  }

  @Test
  void byDefaultItTakesMoreThanAHundredSeconds() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(1);
      wire.after(Duration.ofSeconds(100));
      assertThat(wire.events).isEmpty(); // RFC 9293 §3.8.3 (SHLD-11)
      wire.skip();
    }
  }

  @Test
  void theRoundTripOfARetransmissionIsNotMeasured() {
    try (TcpWire wire = TcpWire.open()) {
      roundTrip(wire, 1, 100);
      long before = wire.connection.smoothedRoundTrip();
      wire.send(1);
      wire.outData(2, 1);
      wire.after(Duration.ofSeconds(2));
      assertThat(wire.skip()).isPositive();
      wire.ack(1, 3);
      assertThat(wire.connection.smoothedRoundTrip()).isEqualTo(before); // Karn, RFC 6298 §3
    }
  }

  @Test
  void theBackedOffTimeoutStaysUntilANewMeasurement() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(1);
      wire.outData(1, 1);
      wire.afterMillis(200);
      wire.outData(1, 1);
      wire.ack(1, 2);
      timesOutAfter(wire, 2, 400_000); // RFC 6298 §5, Karn's second half
    }
  }

  @Test
  void aNewMeasurementEndsTheBackOff() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(1);
      wire.outData(1, 1);
      wire.afterMillis(200);
      wire.outData(1, 1);
      wire.ack(1, 2);
      roundTrip(wire, 2, 0);
      timesOutAfter(wire, 3, 200_000);
    }
  }

  @Test
  void timestampsMeasureRetransmissionsToo() {
    try (TcpWire wire = TcpWire.server().withTimestamps().handshake()) {
      wire.send(1);
      wire.outData(1, 1);
      wire.afterMillis(200);
      wire.outData(1, 1);
      wire.afterMillis(10);
      wire.ack(1, 2); // echoes the retransmission
      timesOutAfter(wire, 2, 200_000); // RFC 7323 §4.1
    }
  }

  @Test
  void anAcknowledgmentOfNewDataRestartsTheTimer() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(2_920);
      assertThat(wire.skip()).isEqualTo(2);
      wire.afterMillis(150);
      wire.ack(1, 1_461);
      // RFC 6298 §5.3; the sample of 150 ms after one of 0: SRTT 18.75, RTTVAR 37.5
      wire.afterMillis(199);
      wire.silence();
      wire.afterMillis(1);
      wire.outData(1_461, 1_460);
    }
  }

  @Test
  void whenAllIsAcknowledgedTheTimerStops() {
    try (TcpWire wire = TcpWire.open()) {
      roundTrip(wire, 1, 1);
      wire.after(Duration.ofHours(1));
      wire.silence();
    }
  }

  @Test
  void afterATimeoutOneSegmentIsSentAndThenTwoForEach() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(14_600);
      assertThat(wire.skip()).isEqualTo(10);
      wire.afterMillis(200);
      wire.outData(1, 1_460);
      wire.silence(); // the loss window (RFC 5681 §3.1)
      wire.ack(1, 1_461);
      wire.outData(1_461, 1_460);
      wire.outData(2_921, 1_460);
      wire.silence();
      wire.ack(1, 4_381);
      // one segment an ACK, however much it covers (RFC 3465 §2.3)
      wire.outData(4_381, 1_460);
      wire.outData(5_841, 1_460);
      wire.outData(7_301, 1_460);
      wire.silence();
      assertThat(wire.count(Counter.TCP_TIMEOUTS)).isEqualTo(1);
      assertThat(wire.count(Counter.TCP_RETRANS_SEGS)).isEqualTo(6);
    }
  }

  @Test
  void anAckThatJumpsBehindAllOfItEndsTheRecovery() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(14_600);
      wire.skip();
      wire.afterMillis(200);
      wire.outData(1, 1_460);
      wire.ack(1, 14_601); // only one had been lost
      wire.silence();
      wire.send(10);
      wire.outData(14_601, 10);
    }
  }

  @Test
  void afterATimeoutDuplicateAcksOfWhatWasSentBeforeStartNothing() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(14_600);
      wire.skip();
      wire.afterMillis(200);
      wire.outData(1, 1_460);
      for (int i = 0; i < 9; i++) {
        wire.ack(1, 1);
      }
      wire.silence(); // RFC 6582 §4
    }
  }

  @Test
  void ssthreshIsHalfOfTheFlightAndStaysSoWhenTheSameTimesOutAgain() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(14_600);
      wire.skip();
      wire.afterMillis(200);
      assertThat(wire.slowStartThreshold()).isEqualTo(7_300);
      wire.afterMillis(400);
      assertThat(wire.slowStartThreshold()).isEqualTo(7_300);
      assertThat(wire.connection.congestionWindow()).isEqualTo(1_460);
      wire.skip();
    }
  }
}
