package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.diag.DropReason;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The ways to end: RFC 9293 §3.6, §3.10.4, §3.10.5. */
class TcpCloseTest {
  private final TcpWire wire = TcpWire.open();

  @AfterEach
  void everyFrameComesBack() {
    wire.close();
  }

  private void shutdown() {
    wire.connection.shutdownOutput();
    wire.world.settle();
  }

  private void close() {
    wire.close(wire.connection);
  }

  // ---- we close first ----

  @Test
  void anActiveCloseGoesThroughFinWaitToTimeWait() {
    shutdown();
    wire.out("FA").seq(1).ack(1);
    assertThat(wire.state()).isEqualTo(TcpState.FIN_WAIT_1);
    wire.ack(1, 2);
    assertThat(wire.state()).isEqualTo(TcpState.FIN_WAIT_2);
    wire.in("FA").seq(1).ack(2).arrives();
    wire.out("A").seq(2).ack(2);
    assertThat(wire.state()).isEqualTo(TcpState.TIME_WAIT);
    assertThat(wire.tcp.timeWaitCount()).isEqualTo(1);
    assertThat(wire.tcp.connectionCount()).isZero();
    assertThat(wire.events).containsExactly("peer closed", "closed NORMAL");
  }

  @Test
  void aFinThatAcknowledgesOursEndsInTimeWaitAtOnce() {
    shutdown();
    wire.out("FA");
    wire.in("FA").seq(1).ack(2).arrives();
    wire.out("A").seq(2).ack(2);
    assertThat(wire.state()).isEqualTo(TcpState.TIME_WAIT);
  }

  @Test
  void aSimultaneousCloseGoesThroughClosing() {
    shutdown();
    wire.out("FA").seq(1);
    wire.in("FA").seq(1).ack(1).arrives();
    wire.out("A").seq(2).ack(2);
    assertThat(wire.state()).isEqualTo(TcpState.CLOSING);
    wire.ack(2, 2);
    assertThat(wire.state()).isEqualTo(TcpState.TIME_WAIT);
    assertThat(wire.events).containsExactly("peer closed", "closed NORMAL");
  }

  @Test
  void theFinFollowsTheDataInTheSameSegment() {
    wire.connection.send(new byte[100], 0, 100);
    wire.connection.shutdownOutput();
    wire.world.settle();
    wire.out("FPA").seq(1).length(100);
    wire.ack(1, 102);
    assertThat(wire.state()).isEqualTo(TcpState.FIN_WAIT_2);
  }

  @Test
  void afterAHalfCloseDataIsStillReceived() {
    shutdown();
    wire.out("FA");
    wire.ack(1, 2);
    wire.data(1, 1000, 2);
    wire.data(1001, 1000, 2);
    wire.out("A").seq(2).ack(2001);
    wire.in("FA").seq(2001).ack(2).length(5).arrives();
    assertThat(wire.events)
        .containsExactly("data 1000", "data 1000", "data 5", "peer closed", "closed NORMAL");
    wire.receivedUpTo(2006);
    wire.out("A").ack(2007);
  }

  @Test
  void aHalfClosedConnectionMayWaitForEver() {
    shutdown();
    wire.out("FA");
    wire.ack(1, 2);
    wire.after(Duration.ofHours(1));
    assertThat(wire.state()).isEqualTo(TcpState.FIN_WAIT_2);
    wire.silence();
  }

  @Test
  void finWait2EndsOnceNobodyWaitsForData() {
    close();
    wire.out("FA");
    wire.ack(1, 2);
    wire.after(Duration.ofMillis(59_999));
    assertThat(wire.state()).isEqualTo(TcpState.FIN_WAIT_2);
    wire.after(Duration.ofMillis(1));
    assertThat(wire.events).containsExactly("closed NORMAL");
    assertThat(wire.tcp.connectionCount()).isZero();
  }

