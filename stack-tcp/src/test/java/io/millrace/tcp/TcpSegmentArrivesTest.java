package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * SEGMENT ARRIVES in the synchronized states (RFC 9293 §3.10.7.4, as changed by RFC 5961): what
 * each kind of segment at each place of the window makes us answer.
 */
class TcpSegmentArrivesTest {
  /** What a segment leads to. */
  private enum Reaction {
    /** Nothing is sent, nothing changes. */
    NOTHING,
    /** An acknowledgment with our numbers as they are. */
    ACK,
    /** The connection is over, and nothing is sent. */
    RESET,
    /** The segment's data, or its FIN, is taken. */
    TAKEN
  }

  private static final int WINDOW = 65_535;

  /** The states that can be reached with RCV.NXT still open: the peer's FIN has not come. */
  private enum Before {
    ESTABLISHED {
      @Override
      void reach(TcpWire wire) {}
    },
    FIN_WAIT_1 {
      @Override
      void reach(TcpWire wire) {
        wire.connection.shutdownOutput();
        wire.world.settle();
        wire.out("FA").seq(1);
        nxt(wire, 1, 2);
      }
    },
    FIN_WAIT_2 {
      @Override
      void reach(TcpWire wire) {
        FIN_WAIT_1.reach(wire);
        wire.ack(1, 2);
        nxt(wire, 1, 2);
      }
    },
    CLOSE_WAIT {
      @Override
      void reach(TcpWire wire) {
        wire.in("FA").seq(1).ack(1).arrives();
        wire.out("A").ack(2);
        nxt(wire, 2, 1);
      }
    },
    CLOSING {
      @Override
      void reach(TcpWire wire) {
        FIN_WAIT_1.reach(wire);
        wire.in("FA").seq(1).ack(1).arrives();
        wire.out("A").ack(2);
        nxt(wire, 2, 2);
      }
    },
    LAST_ACK {
      @Override
      void reach(TcpWire wire) {
        CLOSE_WAIT.reach(wire);
        wire.connection.shutdownOutput();
        wire.world.settle();
        wire.out("FA").seq(1).ack(2);
        nxt(wire, 2, 2);
      }
    };

    abstract void reach(TcpWire wire);

    private static void nxt(TcpWire wire, long rcvNxt, long sndNxt) {
      wire.rcvNxt = rcvNxt;
      wire.sndNxt = sndNxt;
    }
  }

  private record Case(String what, String flags, long offset, int length, long ack, Reaction then) {
    Case(String what, String flags, long offset, int length, Reaction then) {
      this(what, flags, offset, length, 0, then);
    }
  }

