package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Recovery from losses that acknowledgments show: RFC 5681 §3.2, RFC 3042, RFC 6582 without SACK,
 * RFC 8985 and RFC 9937 with it. Segments are numbered from 1 and have 1,460 bytes.
 */
class TcpRecoveryTest {
  private static final int MSS = 1_460;

  /** The first number of segment {@code n}. */
  private static int at(int n) {
    return 1 + MSS * (n - 1);
  }

  /** Has sent segments 1 to 10, and more is waiting. */
  private static TcpWire sending(TcpWire wire) {
    wire.send(60 * MSS);
    for (int n = 1; n <= 10; n++) {
      wire.outData(at(n), MSS);
    }
    wire.silence();
    return wire;
  }

  /** The same with SACK over a path with a round trip of 20 ms. */
  private static TcpWire sendingFar() {
    TcpWire wire = TcpWire.server();
    wire.withSack().syn().arrives();
    wire.out("SA");
    wire.afterMillis(20);
    wire.ack(1, 1);
    sending(wire);
    wire.afterMillis(20);
    return wire;
  }

  private static void duplicates(TcpWire wire, int count) {
    for (int i = 0; i < count; i++) {
      wire.ack(1, 1);
    }
  }

  /** Acknowledges up to segment {@code next}, and segments [from, to] selectively. */
  private static void sack(TcpWire wire, int next, int... fromTo) {
    long[] edges = new long[fromTo.length];
    for (int i = 0; i < fromTo.length; i += 2) {
      edges[i] = at(fromTo[i]);
      edges[i + 1] = at(fromTo[i + 1] + 1);
    }
    wire.in("A").seq(1).ack(at(next)).sack(edges).arrives();
  }

  // ---- without SACK ----

  @Test
  @Tag("rfc3042:2-1")
  @Tag("rfc3042:2-2")
  void theFirstTwoDuplicatesSendNewData() {
    try (TcpWire wire = sending(TcpWire.open())) {
      duplicates(wire, 1);
      wire.outData(at(11), MSS); // RFC 3042
      duplicates(wire, 1);
      wire.outData(at(12), MSS);
      wire.silence();
      assertThat(wire.connection.congestionWindow()).isEqualTo(10 * MSS);
    }
  }

  @Test
  void theThirdDuplicateRetransmits() {
    try (TcpWire wire = sending(TcpWire.open())) {
      duplicates(wire, 2);
      wire.skip();
      duplicates(wire, 1);
      wire.outData(at(1), MSS);
      wire.silence();
      // RFC 5681 §3.2, step 2: half the flight without what limited transmit had sent.
      assertThat(wire.slowStartThreshold()).isEqualTo(5 * MSS);
      assertThat(wire.connection.congestionWindow()).isEqualTo(5 * MSS);
    }
  }

  @Test
  void furtherDuplicatesInflateTheWindow() {
    try (TcpWire wire = sending(TcpWire.open())) {
      duplicates(wire, 3);
      wire.skip();
      // RFC 5681 §3.2, steps 3 and 4: 5 + 3 segments, and one for each; 12 are in flight.
      duplicates(wire, 4);
      wire.silence();
      duplicates(wire, 1);
      wire.outData(at(13), MSS);
      duplicates(wire, 1);
      wire.outData(at(14), MSS);
      wire.silence();
    }
  }

  @Test
  void aPartialAcknowledgmentRetransmitsTheNextHole() {
    try (TcpWire wire = sending(TcpWire.open())) {
      duplicates(wire, 3);
      wire.skip();
      wire.ack(1, at(4)); // 4 was lost too
      wire.outData(at(4), MSS); // RFC 6582 §3.2, step 3
      wire.ack(1, at(7));
      wire.outData(at(7), MSS);
    }
  }

  @Test
  void aFullAcknowledgmentEndsTheRecovery() {
    try (TcpWire wire = sending(TcpWire.open())) {
      duplicates(wire, 3);
      wire.skip();
      wire.ack(1, at(13));
      // RFC 6582 §3.2, step 3, option 1: min(ssthresh, max(flight, SMSS) + SMSS) = 2 segments
      wire.outData(at(13), MSS);
      wire.outData(at(14), MSS);
      wire.silence();
    }
  }

  @Test
  void aWindowUpdateIsNoDuplicate() {
    try (TcpWire wire = sending(TcpWire.open())) {
      for (int i = 1; i <= 5; i++) {
        wire.in("A").seq(1).ack(1).window(60_000 + i).arrives();
      }
      wire.silence(); // RFC 5681 §2 (e)
    }
  }

  @Test
  void anAckWithDataIsNoDuplicate() {
    try (TcpWire wire = sending(TcpWire.open())) {
      for (int i = 0; i < 5; i++) {
        wire.data(1 + 10 * i, 10, 1);
      }
      wire.afterMillis(40);
      wire.skip();
      assertThat(wire.connection.congestionWindow()).isEqualTo(10 * MSS); // RFC 5681 §2 (b)
    }
  }

  // ---- with SACK ----

  @Test
  void selectiveAcknowledgmentsOfThreeSegmentsShowALoss() {
    try (TcpWire wire = sendingFar()) {
      sack(wire, 1, 2, 2);
      wire.outData(at(11), MSS); // limited transmit
      sack(wire, 1, 2, 3);
      wire.outData(at(12), MSS);
      sack(wire, 1, 2, 4);
      wire.outData(at(1), MSS);
      wire.silence();
      assertThat(wire.slowStartThreshold()).isEqualTo(5 * MSS);
    }
  }

