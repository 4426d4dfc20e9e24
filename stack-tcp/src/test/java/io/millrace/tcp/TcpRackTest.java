package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.testkit.packet.TcpOption;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Loss detection by time, and tail loss probes: RFC 8985. The round trip is 20 ms, segments are
 * numbered from 1 and have 1,460 bytes.
 */
class TcpRackTest {
  private static final int MSS = 1_460;

  private static int at(int n) {
    return 1 + MSS * (n - 1);
  }

  /** A connection with SACK and a round trip of 20 ms. */
  private static TcpWire far(TcpConfig config) {
    TcpWire wire = TcpWire.server(config);
    wire.withSack().syn().arrives();
    wire.out("SA");
    wire.afterMillis(20);
    wire.ack(1, 1);
    wire.silence();
    return wire;
  }

  private static TcpWire far() {
    return far(TcpWire.NEW_RENO);
  }

  /** Has sent segments 1 to {@code n} and nothing else. */
  private static TcpWire sent(TcpWire wire, int n) {
    wire.send(n * MSS);
    for (int i = 1; i <= n; i++) {
      wire.outData(at(i), MSS);
    }
    wire.silence();
    return wire;
  }

  private static void sack(TcpWire wire, int next, int... fromTo) {
    long[] edges = new long[fromTo.length];
    for (int i = 0; i < fromTo.length; i += 2) {
      edges[i] = at(fromTo[i]);
      edges[i + 1] = at(fromTo[i + 1] + 1);
    }
    wire.in("A").seq(1).ack(at(next)).sack(edges).arrives();
  }

  private static TcpInfo info(TcpWire wire) {
    return wire.connection.info().orElseThrow();
  }

  // ---- the reordering window ----

  @Test
  @Tag("rfc8985:6.2-1")
  void aSegmentIsLostAQuarterOfARoundTripAfterALaterOneHasCome() {
    try (TcpWire wire = sent(far(), 3)) {
      wire.afterMillis(20);
      sack(wire, 1, 2, 2);
      wire.afterMillis(4);
      wire.silence();
      wire.afterMillis(1);
      wire.outData(at(1), MSS);
      wire.silence(); // 3 was sent after the one that has come
    }
  }

  @Test
  @Tag("rfc8985:6.2-2")
  void aSegmentThatComesWithinTheWindowWasOnlyLate() {
    try (TcpWire wire = sent(far(), 3)) {
      wire.afterMillis(20);
      sack(wire, 1, 2, 2);
      wire.afterMillis(4);
      wire.ack(1, at(4));
      wire.afterMillis(1_000);
      wire.silence();
      assertThat(info(wire).reorderingSeen()).isTrue();
      assertThat(info(wire).congSignals()).isZero();
    }
  }

  @Test
  @Tag("rfc8985:6.2-3")
  void withoutReorderingThreeSegmentsAreEnough() {
    try (TcpWire wire = sent(far(), 5)) {
      wire.afterMillis(20);
      sack(wire, 1, 2, 4);
      wire.outData(at(1), MSS);
    }
  }

  @Test
  @Tag("rfc8985:6.2-3")
  void onceReorderingIsSeenThreeSegmentsAreNotEnough() {
    try (TcpWire wire = sent(far(), 2)) {
      wire.afterMillis(20);
      sack(wire, 1, 2, 2);
      wire.ack(1, at(3)); // 1 came after 2
      wire.send(6 * MSS);
      assertThat(wire.skip()).isEqualTo(6);
      wire.afterMillis(20);
      sack(wire, 3, 4, 8);
      wire.afterMillis(4);
      wire.silence();
      wire.afterMillis(1);
      wire.outData(at(3), MSS);
    }
  }

  @Test
  @Tag("rfc8985:6.2-4")
  void reportsOfDuplicatesWidenTheWindow() {
    try (TcpWire wire = sent(far(), 3)) {
      wire.afterMillis(20);
      sack(wire, 1, 2, 2);
      wire.afterMillis(5);
      wire.outData(at(1), MSS);
      wire.ack(1, at(4)); // it was late only
      long before = info(wire).reorderingWindow();
      assertThat(before).isEqualTo(5_000_000);
      sack(wire, 4, 1, 1);
      assertThat(info(wire).reorderingWindow()).isEqualTo(2 * before);
      sack(wire, 4, 1, 1); // once more in the next round only
    }
  }