  /** Offsets count from RCV.NXT, acknowledgments from SND.UNA as it is after the handshake: 1. */
  private static List<Case> cases(Before state) {
    boolean open = state.ordinal() <= Before.FIN_WAIT_2.ordinal();
    // After the peer's FIN the window that was offered shrinks no further: one less than before.
    int edge = open ? WINDOW : WINDOW - 1;
    long beyond = state == Before.ESTABLISHED || state == Before.CLOSE_WAIT ? 1 : 2;
    List<Case> all = new ArrayList<>();
    // Resets: RFC 5961 §3.2.
    all.add(new Case("RST at RCV.NXT", "R", 0, 0, Reaction.RESET));
    all.add(new Case("RST inside the window", "R", 1, 0, Reaction.ACK));
    all.add(new Case("RST at the last number", "R", edge - 1, 0, Reaction.ACK));
    all.add(new Case("RST at the right edge", "R", edge, 0, Reaction.NOTHING));
    all.add(new Case("RST left of the window", "R", -1, 0, Reaction.NOTHING));
    all.add(new Case("RST far away", "R", 1 << 30, 0, Reaction.NOTHING));
    all.add(new Case("RST with data inside", "R", 1, 5, Reaction.ACK));
    // SYNs, whatever their number: RFC 5961 §4.2.
    for (long at : new long[] {0, 1, edge - 1, edge, -1, -2, 1 << 30, -(1 << 30)}) {
      all.add(new Case("SYN at " + at, "S", at, 0, Reaction.ACK));
      all.add(new Case("SYN-ACK at " + at, "SA", at, 0, Reaction.ACK));
      all.add(new Case("SYN with data at " + at, "S", at, 3, Reaction.ACK));
    }
    // Outside of the window.
    all.add(new Case("data left of the window", "A", -5, 5, Reaction.ACK));
    all.add(new Case("data right of the window", "A", edge, 5, Reaction.ACK));
    all.add(new Case("data far away", "A", 1 << 30, 5, Reaction.ACK));
    all.add(new Case("a keep-alive probe", "A", -1, 0, Reaction.ACK));
    all.add(new Case("an ACK left of the window", "A", -100, 0, Reaction.ACK));
    all.add(new Case("an ACK at the right edge", "A", edge, 0, Reaction.ACK));
    all.add(new Case("FIN left of the window", "FA", -1, 0, Reaction.ACK));
    all.add(new Case("FIN right of the window", "FA", edge, 0, Reaction.ACK));
    // The ACK field: RFC 5961 §5.2.
    all.add(new Case("no ACK flag", "P", 0, 5, Reaction.NOTHING));
    all.add(new Case("nothing at all", "", 0, 0, Reaction.NOTHING));
    all.add(new Case("an ACK of the future", "A", 0, 0, beyond, Reaction.ACK));
    all.add(new Case("data with an ACK of the future", "A", 0, 5, beyond, Reaction.ACK));
    all.add(new Case("FIN with an ACK of the future", "FA", 0, 0, 1 << 30, Reaction.ACK));
    all.add(new Case("an ACK older than any window", "A", 0, 5, -WINDOW - 2, Reaction.ACK));
    all.add(new Case("an old ACK", "A", 0, 0, 1 - WINDOW, Reaction.NOTHING));
    all.add(new Case("the same ACK", "A", 0, 0, Reaction.NOTHING));
    all.add(new Case("an ACK inside the window", "A", 5, 0, Reaction.NOTHING));
    all.add(new Case("an ACK at the last number", "A", edge - 1, 0, Reaction.NOTHING));
    if (open) {
      all.add(new Case("data", "A", 0, 5, Reaction.TAKEN));
      all.add(new Case("data with an old ACK", "A", 0, 5, 1 - WINDOW, Reaction.TAKEN));
      all.add(new Case("data that begins too early", "A", -3, 8, Reaction.TAKEN));
      all.add(new Case("data, urgent", "UA", 0, 5, Reaction.TAKEN));
      all.add(new Case("data ahead", "A", 10, 5, Reaction.ACK));
      all.add(new Case("the last byte of the window", "A", edge - 1, 1, Reaction.ACK));
      all.add(new Case("FIN", "FA", 0, 0, Reaction.TAKEN));
      all.add(new Case("FIN ahead", "FA", 10, 0, Reaction.ACK));
      all.add(new Case("data and FIN", "FA", 0, 5, Reaction.TAKEN));
    } else {
      all.add(new Case("data behind the FIN", "A", 0, 5, Reaction.NOTHING));
      all.add(new Case("FIN behind the FIN", "FA", 0, 0, Reaction.NOTHING));
    }
    return all;
  }