  @Test
  void aCloseAfterAHalfCloseStartsTheTimerOfFinWait2() {
    shutdown();
    wire.out("FA");
    wire.ack(1, 2);
    wire.after(Duration.ofMinutes(10));
    close();
    wire.after(Duration.ofSeconds(60));
    assertThat(wire.events).containsExactly("closed NORMAL");
  }

  @Test
  void theFinIsRepeatedAndGivenUp() {
    shutdown();
    wire.out("FA").seq(1);
    wire.afterMillis(200);
    wire.out("FA").seq(1);
    wire.afterMillis(400);
    wire.out("FA").seq(1);
    wire.after(Duration.ofHours(1));
    assertThat(wire.skip()).isEqualTo(13);
    assertThat(wire.events).containsExactly("closed TIMED_OUT");
  }

  @Test
  void aLostFinBehindDataIsRepeatedWithIt() {
    wire.connection.send(new byte[2000], 0, 2000);
    wire.connection.shutdownOutput();
    wire.world.settle();
    wire.outData(1, 1460).finished(false);
    wire.outData(1461, 540).finished(true);
    wire.ack(1, 1461);
    wire.afterMillis(200);
    wire.outData(1461, 540).finished(true);
    wire.ack(1, 2002);
    assertThat(wire.state()).isEqualTo(TcpState.FIN_WAIT_2);
  }

  @Test
  void dataAfterCloseIsAnsweredWithAReset() {
    close();
    wire.out("FA").seq(1);
    wire.ack(1, 2);
    wire.data(1, 10, 2); // RFC 9293 §3.6.1 (SHLD-3)
    wire.out("R").seq(2);
    assertThat(wire.events).containsExactly("closed ABORTED");
    wire.silence();
  }

  @Test
  void closeWithUnreadDataResets() {
    wire.connection.pauseReading();
    wire.data(1, 10, 1);
    close();
    wire.out("RA").seq(1).ack(11); // RFC 9293 §3.6.1 (SHLD-3)
    assertThat(wire.events).containsExactly("closed ABORTED");
  }

  @Test
  void closingTwiceIsClosingOnce() {
    close();
    close();
    shutdown();
    wire.out("FA").seq(1);
    wire.silence();
  }