  @Test
  @Tag("rfc8985:6.2-5")
  void theWindowIsNeverWiderThanARoundTrip() {
    try (TcpWire wire = sent(far(), 3)) {
      wire.afterMillis(20);
      sack(wire, 1, 2, 2);
      wire.ack(1, at(4));
      for (int n = 4; n < 24; n++) {
        wire.send(MSS);
        wire.outData(at(n), MSS);
        wire.afterMillis(20);
        sack(wire, n + 1, n, n);
      }
      assertThat(info(wire).reorderingWindow()).isLessThanOrEqualTo(info(wire).smoothedRtt());
      assertThat(info(wire).reorderingWindow()).isGreaterThan(15_000_000);
    }
  }

  @Test
  @Tag("rfc8985:6.2-6")
  void anAnswerTooSoonForTheRetransmissionTellsNothingOfIt() {
    try (TcpWire wire = sent(far(), 6)) {
      wire.afterMillis(20);
      sack(wire, 1, 4, 6);
      wire.outData(at(1), MSS);
      wire.skip();
      wire.afterMillis(2); // less than any round trip: the first copy was late
      sack(wire, 2, 4, 6);
      wire.afterMillis(15);
      assertThat(info(wire).lostRetransmissions()).isZero();
    }
  }

  // ---- after a timeout ----

  @Test
  @Tag("rfc8985:6.3-1")
  void aTimeoutMarksTheFirstSegmentAndWhatIsOldEnough() {
    TcpConfig config =
        TcpWire.NEW_RENO
            .with()
            .recovery(RecoveryConfig.defaults().withTailLossProbe(false).withFrto(false))
            .build();
    try (TcpWire wire = sent(far(config), 2)) {
      wire.afterMillis(195);
      wire.connection.noDelay(true);
      wire.send(MSS);
      wire.outData(at(3), MSS);
      wire.afterMillis(5);
      wire.outData(at(1), MSS); // the timeout
      wire.silence();
      wire.afterMillis(10);
      wire.ack(1, at(2));
      wire.outData(at(2), MSS); // sent long ago
      wire.silence(); // 3 was not: it is not sent again
    }
  }

  // ---- tail loss probes ----

  @Test
  @Tag("rfc8985:7.2-1")
  @Tag("rfc8985:7.3-1")
  void afterTwoRoundTripsTheLastSegmentIsSentAgain() {
    try (TcpWire wire = sent(far(), 5)) {
      wire.afterMillis(39);
      wire.silence();
      wire.afterMillis(1);
      wire.outData(at(5), MSS);
      wire.silence();
      assertThat(info(wire).lossProbes()).isEqualTo(1);
    }
  }

  @Test
  @Tag("rfc8985:7.3-2")
  void newDataIsABetterProbe() {
    try (TcpWire wire = far()) {
      wire.send(12 * MSS);
      assertThat(wire.skip()).isEqualTo(10);
      wire.afterMillis(40);
      wire.outData(at(11), MSS); // whatever the window says
      wire.silence();
    }
  }

  @Test
  @Tag("rfc8985:7.3-3")
  void oneProbeIsAllThatIsSent() {
    try (TcpWire wire = sent(far(), 5)) {
      wire.afterMillis(40);
      wire.outData(at(5), MSS);
      wire.afterMillis(199);
      wire.silence();
      wire.afterMillis(1);
      wire.outData(at(1), MSS); // the timeout, which began anew with the probe
      assertThat(wire.count(Counter.TCP_TIMEOUTS)).isEqualTo(1);
    }
  }

  @Test
  @Tag("rfc8985:7.2-2")
  void aSingleSegmentWaitsForTheDelayOfThePeersAcknowledgment() {
    TcpConfig config =
        TcpWire.NEW_RENO
            .with()
            .recovery(RecoveryConfig.defaults().withMaxAckDelay(50_000_000))
            .build();
    try (TcpWire wire = sent(far(config), 1)) {
      wire.afterMillis(89);
      wire.silence();
      wire.afterMillis(1);
      wire.outData(at(1), MSS);
    }
  }