  @Test
  void oneAckMayShowItAll() {
    try (TcpWire wire = sendingFar()) {
      sack(wire, 1, 2, 10);
      wire.outData(at(1), MSS); // IsLost() by bytes (RFC 6675 §4)
      // pipe is one segment, cwnd five
      for (int n = 11; n <= 14; n++) {
        wire.outData(at(n), MSS);
      }
      wire.silence();
    }
  }

  @Test
  void holesAreFilledOnceAndInOrder() {
    try (TcpWire wire = sendingFar()) {
      sack(wire, 1, 2, 3, 5, 6, 8, 9);
      wire.outData(at(1), MSS);
      wire.outData(at(4), MSS);
      wire.outData(at(7), MSS);
      wire.outData(at(11), MSS);
      wire.silence();
      sack(wire, 1, 2, 3, 5, 6, 8, 10);
      wire.outData(at(12), MSS); // not a hole again: 10 was sent before they were filled
      wire.silence();
    }
  }

  @Test
  void aPartialAcknowledgmentDoesNotFillAHoleTwice() {
    try (TcpWire wire = sendingFar()) {
      sack(wire, 1, 2, 3, 5, 6, 8, 10);
      assertThat(wire.skip()).isEqualTo(5);
      sack(wire, 4, 5, 6, 8, 10);
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
  void aBlockBelowSndUnaIsADsackAndNothingElse() {
    try (TcpWire wire = sending(TcpWire.server().withSack().handshake())) {
      sack(wire, 4, 1, 1);
      assertThat(wire.slowStartThreshold()).isEqualTo(Integer.MAX_VALUE);
      wire.skip();
    }
  }

  @Test
  void blocksOfWhatWasNeverSentAreIgnored() {
    try (TcpWire wire = sending(TcpWire.server().withSack().handshake())) {
      sack(wire, 1, 12, 40);
      sack(wire, 1, 9, 40);
      wire.in("A").seq(1).ack(1).sack(at(5), at(2)).arrives(); // back to front
      wire.silence();
    }
  }

  @Test
  void withSackAnAckWithoutNewBlocksIsNoDuplicate() {
    try (TcpWire wire = sending(TcpWire.server().withSack().handshake())) {
      duplicates(wire, 5);
      wire.silence(); // RFC 6675 §2
    }
  }

  @Test
  void aLostRetransmissionIsFoundWhenLaterOnesArrive() {
    try (TcpWire wire = sendingFar()) {
      sack(wire, 1, 2, 10);
      assertThat(wire.skip()).isEqualTo(5); // 1 again, and 11 to 14
      wire.afterMillis(20);
      sack(wire, 1, 2, 14); // RFC 8985 §6.2: 1 was sent before 11, which is there
      wire.outData(at(1), MSS);
      wire.skip();
      assertThat(wire.connection.info().orElseThrow().lostRetransmissions()).isEqualTo(1);
      assertThat(wire.count(Counter.TCP_TIMEOUTS)).isZero();
      // RFC 5681 §4.3: two signs of congestion
      assertThat(wire.connection.info().orElseThrow().congSignals()).isEqualTo(2);
    }
  }

  @Test
  void afterATimeoutWhatIsSelectivelyAcknowledgedIsNotSentAgain() {
    try (TcpWire wire = sendingFar()) {
      sack(wire, 1, 3, 4);
      wire.after(Duration.ofSeconds(1));
      assertThat(wire.count(Counter.TCP_TIMEOUTS)).isPositive();
      wire.skip();
      sack(wire, 2, 3, 4);
      wire.outData(at(2), MSS);
      wire.outData(at(5), MSS);
      wire.silence();
    }
  }

  @Test
  void aPeerThatRenegesGetsItAgainAfterATimeout() {
    try (TcpWire wire = sending(TcpWire.server().withSack().handshake())) {
      sack(wire, 1, 2, 10);
      wire.skip();
      wire.ack(1, at(2)); // it has dropped 2 to 10
      wire.skip();
      wire.afterMillis(200);
      wire.outData(at(2), MSS); // RFC 2018 §8
      wire.ack(1, at(3));
      wire.outData(at(3), MSS);
      wire.outData(at(4), MSS);
    }
  }

  @Test
  void theFinIsRecoveredLikeData() {
    try (TcpWire wire = TcpWire.server().withSack().handshake()) {
      wire.connection.send(new byte[5 * MSS], 0, 5 * MSS);
      wire.connection.shutdownOutput();
      wire.world.settle();
      assertThat(wire.skip()).isEqualTo(5);
      wire.in("A").seq(1).ack(1).sack(at(2), at(6) + 1L).arrives(); // the FIN too
      wire.outData(at(1), MSS).finished(false);
      wire.ack(1, at(6) + 1L);
      assertThat(wire.state()).isEqualTo(TcpState.FIN_WAIT_2);
      wire.silence();
    }
  }

  @Test
  void aLostFinIsSentAgainAlone() {
    try (TcpWire wire = TcpWire.server().withSack().handshake()) {
      wire.connection.shutdownOutput();
      wire.world.settle();
      wire.out("FA").seq(1);
      wire.afterMillis(200);
      wire.out("FA").seq(1).length(0);
    }
  }
}
