package io.millrace.tcp;

import static io.millrace.testkit.packet.TcpOption.TIMESTAMPS;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Timestamps and PAWS: RFC 7323 §3 to §5. */
class TcpTimestampsTest {
  private static final TcpConfig AT_ONCE = TcpConfig.defaults().with().delayedAck(0).build();

  private final TcpWire wire = TcpWire.server(AT_ONCE).withTimestamps().handshake();

  @AfterEach
  void everyFrameComesBack() {
    wire.close();
  }

  private void data(long seq, int length, long timestamp) {
    wire.in("A").seq(seq).ack(1).length(length).timestamp(timestamp, wire.ourTimestamp).arrives();
  }

  @Test
  void everySegmentCarriesTimestamps() {
    data(1, 10, 1_005);
    wire.out("A").echoes(1_005);
    wire.send(10);
    wire.outData(1, 10).echoes(1_005);
    wire.connection.abort();
    wire.world.settle();
    wire.out("RA").echoes(1_005);
  }

  @Test
  void theClockTicksInMilliseconds() {
    wire.send(10);
    wire.outData(1, 10);
    long before = wire.ourTimestamp;
    wire.ack(1, 11);
    wire.afterMillis(123);
    wire.send(10);
    wire.outData(11, 10);
    assertThat((int) (wire.ourTimestamp - before)).isEqualTo(123);
  }

  @Test
  void theClockOfAnotherPairOfPortsHasAnotherOffset() {
    long first = wire.ourTimestamp;
    TcpConnection connection = wire.connection;
    wire.peerPort = 6;
    wire.handshake();
    assertThat(Math.abs(wire.ourTimestamp - first)).isGreaterThan(10); // RFC 7323 §5.4
    connection.abort();
    wire.world.settle();
    wire.skip();
  }

  @Test
  void anOldTimestampIsDroppedAndAcknowledged() {
    data(1, 10, 1_005);
    wire.out("A").ack(11);
    data(11, 10, 1_004);
    wire.out("A").ack(11).echoes(1_005);
    assertThat(wire.dropped(DropReason.TCP_PAWS)).isEqualTo(1);
    wire.receivedUpTo(11);
  }

  @Test
  void theSameTimestampIsNotOld() {
    data(1, 10, 1_005);
    data(11, 10, 1_005);
    wire.receivedUpTo(21);
    wire.skip();
  }

  @Test
  void timestampsWrapAround() {
    data(1, 10, 0x7000_0000L);
    data(11, 10, 0xe000_0000L);
    data(21, 10, 5);
    wire.receivedUpTo(31);
    wire.skip();
  }

  @Test
  void after24DaysOfSilenceAnyTimestampIsNew() {
    data(1, 10, 1_005);
    wire.out("A");
    wire.after(Duration.ofDays(24).plusSeconds(1));
    data(11, 10, 3);
    wire.out("A").ack(21).echoes(3);
  }

  @Test
  void after23DaysItIsNot() {
    data(1, 10, 1_005);
    wire.out("A");
    wire.after(Duration.ofDays(23));
    data(11, 10, 3);
    wire.out("A").ack(11);
  }

  @Test
  void aSegmentAheadDoesNotChangeWhatIsEchoed() {
    data(11, 10, 1_007);
    wire.out("A").ack(1).echoes(1_000); // RFC 7323 §4.3 (2): not at or before Last.ACK.sent
    data(1, 10, 1_009);
    wire.out("A").ack(21).echoes(1_009);
  }

  @Test
  void theLastSegmentAgainIsEchoed() {
    data(1, 10, 1_005);
    wire.out("A").echoes(1_005);
    data(1, 10, 1_300); // our acknowledgment was lost
    wire.out("A").ack(11).echoes(1_300);
  }

  @Test
  void anOlderDuplicateIsNotEchoed() {
    data(1, 10, 1_005);
    data(11, 10, 1_006);
    wire.skip();
    data(1, 10, 1_300);
    wire.out("A").ack(21).echoes(1_006);
  }

  @Test
  void anEchoFromBeforeTheTimeoutIsNoMeasurement() {
    try (TcpWire lossy = TcpWire.server().withTimestamps().handshake()) {
      lossy.send(1);
      lossy.outData(1, 1);
      long first = lossy.ourTimestamp;
      lossy.after(Duration.ofSeconds(5));
      lossy.skip();
      // It had arrived; the acknowledgment was lost, and echoes what came first.
      lossy.in("A").seq(1).ack(2).timestamp(lossy.peerClock, first).arrives();
      assertThat(lossy.connection.smoothedRoundTrip()).isLessThan(1_000_000);
    }
  }

  @Test
  void withDelayedAcksTheFirstSegmentsTimestampIsEchoed() {
    try (TcpWire lazy = TcpWire.server().withTimestamps().handshake()) {
      lazy.in("A").seq(1).ack(1).length(10).timestamp(2_000, 0).arrives();
      lazy.in("A").seq(11).ack(1).length(9).timestamp(2_010, 0).isSent();
      lazy.afterMillis(40);
      lazy.out("A").ack(20).echoes(2_000); // RFC 7323 §4.3, case (A)
    }
  }

  @Test
  void aResetNeedsNoTimestampAndIsNotSubjectToPaws() {
    wire.in("R").seq(1).timestamp(1, 0).arrives(); // RFC 7323 §5.2
    assertThat(wire.events).containsExactly("closed RESET");
  }

  @Test
  void theTimestampOfAResetIsNotTaken() {
    wire.in("R").seq(2).timestamp(1, 0).arrives();
    wire.out("A").echoes(1_000);
    data(1, 10, 999);
    wire.out("A").ack(1); // still old
  }

  @Test
  void aSegmentWithoutTimestampIsDropped() {
    wire.in("A").seq(1).ack(1).length(10).unstamped().arrives();
    wire.silence(); // RFC 7323 §3.2: a SHOULD
    assertThat(wire.dropped(DropReason.TCP_NO_TIMESTAMP)).isEqualTo(1);
    assertThat(wire.state()).isEqualTo(TcpState.ESTABLISHED);
  }

  @Test
  void withoutAgreementTimestampsAreIgnored() {
    try (TcpWire plain = TcpWire.open(AT_ONCE)) {
      plain.in("A").seq(1).ack(1).length(10).timestamp(9, 9).arrives();
      plain.out("A").ack(11).hasNo(TIMESTAMPS);
      plain.in("A").seq(11).ack(1).length(10).timestamp(3, 9).arrives();
      plain.out("A").ack(21);
    }
  }
}
