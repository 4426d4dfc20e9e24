package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.diag.DropReason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The receiving half: order, acknowledgments, SACK, windows. */
class TcpReceiveTest {
  private static final TcpConfig AT_ONCE = TcpConfig.defaults().with().delayedAck(0).build();

  // ---- data out of order: RFC 2018 §4 ----

  @TestFactory
  List<DynamicTest> allOrdersOfFiveSegments() {
    List<DynamicTest> tests = new ArrayList<>();
    permute(new ArrayList<>(List.of(0, 1, 2, 3, 4)), 0, tests);
    return tests;
  }

  private static void permute(List<Integer> order, int from, List<DynamicTest> tests) {
    if (from == order.size()) {
      List<Integer> one = List.copyOf(order);
      tests.add(DynamicTest.dynamicTest(one.toString(), () -> arriveIn(one)));
    }
    for (int i = from; i < order.size(); i++) {
      java.util.Collections.swap(order, from, i);
      permute(order, from + 1, tests);
      java.util.Collections.swap(order, from, i);
    }
  }

  /** Each segment is acknowledged at once, with the block that it made or joined first. */
  private static void arriveIn(List<Integer> order) {
    try (TcpWire wire = TcpWire.server(AT_ONCE).withSack().handshake()) {
      List<long[]> blocks = new ArrayList<>();
      long next = 1;
      for (int i : order) {
        long start = 1 + 100L * i;
        long end = start + 100;
        wire.data(start, 100, 1);
        for (long[] each : List.copyOf(blocks)) {
          if (each[1] == start || each[0] == end) {
            start = Math.min(start, each[0]);
            end = Math.max(end, each[1]);
            blocks.remove(each);
          }
        }
        if (start == next) {
          next = end;
        } else {
          blocks.addFirst(new long[] {start, end});
        }
        wire.out("A")
            .ack(next)
            .sack(blocks.stream().flatMapToLong(java.util.Arrays::stream).toArray());
        wire.silence();
      }
      wire.receivedUpTo(501);
    }
  }

  @Test
  void atMostFourBlocksAreReportedAndTheLatestFirst() {
    try (TcpWire wire = TcpWire.server().withSack().handshake()) {
      for (int i = 1; i <= 6; i++) {
        wire.data(100 * i, 10, 1);
      }
      for (int i = 1; i <= 5; i++) {
        wire.skipOne();
      }
      wire.out("A").ack(1).sack(600, 610, 500, 510, 400, 410, 300, 310);
    }
  }

  @Test
  void withTimestampsThereIsRoomForThree() {
    try (TcpWire wire = TcpWire.server().withSack().withTimestamps().handshake()) {
      for (int i = 1; i <= 5; i++) {
        wire.data(100 * i, 10, 1);
      }
      for (int i = 1; i <= 4; i++) {
        wire.skipOne();
      }
      wire.out("A").sack(500, 510, 400, 410, 300, 310);
    }
  }

  @Test
  void blocksThatWerePushedOffTheListComeBackWhenThereIsRoom() {
    try (TcpWire wire = TcpWire.server().withSack().handshake()) {
      for (int i = 1; i <= 5; i++) {
        wire.data(100 * i, 10, 1);
      }
      wire.skip();
      wire.data(410, 90, 1); // joins the last two
      wire.out("A").sack(400, 510, 300, 310, 200, 210, 100, 110);
    }
  }

  @Test
  void aSegmentThatCoversOthersMakesOneBlock() {
    try (TcpWire wire = TcpWire.server().withSack().handshake()) {
      wire.data(100, 10, 1);
      wire.data(120, 10, 1);
      wire.skip();
      wire.data(100, 30, 1);
      wire.out("A").ack(1).sack(100, 130);
    }
  }

  @Test
  void withoutSackDuplicateAcksHaveNoBlocks() {
    try (TcpWire wire = TcpWire.open()) {
      wire.data(101, 100, 1);
      wire.data(201, 100, 1);
      wire.out("A").ack(1).sack();
      wire.out("A").ack(1).sack();
      wire.silence();
    }
  }

