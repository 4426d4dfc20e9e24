package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a connection tells about itself (RFC 4898). */
class TcpInfoTest {
  private static final int MSS = TcpWire.MSS;

  private static TcpInfo info(TcpWire wire) {
    return wire.connection.info().orElseThrow();
  }

  @Test
  void aNewConnectionHasSentItsPartOfTheHandshake() {
    try (TcpWire wire = TcpWire.open()) {
      TcpInfo info = info(wire);
      assertThat(info.state()).isEqualTo(TcpState.ESTABLISHED);
      assertThat(info.curMss()).isEqualTo(MSS);
      assertThat(info.curCwnd()).isEqualTo(10 * MSS);
      assertThat(info.curSsthresh()).isEqualTo(Integer.MAX_VALUE);
      assertThat(info.dataSegsOut() + info.dataSegsIn() + info.segsRetrans()).isZero();
      assertThat(info.sack() | info.timestamps() | info.windowScaling()).isFalse();
      assertThat(info.curRwinRcvd()).isEqualTo(65_535);
    }
  }

  @Test
  void whatIsSentAndAcknowledgedIsCounted() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(12 * MSS);
      wire.skip();
      TcpInfo info = info(wire);
      assertThat(info.dataSegsOut()).isEqualTo(10);
      assertThat(info.dataOctetsOut()).isEqualTo(10 * MSS);
      assertThat(info.flight()).isEqualTo(10 * MSS);
      assertThat(info.curAppWQueue()).isEqualTo(2 * MSS);
      assertThat(info.thruOctetsAcked()).isZero();
      wire.world.clock().advance(Duration.ofMillis(7));
      wire.ack(1, 1 + 10 * MSS);
      wire.skip();
      info = info(wire);
      assertThat(info.thruOctetsAcked()).isEqualTo(10 * MSS);
      assertThat(info.flight()).isEqualTo(2 * MSS);
      assertThat(info.minRtt()).isPositive().isLessThanOrEqualTo(info.smoothedRtt());
    }
  }

  @Test
  void whatIsReceivedTwiceIsInOrderOnce() {
    try (TcpWire wire = TcpWire.open()) {
      wire.data(1, 100, 1);
      wire.data(1, 100, 1);
      wire.data(301, 100, 1);
      TcpInfo info = info(wire);
      assertThat(info.dataSegsIn()).isEqualTo(3);
      assertThat(info.dataOctetsIn()).isEqualTo(300);
      assertThat(info.thruOctetsReceived()).isEqualTo(100);
    }
  }

  @Test
  void aLossIsSeenInDuplicatesRetransmissionsAndTheWindow() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(10 * MSS);
      wire.skip();
      for (int i = 0; i < 3; i++) {
        wire.ack(1, 1);
      }
      wire.skip();
      TcpInfo info = info(wire);
      assertThat(info.dupAcksIn()).isEqualTo(3);
      assertThat(info.inRecovery()).isTrue();
      assertThat(info.segsRetrans()).isEqualTo(1);
      assertThat(info.octetsRetrans()).isEqualTo(MSS);
      assertThat(info.congSignals()).isEqualTo(1);
      assertThat(info.curSsthresh()).isEqualTo(5 * MSS);
      assertThat(info.timeouts()).isZero();
    }
  }

  @Test
  void timeoutsAreCountedInAllAndInARow() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(MSS);
      wire.world.run(Duration.ofSeconds(4));
      TcpInfo info = info(wire);
      assertThat(info.timeouts()).isEqualTo(info.curTimeoutCount()).isPositive();
      wire.skip();
      wire.ack(1, 1 + MSS);
      assertThat(info(wire).curTimeoutCount()).isZero();
      assertThat(info(wire).timeouts()).isEqualTo(info.timeouts());
    }
  }
}
