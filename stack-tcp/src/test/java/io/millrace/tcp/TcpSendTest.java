package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is sent when: RFC 9293 §3.7.4, §3.8.6.2.1, §3.9.1.2. */
class TcpSendTest {
  @Test
  void fullSegmentsGoOutAtOnceAndTheEndIsPushed() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(2_920);
      wire.outData(1, 1_460).pushed(false).ack(1);
      wire.outData(1_461, 1_460).pushed(true); // RFC 9293 §3.9.1.2 (MUST-60)
      wire.silence();
    }
  }

  @Test
  void timestampsMakeSegmentsTwelveBytesShorter() {
    try (TcpWire wire = TcpWire.server().withTimestamps().handshake()) {
      wire.send(3_000);
      wire.outData(1, 1_448); // RFC 9293 §3.7.1 (MUST-16), RFC 6691
      wire.outData(1_449, 1_448);
    }
  }

  @Test
  void sackBlocksMakeSegmentsShorterStill() {
    try (TcpWire wire = TcpWire.server().withSack().handshake()) {
      wire.data(101, 10, 1);
      wire.out("A");
      wire.send(3_000);
      wire.outData(1, 1_448).sack(101, 111);
      wire.outData(1_449, 1_448).sack(101, 111);
    }
  }

  @Test
  void nagleHoldsASmallSegmentWhileDataIsOutstanding() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(10);
      wire.outData(1, 10);
      wire.send(10);
      wire.send(10);
      wire.silence(); // RFC 9293 §3.7.4 (SHLD-7)
      wire.ack(1, 11);
      wire.outData(11, 20);
    }
  }

  @Test
  void nagleSendsFullSegmentsAndHoldsTheRest() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(10);
      wire.outData(1, 10);
      wire.send(1_500);
      wire.outData(11, 1_460);
      wire.silence();
      wire.ack(1, 1_471);
      wire.outData(1_471, 40);
    }
  }

  @Test
  void withoutNagleSmallSegmentsGoOutAtOnce() {
    try (TcpWire wire = TcpWire.open(TcpConfig.defaults().with().noDelay(true).build())) {
      wire.send(10);
      wire.outData(1, 10);
      wire.send(10);
      wire.outData(11, 10); // RFC 9293 §3.7.4 (MUST-17)
    }
  }

  @Test
  void nagleCanBeTurnedOffWhileDataWaits() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(10);
      wire.send(10);
      wire.outData(1, 10);
      wire.silence();
      wire.connection.noDelay(true);
      wire.world.settle();
      wire.outData(11, 10);
    }
  }

  @Test
  void theLastSegmentOfAClosedSideDoesNotWaitForNagle() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(10);
      wire.outData(1, 10);
      wire.connection.send(new byte[10], 0, 10);
      wire.connection.shutdownOutput();
      wire.world.settle();
      wire.outData(11, 10).finished(true);
    }
  }

  @Test
  void aSillyPieceOfAWindowIsNotUsed() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(1_460);
      wire.outData(1, 1_460);
      wire.in("A").seq(1).ack(1_461).window(500).arrives();
      wire.send(3_000);
      wire.silence(); // RFC 9293 §3.8.6.2.1 (MUST-38)
      wire.in("A").seq(1).ack(1_461).window(1_460).arrives();
      wire.outData(1_461, 1_460);
    }
  }

  @Test
  void aSillyWindowIsUsedWhenTheOverrideTimeoutComes() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(1_460);
      wire.outData(1, 1_460);
      wire.in("A").seq(1).ack(1_461).window(500).arrives();
      wire.send(3_000);
      wire.silence();
      wire.afterMillis(200);
      wire.outData(1_461, 500);
      wire.silence();
    }
  }

  @Test
  void halfOfTheLargestWindowIsNotSilly() {
    try (TcpWire wire = TcpWire.server()) {
      wire.peerWindow = 1_000;
      wire.handshake();
      wire.in("A").seq(1).ack(1).window(500).arrives();
      wire.send(3_000);
      wire.outData(1, 500);
      wire.silence();
    }
  }

  @Test
  void halfOfTheLargestWindowWaitsForNagle() {
    try (TcpWire wire = TcpWire.server()) {
      wire.peerWindow = 1_000;
      wire.handshake();
      wire.send(10);
      wire.outData(1, 10);
      wire.send(3_000);
      wire.silence(); // RFC 9293 §3.8.6.2.1 (3): the bracketed condition
      wire.in("A").seq(1).ack(11).arrives();
      wire.outData(11, 1_000);
    }
  }

  @Test
  void neverMoreThanThePeersWindowIsSent() {
    try (TcpWire wire = TcpWire.server()) {
      wire.peerWindow = 4_000;
      wire.handshake();
      wire.send(20_000);
      wire.outData(1, 1_460);
      wire.outData(1_461, 1_460);
      wire.silence(); // 1,080 more would be allowed, and be silly
      wire.ack(1, 1_461);
      wire.outData(2_921, 1_460);
      wire.silence();
    }
  }

  @Test
  void aWindowThatShrinksStopsTheSenderAndNothingElse() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(4_380);
      assertThat(wire.skip()).isEqualTo(3);
      wire.in("A").seq(1).ack(1_461).window(1_460).arrives(); // RFC 9293 §3.8.6 (MUST-34)
      wire.send(10_000);
      wire.silence();
      wire.in("A").seq(1).ack(4_381).window(1_460).arrives();
      wire.outData(4_381, 1_460);
    }
  }

  @Test
  void whatIsSentIsWhatTheApplicationGave() {
    try (TcpWire wire = TcpWire.open()) {
      byte[] message = new byte[5_000];
      new java.util.Random(7).nextBytes(message);
      wire.connection.send(message, 0, 1_000);
      wire.connection.send(message, 1_000, 4_000);
      wire.world.settle();
      java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
      for (int size : new int[] {1_460, 1_460, 1_460}) {
        all.writeBytes(wire.outData(1 + all.size(), size).decoded().payload());
      }
      wire.ack(1, 4_381);
      all.writeBytes(wire.outData(4_381, 620).decoded().payload());
      assertThat(all.toByteArray()).isEqualTo(message);
    }
  }
}