  @Test
  @Tag("rfc8985:7.4-1")
  void aLostTailIsRepairedWithoutATimeout() {
    try (TcpWire wire = sent(far(), 10)) {
      wire.afterMillis(20);
      wire.ack(1, at(7)); // 7 to 10 are lost
      wire.afterMillis(40);
      wire.outData(at(10), MSS);
      wire.afterMillis(20);
      sack(wire, 7, 10, 10);
      wire.afterMillis(5);
      wire.outData(at(7), MSS);
      wire.afterMillis(20);
      sack(wire, 8, 10, 10);
      wire.skip();
      wire.afterMillis(20);
      wire.ack(1, at(11));
      assertThat(wire.count(Counter.TCP_TIMEOUTS)).isZero();
      assertThat(info(wire).congSignals()).isEqualTo(1);
    }
  }

  @Test
  @Tag("rfc8985:7.4-2")
  void aProbeThatRepairsTheOnlyLossIsASignOfCongestion() {
    try (TcpWire wire = sent(far(), 5)) {
      wire.afterMillis(20);
      wire.ack(1, at(5));
      wire.afterMillis(220);
      wire.outData(at(5), MSS);
      wire.afterMillis(20);
      wire.ack(1, at(6));
      assertThat(info(wire).congSignals()).isZero();
      wire.send(MSS);
      wire.outData(at(6), MSS);
      wire.afterMillis(20);
      wire.ack(1, at(7)); // and no report of a duplicate came
      assertThat(info(wire).congSignals()).isEqualTo(1);
    }
  }

  @Test
  @Tag("rfc8985:7.4-3")
  void aProbeThatWasNotNeededIsNone() {
    try (TcpWire wire = sent(far(), 5)) {
      wire.afterMillis(40);
      wire.outData(at(5), MSS);
      wire.ack(1, at(6));
      wire.afterMillis(20);
      wire.in("A").seq(1).ack(at(6)).sack(at(5), at(6)).arrives();
      wire.send(MSS);
      wire.outData(at(6), MSS);
      wire.afterMillis(20);
      wire.ack(1, at(7));
      assertThat(info(wire).congSignals()).isZero();
    }
  }

  @Test
  @Tag("rfc8985:7.2-3")
  void whileBlocksAreOutstandingThereIsNoProbe() {
    try (TcpWire wire = sent(far(), 5)) {
      wire.afterMillis(20);
      sack(wire, 1, 2, 5);
      wire.outData(at(1), MSS);
      wire.afterMillis(150);
      wire.silence();
      assertThat(info(wire).lossProbes()).isZero();
    }
  }

  // ---- needless ones ----

  @Test
  @Tag("rfc5682:2.1-1")
  void aTimeoutThatWasTooEarlyIsUndone() {
    TcpConfig config =
        TcpWire.NEW_RENO
            .with()
            .recovery(RecoveryConfig.defaults().withTailLossProbe(false))
            .build();
    try (TcpWire wire = far(config)) {
      wire.send(30 * MSS);
      assertThat(wire.skip()).isEqualTo(10);
      wire.afterMillis(200);
      wire.outData(at(1), MSS);
      wire.silence();
      wire.afterMillis(1);
      wire.ack(1, at(2)); // the path has only become slow
      wire.outData(at(11), MSS); // step 2 b: new data
      wire.outData(at(12), MSS);
      wire.silence();
      wire.ack(1, at(3)); // step 3 b: of the first copy
      assertThat(info(wire).spuriousRtoDetected()).isEqualTo(1);
      assertThat(info(wire).inRecovery()).isFalse();
      assertThat(info(wire).curCwnd()).isGreaterThanOrEqualTo(10 * MSS);
      while (true) {
        TcpWire.Out next = wire.maybeOut();
        if (next == null) {
          break;
        }
        assertThat(next.relativeSeq()).isGreaterThanOrEqualTo(at(13));
      }
    }
  }

  @Test
  @Tag("rfc5682:2.1-2")
  void aTimeoutThatWasNoneTooEarlyGoesOnAsUsual() {
    TcpConfig config =
        TcpWire.NEW_RENO
            .with()
            .recovery(RecoveryConfig.defaults().withTailLossProbe(false))
            .build();
    try (TcpWire wire = far(config)) {
      wire.send(30 * MSS);
      assertThat(wire.skip()).isEqualTo(10);
      wire.afterMillis(200);
      wire.outData(at(1), MSS);
      wire.afterMillis(20);
      wire.ack(1, at(2));
      wire.outData(at(11), MSS);
      wire.outData(at(12), MSS);
      wire.afterMillis(20);
      sack(wire, 2, 11, 11); // step 3 a: nothing that was sent before
      wire.outData(at(2), MSS);
      assertThat(info(wire).spuriousRtoDetected()).isZero();
      wire.skip();
    }
  }