  @TestFactory
  List<DynamicTest> everyStateAndEverySegment() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Before state : Before.values()) {
      for (Case each : cases(state)) {
        tests.add(DynamicTest.dynamicTest(state + ": " + each.what(), () -> verify(state, each)));
      }
    }
    return tests;
  }

  private static void verify(Before before, Case c) {
    try (TcpWire wire = TcpWire.open()) {
      before.reach(wire);
      wire.events.clear();
      TcpState state = wire.state();
      assertThat(state.name()).isEqualTo(before.name());
      TcpWire.In in = wire.in(c.flags()).seq(wire.rcvNxt + c.offset()).length(c.length());
      if (c.flags().contains("A")) {
        in.ack(1 + c.ack());
      }
      in.arrives();
      switch (c.then()) {
        case NOTHING -> {
          wire.silence();
          assertThat(wire.events).isEmpty();
          assertThat(wire.state()).isEqualTo(state);
        }
        case ACK -> {
          wire.out("A").seq(wire.sndNxt).ack(wire.rcvNxt).length(0);
          wire.silence();
          assertThat(wire.events).isEmpty();
          assertThat(wire.state()).isEqualTo(state);
        }
        case RESET -> {
          wire.silence();
          boolean closing = before == Before.CLOSING || before == Before.LAST_ACK;
          assertThat(wire.events).containsExactly("closed " + (closing ? "NORMAL" : "RESET"));
        }
        case TAKEN -> {
          if (c.length() != 0) {
            assertThat(wire.events).contains("data 5");
          }
          if (c.flags().contains("F")) {
            assertThat(wire.events).contains("peer closed");
            wire.out("A").ack(wire.rcvNxt + c.length() + 1);
          }
        }
      }
    }
  }

  @Test
  void challengeAcksAreLimitedPerConnection() {
    try (TcpWire wire = TcpWire.open()) {
      for (int i = 0; i < 100; i++) {
        wire.in("S").seq(1).arrives();
      }
      int first = wire.skip();
      // 10 a second by configuration, give or take half of it, so that nobody can count on it.
      assertThat(first).isBetween(5, 15);
      assertThat(wire.count(Counter.TCP_CHALLENGE_ACKS)).isEqualTo(first);
      wire.afterMillis(1_000);
      wire.in("S").seq(1).arrives();
      wire.out("A");
    }
  }

  @Test
  void theLimitOfOneConnectionIsNotThatOfAnother() {
    try (TcpWire wire = TcpWire.open()) {
      TcpConnection first = wire.connection;
      for (int i = 0; i < 100; i++) {
        wire.in("R").seq(2).arrives();
      }
      wire.skip();
      wire.peerPort = 6;
      wire.handshake();
      wire.in("R").seq(2).arrives();
      wire.out("A");
      first.abort();
      wire.world.settle();
    }
  }

  @Test
  void dataIsTrimmedToTheWindow() {
    TcpConfig config = TcpConfig.defaults().with().receiveBuffer(2_048).build();
    try (TcpWire wire = TcpWire.open(config)) {
      wire.connection.pauseReading();
      wire.in("A").seq(1).ack(1).length(1_400).arrives();
      wire.in("FA").seq(1_401).ack(1).length(1_400).arrives();
      wire.afterMillis(40);
      wire.out("A").ack(2_049).window(0); // the FIN lies behind the window
      assertThat(wire.state()).isEqualTo(TcpState.ESTABLISHED);
      wire.connection.resumeReading();
      wire.world.settle();
      wire.receivedUpTo(2_049);
      wire.skip();
    }
  }

  @Test
  void aZeroWindowRefusesDataAndTakesTheAck() {
    TcpConfig config = TcpConfig.defaults().with().receiveBuffer(2_048).build();
    try (TcpWire wire = TcpWire.open(config)) {
      wire.connection.pauseReading();
      wire.data(1, 1_024, 1);
      wire.data(1_025, 1_024, 1);
      wire.out("A").ack(2_049).window(0);
      wire.send(100);
      wire.outData(1, 100);
      wire.data(2_049, 1, 101); // a probe that acknowledges
      wire.out("A").seq(101).ack(2_049).window(0);
      assertThat(wire.connection.unacknowledgedBytes()).isZero();
    }
  }

  @Test
  void aZeroWindowTakesTheAckOfOurFinFromAProbe() {
    TcpConfig config = TcpConfig.defaults().with().receiveBuffer(2_048).build();
    try (TcpWire wire = TcpWire.open(config)) {
      wire.connection.pauseReading();
      wire.data(1, 1_024, 1);
      wire.data(1_025, 1_024, 1);
      wire.connection.shutdownOutput();
      wire.world.settle();
      wire.skip();
      wire.data(2_049, 1, 2);
      assertThat(wire.state()).isEqualTo(TcpState.FIN_WAIT_2);
      wire.skip();
    }
  }

  @Test
  void aZeroWindowTakesAResetAndAnAck() {
    TcpConfig config = TcpConfig.defaults().with().receiveBuffer(2_048).build();
    try (TcpWire wire = TcpWire.open(config)) {
      wire.connection.pauseReading();
      wire.data(1, 1_024, 1);
      wire.data(1_025, 1_024, 1);
      wire.skip();
      wire.ack(2_049, 1);
      wire.silence();
      wire.in("R").seq(2_049).arrives();
      assertThat(wire.events).containsExactly("closed RESET");
    }
  }

  @Test
  void theUrgentPointerGrantsNothing() {
    try (TcpWire wire = TcpWire.open()) {
      // RFC 6093 §6: what is urgent is delivered in line, as what it is.
      wire.in("A").seq(1).ack(1).length(10).urgent(0xffff).arrives();
      wire.receivedUpTo(11);
    }
  }

  @Test
  void anOldAckDoesNotMoveTheWindow() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(1_000);
      wire.outData(1, 1_000);
      wire.in("A").seq(1).ack(1_001).window(2_000).arrives();
      // RFC 9293 §3.10.7.4: only with SND.UNA =< SEG.ACK; this one was overtaken.
      wire.in("A").seq(1).ack(500).length(10).window(9_000).arrives();
      wire.send(5_000);
      wire.outData(1_001, 1_460);
      wire.silence(); // 540 more would be a silly segment
    }
  }
}