  @Test
  void overlapsAreCutOffOnBothSides() {
    try (TcpWire wire = TcpWire.open(AT_ONCE)) {
      wire.data(1, 100, 1);
      wire.data(51, 100, 1);
      wire.data(201, 100, 1);
      wire.data(301, 100, 1);
      wire.data(141, 190, 1);
      wire.receivedUpTo(401);
      wire.skip();
    }
  }

  @Test
  void aDuplicateBelowTheWindowIsReported() {
    try (TcpWire wire = TcpWire.server(AT_ONCE).withSack().handshake()) {
      wire.data(1, 100, 1);
      wire.out("A").ack(101);
      wire.data(1, 100, 1);
      wire.out("A").ack(101).sack(1, 101); // RFC 2883 §4.1
      wire.data(101, 10, 1);
      wire.out("A").ack(111).sack(); // once only
    }
  }

  @Test
  void theOldPartOfAnOverlapIsReported() {
    try (TcpWire wire = TcpWire.server(AT_ONCE).withSack().handshake()) {
      wire.data(1, 100, 1);
      wire.out("A").ack(101);
      wire.data(51, 100, 1);
      wire.out("A").ack(151).sack(51, 101);
    }
  }

  @Test
  void aDuplicateInTheQueueIsReportedWithItsBlock() {
    try (TcpWire wire = TcpWire.server().withSack().handshake()) {
      wire.data(101, 100, 1);
      wire.data(201, 100, 1);
      wire.data(401, 100, 1);
      wire.skip();
      wire.data(101, 100, 1);
      wire.out("A").ack(1).sack(101, 201, 101, 301, 401, 501); // RFC 2883 §4.1.2
    }
  }

  @Test
  void aFinOutOfOrderWaitsForTheData() {
    try (TcpWire wire = TcpWire.server().withSack().handshake()) {
      wire.in("FA").seq(101).ack(1).length(100).arrives();
      wire.out("A").ack(1).sack(101, 201);
      wire.silence();
      assertThat(wire.events).isEmpty();
      wire.data(1, 100, 1);
      wire.out("A").ack(202).sack();
      assertThat(wire.events).containsExactly("data 200", "peer closed");
    }
  }

  @Test
  void aFinAheadWithoutDataWaitsToo() {
    try (TcpWire wire = TcpWire.open()) {
      wire.in("FA").seq(101).ack(1).arrives();
      wire.out("A").ack(1);
      wire.data(1, 50, 1);
      wire.data(51, 50, 1);
      wire.skip();
      assertThat(wire.events).containsExactly("data 50", "data 50", "peer closed");
      assertThat(wire.state()).isEqualTo(TcpState.CLOSE_WAIT);
    }
  }

  @Test
  void moreGapsThanCanBeRememberedAreDropped() {
    try (TcpWire wire = TcpWire.server().withSack().handshake()) {
      for (int i = 1; i <= 300; i++) {
        wire.data(100L * i, 10, 1);
      }
      assertThat(wire.dropped(DropReason.TCP_OUT_OF_ORDER_FULL)).isEqualTo(300 - 256);
      wire.skip();
    }
  }

  @Test
  void tinySegmentsThatNobodyReadsDoNotCostAFrameEach() {
    try (TcpWire wire = TcpWire.open()) {
      int before = wire.stack.shard(0).pool().available();
      wire.connection.pauseReading();
      for (int i = 1; i <= 3_000; i++) {
        wire.data(i, 1, 1);
      }
      assertThat(before - wire.stack.shard(0).pool().available()).isLessThan(5);
      wire.connection.resumeReading();
      wire.world.settle();
      wire.receivedUpTo(3_001);
      wire.skip();
    }
  }

  // ---- when to acknowledge: RFC 5681 §4.2, RFC 9293 §3.8.6.3 ----

  @Test
  void everySecondFullSegmentIsAcknowledgedAtOnce() {
    try (TcpWire wire = TcpWire.open()) {
      for (int i = 0; i < 10; i += 2) {
        wire.data(1 + 1460 * i, 1460, 1);
        wire.silence();
        wire.data(1461 + 1460 * i, 1460, 1);
        wire.out("A").ack(2921 + 1460 * i);
        wire.silence();
      }
    }
  }

  @Test
  void otherDataIsAcknowledgedWithin40Milliseconds() {
    try (TcpWire wire = TcpWire.open()) {
      wire.data(1, 100, 1);
      wire.afterMillis(39);
      wire.silence();
      wire.afterMillis(1);
      wire.out("A").ack(101);
      wire.after(java.time.Duration.ofSeconds(10));
      wire.silence();
    }
  }