  @Test
  @Tag("rfc3522:3.2-1")
  void anOlderTimestampEchoedShowsThatNothingWasLost() {
    TcpWire wire = TcpWire.server().withTimestamps();
    try (wire) {
      wire.withSack().syn().arrives();
      wire.out("SA");
      wire.afterMillis(20);
      wire.ack(1, 1);
      wire.send(10 * 1_448);
      assertThat(wire.skip()).isEqualTo(10);
      long first = wire.ourTimestamp; // of the SYN-ACK: older than any retransmission
      wire.afterMillis(20);
      wire.in("A")
          .seq(1)
          .ack(1)
          .option(TcpOption.nop())
          .option(TcpOption.nop())
          .timestamp(wire.peerClock, first)
          .sack(1 + 1_448, 1 + 4 * 1_448)
          .arrives();
      wire.outData(1, 1_448);
      wire.afterMillis(3);
      wire.in("A").seq(1).ack(1 + 4 * 1_448).timestamp(wire.peerClock, first).arrives();
      assertThat(info(wire).spuriousFrDetected()).isEqualTo(1);
      assertThat(info(wire).curSsthresh()).isGreaterThanOrEqualTo(10 * 1_448);
      wire.skip();
    }
  }

  @Test
  @Tag("rfc3708:3-1")
  void reportsOfAllThatWasSentAgainShowTheSame() {
    try (TcpWire wire = sent(far(), 10)) {
      wire.afterMillis(20);
      sack(wire, 1, 2, 4);
      wire.outData(at(1), MSS);
      wire.afterMillis(2);
      wire.ack(1, at(5));
      assertThat(info(wire).curSsthresh()).isEqualTo(5 * MSS);
      wire.afterMillis(18);
      sack(wire, 5, 1, 1);
      assertThat(info(wire).spuriousFrDetected()).isEqualTo(1);
      assertThat(info(wire).curSsthresh()).isGreaterThanOrEqualTo(10 * MSS);
    }
  }

  // ---- proportional rate reduction ----

  @Test
  @Tag("rfc9937:6-1")
  void theWindowShrinksWithEachSegmentThatIsDelivered() {
    try (TcpWire wire = far()) {
      wire.send(60 * MSS);
      assertThat(wire.skip()).isEqualTo(10);
      wire.afterMillis(20);
      sack(wire, 1, 2, 4); // 10 in flight become 5
      wire.outData(at(1), MSS);
      int sent = 1 + wire.skip();
      for (int n = 5; n <= 10; n++) {
        sack(wire, 1, 2, n);
        sent += wire.skip();
        // Half a segment for each that is delivered; the lost one has left the network too.
        assertThat(sent).isBetween((n - 1) / 2 - 1, n / 2);
      }
      assertThat(info(wire).recoveryWindow()).isLessThanOrEqualTo(5 * MSS + MSS);
    }
  }

  @Test
  @Tag("rfc9937:6-2")
  void recoveryEndsWithTheSlowStartThreshold() {
    try (TcpWire wire = far()) {
      wire.send(60 * MSS);
      assertThat(wire.skip()).isEqualTo(10);
      wire.afterMillis(20);
      sack(wire, 1, 2, 10);
      wire.skip();
      wire.afterMillis(20);
      wire.ack(1, at(15));
      assertThat(info(wire).inRecovery()).isFalse();
      assertThat(info(wire).curCwnd()).isBetween(5 * MSS, 6 * MSS);
      wire.skip();
    }
  }

  // ---- RTO restart ----

  @Test
  @Tag("rfc7765:4-1")
  void withRtoRestartTheTimerCountsFromTheOldestSegment() {
    TcpConfig config =
        TcpWire.NEW_RENO
            .with()
            .noDelay(true)
            .recovery(RecoveryConfig.defaults().withTailLossProbe(false).withRtoRestart(true))
            .build();
    try (TcpWire wire = sent(far(config), 2)) {
      wire.afterMillis(20);
      wire.ack(1, at(2));
      wire.afterMillis(179);
      wire.silence();
      wire.afterMillis(1);
      wire.outData(at(2), MSS); // 200 ms after it was sent, not after the acknowledgment
    }
  }
}
