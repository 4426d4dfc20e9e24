package io.millrace.driver.mem;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortQueue;
import java.lang.management.ManagementFactory;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** One wire, both ends on one thread. */
final class WireTest {
  private final Frame[] burst = new Frame[64];

  private static Frame[] packets(FramePool pool, int count, int length) {
    Frame[] frames = new Frame[count];
    for (int i = 0; i < count; i++) {
      frames[i] = Ends.packet(pool, length, i);
    }
    return frames;
  }

  private static void release(Frame[] frames, int from, int to) {
    for (int i = from; i < to; i++) {
      frames[i].release();
    }
  }

  @Test
  void aFullReceiverHoldsTheSenderBack() {
    try (Ends ends = new Ends("full", Map.of("ring", "8"), 0)) {
      Frame[] frames = packets(ends.poolA, 20, 100);
      assertThat(ends.a.txBurst(frames, 0, 20)).isEqualTo(8);
      assertThat(ends.a.txBurst(frames, 8, 20)).isZero();
      assertThat(ends.b.rxBurst(burst, 3, 0)).isEqualTo(3);
      assertThat(ends.a.txBurst(frames, 8, 20)).as("as many as were made ready again").isEqualTo(3);
      release(burst, 0, 3);
      assertThat(ends.b.rxBurst(burst, 64, 0)).isEqualTo(5);
      release(burst, 0, 5);
      assertThat(ends.b.rxBurst(burst, 64, 0)).isEqualTo(3);
      assertThat(Ends.isPacket(burst[2], 100, 10)).isTrue();
      release(burst, 0, 3);
      assertThat(ends.b.takeReceiveDrops()).isZero();
      release(frames, 11, 20);
    }
  }

  @Test
  void aDroppingWireLosesWhatTheReceiverHasNoRoomFor() {
    try (Ends ends = new Ends("drop", Map.of("ring", "8", "drop", "on"), 0)) {
      assertThat(ends.a.txBurst(packets(ends.poolA, 20, 100), 0, 20)).isEqualTo(20);
      assertThat(ends.poolA.available()).isEqualTo(Ends.FRAMES - 8);
      assertThat(ends.b.rxBurst(burst, 64, 0)).isEqualTo(8);
      release(burst, 0, 8);
      assertThat(ends.b.takeReceiveDrops()).isEqualTo(12);
      assertThat(ends.b.takeReceiveDrops()).as("each is reported once").isZero();
    }
  }

  @Test
  void aFrameLongerThanTheMtuIsLostAndCounted() {
    try (Ends ends = new Ends("giant", Map.of("mtu", "1000"), 0)) {
      Frame[] frames = {
        Ends.packet(ends.poolA, 1018, 1),
        Ends.packet(ends.poolA, 1019, 2),
        Ends.packet(ends.poolA, 60, 3)
      };
      assertThat(ends.a.txBurst(frames, 0, 3)).isEqualTo(3);
      assertThat(ends.b.rxBurst(burst, 64, 0)).isEqualTo(2);
      assertThat(Ends.isPacket(burst[0], 1018, 1)).isTrue();
      assertThat(Ends.isPacket(burst[1], 60, 3)).isTrue();
      release(burst, 0, 2);
      assertThat(ends.b.takeReceiveDrops()).isEqualTo(1);
    }
  }

  @Test
  void withoutOffloadNothingIsVouchedFor() {
    try (Ends ends = new Ends("plain", Map.of(), 0)) {
      ends.a.txBurst(packets(ends.poolA, 1, 100), 0, 1);
      ends.b.rxBurst(burst, 64, 0);
      assertThat(burst[0].flags()).isZero();
      burst[0].release();
    }
  }

  @Test
  void withOffloadChecksumRequestsAndLargeFramesPassAsAWhole() {
    try (Ends ends = new Ends("offload", Map.of("offload", "on", "ring", "8"), 16)) {
      Frame large = Ends.packet(ends.poolA, 60_000, 5);
      large.segmentSize(1460);
      large.requestChecksum(large.address() + 34, 16);
      Frame small = Ends.packet(ends.poolA, 200, 7);
      assertThat(ends.a.txBurst(new Frame[] {small, large, Ends.packet(ends.poolA, 90, 9)}, 0, 3))
          .isEqualTo(3);
      assertThat(ends.b.rxBurst(burst, 64, 77)).isEqualTo(3);
      assertThat(Ends.isPacket(burst[0], 200, 7)).isTrue();
      assertThat(burst[0].has(Frame.RX_CHECKSUM_OK)).isTrue();
      assertThat(burst[0].has(Frame.CHECKSUM_PARTIAL)).isFalse();
      assertThat(burst[0].segmentSize()).isZero();
      assertThat(Ends.isPacket(burst[1], 60_000, 5)).isTrue();
      assertThat(burst[1].has(Frame.RX_CHECKSUM_OK)).isTrue();
      assertThat(burst[1].has(Frame.CHECKSUM_PARTIAL)).isTrue();
      assertThat(burst[1].checksumAddress()).isEqualTo(burst[1].address() + 34);
      assertThat(burst[1].checksumOffset()).isEqualTo(16);
      assertThat(burst[1].segmentSize()).isEqualTo(1460);
      assertThat(burst[1].receiveTime()).isEqualTo(77);
      assertThat(Ends.isPacket(burst[2], 90, 9)).isTrue();
      release(burst, 0, 3);
      ends.portA.close();
      ends.portB.close();
      assertThat(ends.poolB.availableLarge()).isEqualTo(16);
      assertThat(ends.poolA.availableLarge()).isEqualTo(16);
    }
  }