  @Test
  void dataOfOursCarriesTheAcknowledgment() {
    try (TcpWire wire = TcpWire.open()) {
      wire.hookAt = "data";
      wire.hook = c -> c.send(new byte[5], 0, 5);
      wire.data(1, 100, 1);
      wire.outData(1, 5).ack(101);
      wire.silence();
      wire.afterMillis(40);
      wire.silence();
      wire.skip();
    }
  }

  @Test
  void dataThatFillsAGapIsAcknowledgedAtOnce() {
    try (TcpWire wire = TcpWire.open()) {
      wire.data(101, 100, 1);
      wire.out("A").ack(1);
      wire.data(1, 50, 1);
      wire.out("A").ack(51); // part of it
      wire.data(51, 50, 1);
      wire.out("A").ack(201);
    }
  }

  // ---- the window: RFC 9293 §3.8.6.2.2 ----

  private static final TcpConfig SMALL = TcpConfig.defaults().with().receiveBuffer(8_000).build();

  @Test
  void theWindowClosesAsDataWaitsForTheApplication() {
    try (TcpWire wire = TcpWire.open(SMALL)) {
      wire.connection.pauseReading();
      wire.data(1, 1_000, 1);
      wire.data(1_001, 1_000, 1);
      wire.out("A").ack(2_001).window(6_000);
      for (int i = 2; i < 8; i++) {
        wire.data(1 + 1_000 * i, 1_000, 1);
      }
      wire.skipOne();
      wire.skipOne();
      wire.out("A").ack(8_001).window(0);
      assertThat(wire.events).isEmpty();
    }
  }

  @Test
  void theWindowOpensAgainAtOnceWhenTheApplicationReads() {
    try (TcpWire wire = TcpWire.open(SMALL)) {
      wire.connection.pauseReading();
      for (int i = 0; i < 8; i++) {
        wire.data(1 + 1_000 * i, 1_000, 1);
      }
      wire.skip();
      wire.connection.resumeReading();
      wire.world.settle();
      wire.out("A").ack(8_001).window(8_000);
      wire.silence();
      wire.receivedUpTo(8_001);
    }
  }

  @Test
  void theWindowDoesNotOpenByLessThanASegment() {
    try (TcpWire wire = TcpWire.open(SMALL)) {
      List<Buffer> held = new ArrayList<>();
      wire.onData =
          data -> {
            data.retain();
            held.add(data);
          };
      for (int i = 0; i < 8; i++) {
        wire.data(1 + 1_000 * i, 1_000, 1);
      }
      wire.skip();
      held.removeFirst().release();
      wire.world.settle();
      wire.silence();
      held.removeFirst().release();
      wire.world.settle();
      wire.out("A").window(2_000);
      held.forEach(Buffer::release);
      wire.world.settle();
      wire.skip();
    }
  }

  @Test
  void retainedDataKeepsTheWindowClosed() {
    try (TcpWire wire = TcpWire.open(SMALL)) {
      List<Buffer> held = new ArrayList<>();
      wire.onData =
          data -> {
            data.retain();
            held.add(data);
          };
      for (int i = 0; i < 8; i++) {
        wire.data(1 + 1_000 * i, 1_000, 1);
      }
      wire.skipOne();
      wire.skipOne();
      wire.skipOne();
      wire.out("A").window(0);
      assertThat(held.getFirst().getByte(0)).isEqualTo(TcpWire.at(1));
      held.forEach(Buffer::release);
      wire.world.settle();
      wire.out("A").window(8_000);
    }
  }

  @Test
  void withoutScalingFullSegmentsAreStillAcknowledgedInPairs() {
    try (TcpWire wire = TcpWire.open()) {
      wire.data(1, 1460, 1);
      wire.silence(); // the window field cannot say more than it has said
    }
  }

  @Test
  void withScalingTheWindowGrowsToTheWholeBuffer() {
    try (TcpWire wire = TcpWire.server().withScaling().handshake()) {
      wire.data(1, 1460, 1);
      wire.out("A").window(256 * 1024 >>> 3);
    }
  }
}
