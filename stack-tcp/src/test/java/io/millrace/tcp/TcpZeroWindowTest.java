package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A peer with a closed window: RFC 9293 §3.8.6.1. The timeout is 200 ms, the round trip being 0.
 */
class TcpZeroWindowTest {
  private final TcpWire wire = TcpWire.open();

  @BeforeEach
  void thePeerClosesItsWindow() {
    wire.peerWindow = 0;
    wire.send(1_460);
    wire.outData(1, 1_460);
    wire.ack(1, 1_461);
    wire.send(3_000);
    wire.silence();
  }

  @AfterEach
  void everyFrameComesBack() {
    wire.close();
  }

  private void refuse() {
    wire.ack(1, 1_461);
    wire.silence();
  }

  @Test
  void itIsProbedWithOneByteAtDoubledIntervals() {
    long wait = 200;
    for (int i = 0; i < 8; i++) {
      wire.afterMillis(wait - 1);
      wire.silence();
      wire.afterMillis(1);
      wire.outData(1_461, 1); // RFC 9293 §3.8.6.1 (MUST-36, SHLD-29, SHLD-30)
      refuse();
      wait *= 2;
    }
  }

  @Test
  void theIntervalIsBounded() {
    for (int i = 0; i < 30; i++) {
      wire.after(Duration.ofSeconds(120));
      assertThat(wire.skip()).isPositive();
      refuse();
    }
  }

  @Test
  void theIntervalIsBoundedOnASlowPathToo() {
    TcpConfig slow = TcpConfig.defaults().with().initialRto(60_000_000_000L).build();
    try (TcpWire far = TcpWire.server(slow)) {
      far.syn().arrives();
      far.out("SA");
      far.after(Duration.ofSeconds(20));
      far.in("A").seq(1).ack(1).window(0).arrives();
      far.send(10);
      for (int i = 0; i < 60; i++) {
        far.after(Duration.ofSeconds(120));
        assertThat(far.skip()).isBetween(1, 2);
        far.in("A").seq(1).ack(1).window(0).arrives();
      }
    }
  }

  @Test
  void answeredProbesKeepTheConnectionForEver() {
    for (int i = 0; i < 1_000; i++) {
      wire.after(Duration.ofSeconds(120));
      wire.skip();
      refuse();
    }
    assertThat(wire.state()).isEqualTo(TcpState.ESTABLISHED); // RFC 9293 §3.8.6.1 (MUST-37)
    assertThat(wire.events).isEmpty();
  }

  @Test
  void unansweredProbesEndIt() {
    wire.after(Duration.ofHours(1));
    wire.skip();
    assertThat(wire.events).containsExactly("closed TIMED_OUT");
  }

  @Test
  void anOrphanEndsEvenIfProbesAreAnswered() {
    wire.connection.close();
    for (int i = 0; i < 20; i++) {
      wire.after(Duration.ofSeconds(120));
      wire.skip();
      wire.ack(1, 1_461);
    }
    assertThat(wire.events).containsExactly("closed TIMED_OUT");
    wire.skip();
  }

  @Test
  void aProbeThatIsTakenIsFollowedByTheNextByte() {
    wire.afterMillis(200);
    wire.outData(1_461, 1);
    wire.ack(1, 1_462);
    wire.silence();
    wire.afterMillis(400);
    wire.outData(1_462, 1);
  }

  @Test
  void whenTheWindowOpensDataFlowsAtOnce() {
    wire.in("A").seq(1).ack(1_461).window(10_000).arrives();
    wire.outData(1_461, 1_460);
    wire.outData(2_921, 1_460);
  }

  @Test
  void aRefusedProbeIsSentAgainAtOnceWhenTheWindowOpens() {
    wire.afterMillis(200);
    wire.outData(1_461, 1);
    refuse();
    wire.in("A").seq(1).ack(1_461).window(10_000).arrives();
    wire.outData(1_461, 1);
    wire.outData(1_462, 1_460);
    wire.outData(2_922, 1_460);
  }

  @Test
  void probesDoNotSlowDownTheTimeoutOfData() {
    for (int i = 0; i < 10; i++) {
      wire.after(Duration.ofSeconds(120));
      wire.skip();
      refuse();
    }
    wire.in("A").seq(1).ack(1_461).window(10_000).arrives();
    assertThat(wire.skip()).isPositive();
    wire.afterMillis(200);
    wire.outData(1_461, 1_460);
  }

  @Test
  void answersToProbesAreNoDuplicateAcknowledgments() {
    int window = wire.connection.congestionWindow();
    wire.afterMillis(200);
    wire.outData(1_461, 1);
    for (int i = 0; i < 5; i++) {
      refuse();
    }
    assertThat(wire.connection.congestionWindow()).isEqualTo(window);
  }

  @Test
  void theFinWaitsBehindTheData() {
    wire.connection.shutdownOutput();
    wire.afterMillis(200);
    wire.outData(1_461, 1).finished(false);
  }

  @Test
  void withNothingToSendThereIsNoProbe() {
    TcpWire idle = TcpWire.open();
    idle.in("A").seq(1).ack(1).window(0).arrives();
    idle.after(Duration.ofHours(1));
    idle.silence();
    idle.connection.shutdownOutput();
    idle.world.settle();
    idle.out("FA").seq(1); // a FIN needs no window
    idle.close();
  }
}