  @Test
  void largeFramesAlsoHoldTheSenderBack() {
    try (Ends ends = new Ends("large", Map.of("offload", "on"), 12)) {
      assertThat(ends.a.txBurst(toBeCut(ends.poolA, 6), 0, 6)).isEqualTo(6);
      Frame[] more = toBeCut(ends.poolA, 6);
      assertThat(ends.a.txBurst(more, 0, 6))
          .as("half of the receiver's frames are in use")
          .isZero();
      assertThat(ends.b.rxBurst(burst, 2, 0)).isEqualTo(2);
      release(burst, 0, 2);
      assertThat(ends.a.txBurst(more, 0, 6)).isEqualTo(2);
      release(more, 2, 6);
    }
  }

  private static Frame[] toBeCut(FramePool pool, int count) {
    Frame[] frames = packets(pool, count, 30_000);
    for (Frame frame : frames) {
      frame.segmentSize(1460);
    }
    return frames;
  }

  @Test
  void aFrameToBeCutIsLostIfTheReceiverHasNoLargeFrames() {
    try (Ends ends = new Ends("nolarge", Map.of("offload", "on"), 1)) {
      Frame large = Ends.packet(ends.poolA, 20_000, 0);
      large.segmentSize(1460);
      assertThat(ends.a.txBurst(new Frame[] {large}, 0, 1)).isEqualTo(1);
      assertThat(ends.b.rxBurst(burst, 64, 0)).isZero();
      assertThat(ends.b.takeReceiveDrops()).isEqualTo(1);
    }
  }

  @Test
  void framesWaitForAnEndThatIsNotThereYet() {
    FramePool pool = new FramePool(64, 2048, 0, false);
    FramePool latePool = new FramePool(64, 2048, 0, false);
    try (Port early = new MemDriver().open(new PortConfig("late", Map.of(), 1))) {
      PortQueue queue = early.queue(0, pool);
      Frame[] frames = packets(pool, 2, 100);
      assertThat(queue.txBurst(frames, 0, 2)).isZero();
      try (Port late = new MemDriver().open(new PortConfig("late", Map.of(), 1))) {
        PortQueue other = late.queue(0, latePool);
        assertThat(queue.txBurst(frames, 0, 2)).isEqualTo(2);
        assertThat(other.rxBurst(burst, 64, 0)).isEqualTo(2);
        release(burst, 0, 2);
      }
    }
    assertThat(pool.available()).isEqualTo(64);
    assertThat(latePool.available()).isEqualTo(64);
    pool.close();
    latePool.close();
  }

  @Test
  void anEndThatWasPulledSwallowsFramesAndMayBePluggedInAgain() {
    try (Ends ends = new Ends("replug", Map.of("ring", "16"), 0)) {
      for (int time = 0; time < 3; time++) {
        FramePool pool = new FramePool(64, 2048, 0, false);
        if (time == 0) {
          ends.a.txBurst(packets(ends.poolA, 3, 100), 0, 3);
          ends.portB.close();
          assertThat(ends.poolB.available()).as("filled but not received").isEqualTo(Ends.FRAMES);
          ends.poolB.close();
        }
        assertThat(ends.a.txBurst(packets(ends.poolA, 5, 100), 0, 5)).isEqualTo(5);
        assertThat(ends.a.takeTransmitDrops()).isEqualTo(5);
        try (Port again = new MemDriver().open(new PortConfig("replug", Map.of(), 1))) {
          PortQueue queue = again.queue(0, pool);
          assertThat(ends.a.txBurst(packets(ends.poolA, 5, 101 + time), 0, 5)).isEqualTo(5);
          assertThat(queue.rxBurst(burst, 64, 0)).isEqualTo(5);
          assertThat(Ends.isPacket(burst[4], 101 + time, 4)).isTrue();
          release(burst, 0, 5);
          assertThat(queue.txBurst(packets(pool, 4, 90 + time), 0, 4)).isEqualTo(4);
        }
        assertThat(pool.available()).isEqualTo(64);
        pool.close();
        assertThat(ends.a.rxBurst(burst, 64, 0)).as("sent before the end was pulled").isEqualTo(4);
        assertThat(Ends.isPacket(burst[3], 90 + time, 3)).isTrue();
        release(burst, 0, 4);
      }
    }
  }

  @Test
  void anEndThatComesAndGoesUnnoticedLeavesNothingBehind() {
    try (Ends ends = new Ends("unnoticed", Map.of("ring", "16"), 0)) {
      ends.portB.close();
      for (int time = 0; time < 5; time++) {
        FramePool pool = new FramePool(64, 2048, 0, false);
        try (Port again = new MemDriver().open(new PortConfig("unnoticed", Map.of(), 1))) {
          again.queue(0, pool);
        }
        pool.close();
      }
      assertThat(ends.a.txBurst(packets(ends.poolA, 5, 100), 0, 5)).isEqualTo(5);
      assertThat(ends.a.takeTransmitDrops()).isEqualTo(5);
    }
  }

  @Test
  void aMillionFramesAllocateNothing() {
    try (Ends ends = new Ends("alloc", Map.of(), 0)) {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long allocated = -1;
      // The first rounds also run in the interpreter, where small objects are not optimised away.
      for (int round = 0; round < 5 && allocated != 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        exchange(ends, 1_000_000);
        allocated = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertThat(allocated).isZero();
    }
  }

  private final Frame[] out = new Frame[32];

  private void exchange(Ends ends, int count) {
    for (int done = 0; done < count; done += out.length) {
      for (int i = 0; i < out.length; i++) {
        out[i] = ends.poolA.allocate();
        out[i].append(64);
      }
      if (ends.a.txBurst(out, 0, out.length) != out.length) {
        throw new AssertionError("held back");
      }
      int n = ends.b.rxBurst(burst, burst.length, done);
      for (int i = 0; i < n; i++) {
        burst[i].release();
      }
    }
  }
}