  @Test
  void nothingCanBeSentAfterClosing() {
    shutdown();
    assertThatThrownBy(() -> wire.send(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    wire.skip();
  }

  // ---- the peer closes first ----

  @Test
  void aPassiveCloseGoesThroughCloseWaitAndLastAck() {
    wire.in("FA").seq(1).ack(1).arrives();
    wire.out("A").seq(1).ack(2);
    assertThat(wire.state()).isEqualTo(TcpState.CLOSE_WAIT);
    assertThat(wire.events).containsExactly("peer closed");
    wire.send(10);
    wire.outData(1, 10).ack(2);
    shutdown();
    assertThat(wire.state()).isEqualTo(TcpState.LAST_ACK);
    wire.out("FA").seq(11).ack(2);
    wire.ack(2, 12);
    assertThat(wire.events).containsExactly("peer closed", "closed NORMAL");
    assertThat(wire.tcp.timeWaitCount()).isZero();
    wire.silence();
    wire.ack(2, 12);
    wire.out("R").seq(12);
  }

  @Test
  void theFinInLastAckIsRepeated() {
    wire.in("FA").seq(1).ack(1).arrives();
    wire.out("A").ack(2);
    shutdown();
    wire.out("FA").seq(1).ack(2);
    wire.afterMillis(200);
    wire.out("FA").seq(1).ack(2);
  }

  @Test
  void aFinAgainIsAcknowledgedAgain() {
    wire.in("FA").seq(1).ack(1).arrives();
    wire.out("A").ack(2);
    wire.in("FA").seq(1).ack(1).arrives();
    wire.out("A").ack(2);
    assertThat(wire.events).containsExactly("peer closed");
  }

  @Test
  void dataBehindTheFinIsIgnored() {
    wire.in("FA").seq(1).ack(1).arrives();
    wire.out("A").ack(2);
    wire.data(2, 10, 1);
    assertThat(wire.events).containsExactly("peer closed");
    assertThat(wire.state()).isEqualTo(TcpState.CLOSE_WAIT);
  }

  // ---- resets ----

  @Test
  void anAbortResetsAtSndNxt() {
    wire.send(100);
    wire.outData(1, 100);
    wire.connection.abort();
    wire.world.settle();
    wire.out("RA").seq(101).ack(1);
    assertThat(wire.events).containsExactly("closed ABORTED");
    wire.data(1, 1, 101);
    wire.out("R").seq(101);
  }

  @Test
  void anAbortInLastAckOrClosingSendsNothing() {
    wire.in("FA").seq(1).ack(1).arrives();
    wire.out("A").ack(2);
    shutdown();
    wire.out("FA");
    wire.connection.abort();
    wire.world.settle();
    wire.silence(); // RFC 9293 §3.10.5
    assertThat(wire.events).containsExactly("peer closed", "closed ABORTED");
  }

  @Test
  void aResetEndsTheConnection() {
    wire.send(100);
    wire.outData(1, 100);
    wire.in("R").seq(1).arrives();
    assertThat(wire.events).containsExactly("closed RESET");
    wire.silence();
    wire.after(Duration.ofSeconds(10));
    wire.silence();
  }

  @Test
  void aResetInLastAckIsTheNormalEnd() {
    wire.in("FA").seq(1).ack(1).arrives();
    wire.out("A").ack(2);
    shutdown();
    wire.out("FA");
    wire.in("R").seq(2).arrives();
    assertThat(wire.events).containsExactly("peer closed", "closed NORMAL");
  }

  @Test
  void segmentsAfterTheEndAreReset() {
    wire.in("R").seq(1).arrives();
    wire.data(1, 10, 1);
    wire.out("R").seq(1);
    assertThat(wire.dropped(DropReason.TCP_NO_CONNECTION)).isEqualTo(1);
  }

  // ---- what a paused application still gets ----

  @Test
  void dataThatWasNotReadBeforeTimeWaitIsDeliveredLater() {
    wire.connection.pauseReading();
    shutdown();
    wire.out("FA");
    wire.in("FA").seq(1).ack(2).length(10).arrives();
    wire.out("A").ack(12);
    assertThat(wire.events).isEmpty();
    assertThat(wire.tcp.timeWaitCount()).isEqualTo(1);
    wire.connection.resumeReading();
    wire.world.settle();
    assertThat(wire.events).containsExactly("data 10", "peer closed", "closed NORMAL");
    wire.receivedUpTo(11);
    wire.silence();
  }

  @Test
  void dataThatWasNotReadBeforeLastAckIsDeliveredLater() {
    wire.connection.pauseReading();
    wire.in("FA").seq(1).ack(1).length(10).arrives();
    wire.out("A").ack(12);
    shutdown();
    wire.out("FA");
    wire.ack(12, 2);
    assertThat(wire.events).isEmpty();
    assertThat(wire.tcp.connectionCount()).isZero();
    wire.connection.resumeReading();
    wire.world.settle();
    assertThat(wire.events).containsExactly("data 10", "peer closed", "closed NORMAL");
  }

  @Test
  void anApplicationThatClosesInsteadOfReadingIsDone() {
    wire.connection.pauseReading();
    shutdown();
    wire.out("FA");
    wire.in("FA").seq(1).ack(2).length(10).arrives();
    wire.out("A");
    close();
    assertThat(wire.events).containsExactly("closed NORMAL");
  }

  @Test
  void aResetThrowsAwayWhatWasNotRead() {
    wire.connection.pauseReading();
    wire.data(1, 10, 1);
    wire.in("R").seq(11).arrives();
    assertThat(wire.events).containsExactly("closed RESET"); // RFC 9293 §3.10.7.4, second
  }
}
