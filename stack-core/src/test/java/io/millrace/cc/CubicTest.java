package io.millrace.cc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.transport.AckSample;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The window of CUBIC, by the numbers of RFC 9438, on a path where every segment is acknowledged.
 */
class CubicTest {
  private static final int MSS = 1_000;
  private static final long SECOND = 1_000_000_000;
  private static final long MILLI = 1_000_000;

  private final Cubic cubic = new Cubic();
  private final AckSample ack = new AckSample();
  private long now = SECOND;

  private double window() {
    return (double) cubic.cwnd() / MSS;
  }

  /** A sender that always has data: sends its window and has it acknowledged, each round trip. */
  private void roundTrip(long rtt) {
    int segments = cubic.cwnd() / MSS;
    for (int i = 0; i < segments; i++) {
      cubic.onSent(MSS, (i + 1) * MSS, now);
    }
    for (int i = 0; i < segments; i++) {
      now += rtt / segments;
      ack.acked = MSS;
      ack.flightBefore = segments * MSS;
      ack.rtt = rtt;
      ack.windowLimited = true;
      ack.now = now;
      cubic.onAck(ack);
    }
  }

  private void run(long nanos, long rtt) {
    long end = now + nanos;
    while (now + rtt / 2 < end) {
      roundTrip(rtt);
    }
  }

  /** Grows to {@code segments} in slow start and loses one there. */
  private void loseAt(int segments) {
    cubic.onEstablished(MSS, segments * MSS);
    cubic.onCongestion(segments * MSS, now);
    cubic.onRecoveryExit(cubic.ssthresh(), now);
  }

  @Test
  void aLossTakesThreeTenths() {
    loseAt(100);
    assertThat(window()).isEqualTo(70); // §4.6
    assertThat(cubic.ssthresh()).isEqualTo(70 * MSS);
  }

  @ParameterizedTest
  @CsvSource({"100, 1", "100, 2", "100, 4", "100, 6", "1000, 3", "1000, 9", "1000, 12", "5000, 15"})
  void theWindowFollowsTheCurve(int wMax, int seconds) {
    loseAt(wMax);
    long rtt = 100 * MILLI;
    run(seconds * SECOND, rtt);
    double k = Math.cbrt(wMax * 0.3 / 0.4); // §4.2, equation (2)
    double t = seconds;
    double expected = 0.4 * Math.pow(t - k, 3) + wMax; // equation (1)
    assertThat(window()).isCloseTo(expected, Percentage.withPercentage(2));
  }

  @Test
  void onShortPathsItIsAsFastAsNewReno() {
    loseAt(20);
    long rtt = 5 * MILLI;
    run(50 * rtt, rtt);
    // §4.3: α segments per round trip up to the window of the loss, 6 segments above, then one; the
    // curve alone would have grown by less than one.
    assertThat(window()).isCloseTo(20 + 50 - 6 / 0.529, Percentage.withPercentage(8));
  }

  @Test
  void theWindowNeverGrowsByMoreThanHalfInARoundTrip() {
    loseAt(10_000);
    long rtt = 400 * MILLI;
    for (int i = 0; i < 100; i++) {
      double before = window();
      roundTrip(rtt);
      assertThat(window()).isBetween(before, before * 1.5 + 1);
    }
  }

  @Test
  void whoLosesEarlierThanLastTimeLeavesRoomToOthers() {
    loseAt(1_000);
    run(SECOND, 100 * MILLI);
    double again = window(); // some 790
    cubic.onCongestion(cubic.cwnd(), now);
    cubic.onRecoveryExit(cubic.ssthresh(), now);
    double wMax = again * 1.7 / 2; // §4.7
    double k = Math.cbrt((wMax - again * 0.7) / 0.4);
    run((long) (k * SECOND), 100 * MILLI);
    assertThat(window()).isCloseTo(wMax, Percentage.withPercentage(2));
  }

  @Test
  void timeWithoutDataDoesNotCount() {
    loseAt(100);
    run(SECOND, 100 * MILLI);
    double before = window();
    now += 60 * SECOND;
    roundTrip(100 * MILLI);
    assertThat(window()).isBetween(before, before * 1.05);
  }

  @Test
  void aTimeoutLeavesOneSegmentAndBeginsTheCurveWhereSlowStartEnds() {
    loseAt(100);
    run(SECOND, 100 * MILLI);
    int before = cubic.cwnd();
    cubic.onRto(before, true, now);
    assertThat(window()).isEqualTo(1);
    assertThat(cubic.ssthresh()).isEqualTo((int) (before * 0.7));
    cubic.onRto(before, false, now);
    assertThat(cubic.ssthresh()).as("once per loss").isEqualTo((int) (before * 0.7));
    while (cubic.cwnd() < cubic.ssthresh()) {
      roundTrip(100 * MILLI);
    }
    double start = window();
    run(3 * SECOND, 100 * MILLI);
    // §4.8: K is 0. NewReno's 0.5 per round trip is more in the first seconds.
    assertThat(window()).isBetween(start + 0.4 * 20, start + 0.4 * 27 + 17);
  }

  @Test
  void aWindowThatIsNotUsedDoesNotGrow() {
    loseAt(100);
    ack.acked = MSS;
    ack.flightBefore = 10 * MSS;
    ack.rtt = MILLI;
    ack.windowLimited = false;
    for (int i = 0; i < 1_000; i++) {
      now += MILLI;
      ack.now = now;
      cubic.onAck(ack);
    }
    assertThat(window()).isEqualTo(70);
  }

  @Test
  void slowStartEndsWhenRoundTripsBecomeLonger() {
    cubic.onEstablished(MSS, 10 * MSS);
    long base = 20 * MILLI;
    for (int i = 0; i < 3; i++) {
      roundTrip(base);
    }
    assertThat(window()).isEqualTo(80);
    // A queue builds up: 30 % more each round trip. RFC 9406 §4.2.
    long rtt = base;
    double before = window();
    int rounds = 0;
    while (cubic.cwnd() < cubic.ssthresh() && rounds < 20) {
      rtt = rtt * 13 / 10;
      before = window();
      roundTrip(rtt);
      rounds++;
    }
    assertThat(rounds).as("it notices within a round and gives it five more").isBetween(5, 8);
    assertThat(window()).as("a quarter of slow start's growth").isLessThan(before * 1.3);
    assertThat(window()).isLessThan(80 * 2 * Math.pow(1.25, 6) * 1.1);
  }

  @Test
  void aShortSpikeOfTheRoundTripTimeDoesNotEndSlowStart() {
    cubic.onEstablished(MSS, 10 * MSS);
    roundTrip(20 * MILLI);
    roundTrip(20 * MILLI);
    roundTrip(40 * MILLI);
    for (int i = 0; i < 4; i++) {
      roundTrip(20 * MILLI);
    }
    assertThat(cubic.ssthresh()).isEqualTo(Integer.MAX_VALUE);
    assertThat(window()).isGreaterThan(40 * 8);
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 1_400, 8_960})
  void anotherSegmentSizeKeepsTheBytes(int mss) {
    loseAt(100);
    run(SECOND, 100 * MILLI);
    int before = cubic.cwnd();
    cubic.onSegmentSize(mss);
    assertThat(cubic.cwnd()).isEqualTo(before);
    double segments = (double) before / mss;
    cubic.onCongestion(cubic.cwnd(), now);
    assertThat((double) cubic.ssthresh() / mss)
        .isCloseTo(Math.max(2, segments * 0.7), Percentage.withPercentage(1));
  }
}
