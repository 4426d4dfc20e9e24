package io.millrace.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.port.Impairment.Ways;
import io.millrace.spi.Port;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import io.millrace.spi.ScriptedPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a bad link does to packets, on a clock of the test's own. */
class ImpairedQueueTest {
  private static final int FRAMES = 4_096;
  private static final long MILLISECOND = 1_000_000;

  private final ScriptedPort wire = new ScriptedPort();
  private final FramePool pool = new FramePool(FRAMES, 2048, 0, false);
  private final Counters counters = new Counters();
  private final Frame[] out = new Frame[256];
  private Port port;
  private PortQueue queue;
  private long now = 1_000_000_000;

  @AfterEach
  void nothingLeaks() {
    if (port != null) {
      port.close();
      assertThat(wire.closed).isTrue();
    }
    assertThat(pool.available()).isEqualTo(FRAMES);
    pool.close();
  }

  private void open(Impairment impairment) {
    port = PortDecorators.impair(wire, impairment);
    queue = port.queue(0, pool);
    queue.countInto(counters);
  }

  private static byte[] packet(int number) {
    byte[] bytes = new byte[1250];
    bytes[0] = (byte) (number >> 8);
    bytes[1] = (byte) number;
    return bytes;
  }

  private static int number(byte[] bytes) {
    return ((bytes[0] & 0xff) << 8) | (bytes[1] & 0xff);
  }

  private static List<Integer> numbers(List<byte[]> packets) {
    return packets.stream().map(ImpairedQueueTest::number).toList();
  }

  private static List<Integer> range(int from, int to) {
    return java.util.stream.IntStream.range(from, to).boxed().toList();
  }

  private void arrive(int from, int to) {
    for (int i = from; i < to; i++) {
      wire.arrive(packet(i));
    }
  }

  private List<byte[]> receive() {
    List<byte[]> got = new ArrayList<>();
    int n;
    do {
      n = queue.rxBurst(out, out.length, now);
      for (int i = 0; i < n; i++) {
        got.add(out[i].toByteArray());
        out[i].release();
      }
    } while (n > 0 || !wire.isQuiet());
    return got;
  }

  private void send(int from, int to) {
    Frame[] burst = new Frame[to - from];
    for (int i = from; i < to; i++) {
      Frame frame = pool.allocate();
      byte[] bytes = packet(i);
      Bytes.copyIn(bytes, 0, frame.append(bytes.length), bytes.length);
      burst[i - from] = frame;
    }
    assertThat(queue.txBurst(burst, 0, burst.length)).isEqualTo(burst.length);
    queue.flush();
  }

  @Test
  void aLinkWithoutFaultsChangesNothing() {
    open(Impairment.NONE);
    arrive(0, 300);
    assertThat(numbers(receive())).isEqualTo(range(0, 300));
    send(0, 100);
    assertThat(numbers(wire.sent)).isEqualTo(range(0, 100));
    assertThat(wire.flushes).isEqualTo(1);
    assertThat(queue.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(wire.counters).as("the device counts there, too").isSameAs(counters);
  }

  @Test
  void lossTakesItsShareInEachDirectionAndIsCounted() {
    open(Impairment.NONE.withLoss(0.1));
    arrive(0, 3_000);
    int received = receive().size();
    assertThat(received).isBetween(2_610, 2_790);
    assertThat(counters.get(DropReason.IMPAIRED_LOSS)).isEqualTo(3_000 - received);
    send(0, 3_000);
    assertThat(wire.sent).hasSizeBetween(2_610, 2_790);
    assertThat(counters.totalDrops()).isEqualTo(6_000 - received - wire.sent.size());
  }

  @Test
  void whatIsLongerThanTheLinkTakesIsLostWithoutAWord() {
    open(Impairment.NONE.withNarrow(1));
    arrive(0, 100);
    assertThat(receive()).isEmpty();
    assertThat(counters.get(DropReason.IMPAIRED_TOO_LONG)).isEqualTo(100);
    open(Impairment.NONE.withNarrow(1_500));
    arrive(0, 100);
    assertThat(receive()).hasSize(100);
  }

  @Test
  void allAndNothingAreExact() {
    open(Impairment.NONE.withLoss(1).withWays(Ways.IN));
    arrive(0, 100);
    assertThat(receive()).isEmpty();
    send(0, 100);
    assertThat(wire.sent).as("the other way is good").hasSize(100);
    assertThat(counters.get(DropReason.IMPAIRED_LOSS)).isEqualTo(100);
  }

  @Test
  void theOtherWayAround() {
    open(Impairment.NONE.withLoss(1).withWays(Ways.OUT));
    arrive(0, 100);
    assertThat(receive()).hasSize(100);
    send(0, 100);
    assertThat(wire.sent).isEmpty();
  }

  @Property(tries = 50)
  void theSameSeedDecidesTheSame(@ForAll long seed, @ForAll("impairments") Impairment how) {
    List<String> first = run(how.withSeed(seed));
    assertThat(run(how.withSeed(seed))).isEqualTo(first);
    nothingLeaks();
  }

  @Test
  void anotherSeedDecidesDifferently() {
    Impairment how = Impairment.NONE.withLoss(0.5);
    assertThat(run(how.withSeed(1))).isNotEqualTo(run(how.withSeed(2)));
  }

  /** Everything that comes out of a link in the course of 2,000 packets, with times. */
  private static List<String> run(Impairment how) {
    ScriptedPort wire = new ScriptedPort();
    List<String> log = new ArrayList<>();
    Frame[] out = new Frame[32];
    try (FramePool pool = new FramePool(FRAMES, 2048, 0, false)) {
      Port port = PortDecorators.impair(wire, how);
      PortQueue queue = port.queue(0, pool);
      Random traffic = new Random(7);
      long now = 0;
      for (int i = 0; i < 200; i++) {
        now += traffic.nextInt(300_000);
        for (int j = 0; j < 10; j++) {
          wire.arrive(packet(i * 10 + j));
        }
        int n = queue.rxBurst(out, out.length, now);
        for (int j = 0; j < n; j++) {
          log.add(now + ": " + java.util.Arrays.hashCode(out[j].toByteArray()));
        }
        queue.txBurst(out, 0, n);
        log.add(now + " sent " + wire.sent.size());
      }
      port.close();
      assertThat(pool.available()).isEqualTo(FRAMES);
    }
    return log;
  }

  @Test
  void duplicatesFollowTheirOriginalsAndAreCopies() {
    open(Impairment.NONE.withDuplicate(1));
    wire.receiveFlags = Frame.RX_CHECKSUM_OK;
    arrive(0, 3);
    int n = queue.rxBurst(out, out.length, now);
    assertThat(n).isEqualTo(6);
    for (int i = 0; i < n; i++) {
      assertThat(number(out[i].toByteArray())).isEqualTo(i / 2);
      assertThat(out[i].has(Frame.RX_CHECKSUM_OK)).isTrue();
      assertThat(out[i].receiveTime()).isEqualTo(now);
    }
    assertThat(out[0].address()).isNotEqualTo(out[1].address());
    for (int i = 0; i < n; i++) {
      out[i].release();
    }
  }

  @Test
  void withoutAFreeFrameThereIsNoDuplicateButThePacketArrives() {
    open(Impairment.NONE.withDuplicate(1));
    List<Frame> hoard = new ArrayList<>();
    for (int i = 0; i < FRAMES - 1; i++) {
      hoard.add(pool.allocate());
    }
    arrive(0, 1);
    assertThat(receive()).hasSize(1);
    hoard.forEach(Frame::release);
  }

  @Test
  void corruptionFlipsOneBitAndNobodyVouchesForThePacketAnyMore() {
    open(Impairment.NONE.withCorrupt(1));
    wire.receiveFlags = Frame.RX_CHECKSUM_OK | Frame.LINK_MULTICAST;
    BitSet places = new BitSet();
    for (int i = 0; i < 200; i++) {
      arrive(5, 6);
      assertThat(queue.rxBurst(out, out.length, now)).isEqualTo(1);
      BitSet before = BitSet.valueOf(packet(5));
      before.xor(BitSet.valueOf(out[0].toByteArray()));
      assertThat(before.cardinality()).isEqualTo(1);
      places.or(before);
      assertThat(out[0].flags()).isEqualTo(Frame.LINK_MULTICAST);
      out[0].release();
    }
    assertThat(places.cardinality()).as("places are spread").isGreaterThan(150);
  }

  @Test
  void corruptionOnTheWayOutNeverTouchesWhatTheApplicationStillOwns() {
    open(Impairment.NONE.withCorrupt(1));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment payload = arena.allocate(1_000);
      WrappedBuffer owner = WrappedBuffer.of(payload);
      Frame shared = pool.allocate();
      shared.append(8);
      Bytes.fill(shared.address(), 8, 0);
      for (int i = 0; i < 50; i++) {
        Frame frame = pool.allocate();
        Bytes.fill(frame.append(20), 20, 0);
        frame.tail(owner, payload.address(), 1_000);
        shared.retain();
        assertThat(queue.txBurst(new Frame[] {frame, shared}, 0, 2)).isEqualTo(2);
      }
      assertThat(payload.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)).containsOnly(0);
      assertThat(shared.toByteArray()).containsOnly(0);
      assertThat(owner.references()).isEqualTo(1);
      assertThat(wire.sent).hasSize(100);
      for (byte[] bytes : wire.sent) {
        assertThat(BitSet.valueOf(bytes).cardinality()).isEqualTo(1);
      }
      shared.release();
    }
  }

  @Test
  void delayHoldsEveryPacketExactlyThatLong() {
    open(Impairment.NONE.withDelay(5 * MILLISECOND, 0));
    long start = now;
    arrive(0, 2);
    assertThat(receive()).isEmpty();
    now = start + MILLISECOND;
    arrive(2, 3);
    assertThat(receive()).isEmpty();
    assertThat(queue.nextDeadline()).isEqualTo(start + 5 * MILLISECOND);
    now = start + 5 * MILLISECOND - 1;
    assertThat(receive()).isEmpty();
    now++;
    assertThat(numbers(receive())).containsExactly(0, 1);
    assertThat(queue.nextDeadline()).isEqualTo(start + 6 * MILLISECOND);
    now = queue.nextDeadline();
    assertThat(numbers(receive())).containsExactly(2);
    assertThat(queue.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void delayedSendingRingsTheDoorbellWhenItIsDue() {
    open(Impairment.NONE.withDelay(MILLISECOND, 0));
    assertThat(receive()).isEmpty();
    send(0, 3);
    assertThat(wire.sent).isEmpty();
    int rung = wire.flushes;
    assertThat(queue.nextDeadline()).isEqualTo(now + MILLISECOND);
    now += MILLISECOND;
    assertThat(receive()).isEmpty();
    assertThat(numbers(wire.sent)).isEqualTo(range(0, 3));
    assertThat(wire.flushes).isEqualTo(rung + 1);
  }

  @Test
  void jitterVariesTheDelayAndKeepsTheOrder() {
    open(Impairment.NONE.withDelay(5 * MILLISECOND, 2 * MILLISECOND));
    long start = now;
    List<Integer> got = new ArrayList<>();
    List<Long> delays = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      now = start + i * (20 * MILLISECOND);
      arrive(i, i + 1);
      assertThat(receive()).isEmpty();
      long due = queue.nextDeadline();
      delays.add(due - now);
      now = due;
      got.addAll(numbers(receive()));
    }
    assertThat(got).isEqualTo(range(0, 200));
    assertThat(delays).allSatisfy(d -> assertThat(d).isBetween(3 * MILLISECOND, 7 * MILLISECOND));
    assertThat(delays.stream().distinct().count()).isGreaterThan(190);
    arrive(0, 100);
    now += 100;
    assertThat(receive()).isEmpty();
    now += 8 * MILLISECOND;
    assertThat(numbers(receive())).isEqualTo(range(0, 100));
  }

  @Test
  void aReorderedPacketIsOvertakenByTheGap() {
    // The seed's first packet is held back, the next ones are not.
    Impairment how = Impairment.NONE.withReorder(0.2, 3);
    for (long seed = 0; seed < 100; seed++) {
      ScriptedPort here = new ScriptedPort();
      try (FramePool frames = new FramePool(64, 2048, 0, false)) {
        Port decorated = PortDecorators.impair(here, how.withSeed(seed));
        PortQueue each = decorated.queue(0, frames);
        for (int i = 0; i < 12; i++) {
          here.arrive(packet(i));
        }
        int n = each.rxBurst(out, 12, now);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < n; i++) {
          order.add(number(out[i].toByteArray()));
          out[i].release();
        }
        for (int i = 0; i < order.size(); i++) {
          int late = order.get(i);
          long overtaking = order.subList(0, i).stream().filter(x -> x > late).count();
          assertThat(overtaking).as("seed %d: %s", seed, order).isIn(0L, 3L);
        }
        assertThat(each.nextDeadline())
            .isEqualTo(n == 12 ? Long.MAX_VALUE : now + BadLink.LONGEST_HOLD);
        n += each.rxBurst(out, 12, now + BadLink.LONGEST_HOLD);
        for (int i = 0; i < n - order.size(); i++) {
          out[i].release();
        }
        assertThat(n).isEqualTo(12);
        decorated.close();
        assertThat(frames.available()).isEqualTo(64);
      }
    }
  }

  @Test
  void aPacketThatNothingOvertakesIsNotHeldForEver() {
    open(Impairment.NONE.withReorder(1, 3));
    arrive(0, 40);
    // As many as there is room for are held; the others pass and free them.
    int passed = receive().size();
    now += BadLink.LONGEST_HOLD;
    assertThat(receive()).hasSize(40 - passed);
  }

  @Test
  void theRateSpacesPacketsAndTheQueueIsBounded() {
    open(Impairment.NONE.withRate(10_000_000, 5)); // 1250 bytes take 1 ms
    long start = now;
    arrive(0, 8);
    assertThat(receive()).isEmpty();
    assertThat(counters.get(DropReason.IMPAIRED_QUEUE_FULL)).isEqualTo(3);
    for (int i = 0; i < 5; i++) {
      assertThat(queue.nextDeadline()).isEqualTo(start + (i + 1) * MILLISECOND);
      now = queue.nextDeadline();
      assertThat(numbers(receive())).containsExactly(i);
    }
    now += 100 * MILLISECOND;
    arrive(8, 9);
    assertThat(receive()).as("an idle link gathers no credit").isEmpty();
    assertThat(queue.nextDeadline()).isEqualTo(now + MILLISECOND);
  }

  @Test
  void whatWaitsForTheDelayDoesNotCountAsWaitingForTheRate() {
    open(Impairment.NONE.withRate(10_000_000, 2).withDelay(50 * MILLISECOND, 0));
    for (int i = 0; i < 20; i++) {
      arrive(i, i + 1);
      assertThat(receive()).isEmpty();
      now += MILLISECOND;
    }
    assertThat(counters.totalDrops()).isZero();
    now += 60 * MILLISECOND;
    assertThat(numbers(receive())).isEqualTo(range(0, 20));
  }

  @Test
  void aLongDelayTakesAtMostAQuarterOfTheFrames() {
    open(Impairment.NONE.withDelay(1_000 * MILLISECOND, 0));
    arrive(0, FRAMES / 4 + 10);
    assertThat(receive()).isEmpty();
    assertThat(pool.available()).isEqualTo(FRAMES - FRAMES / 4);
    assertThat(counters.get(DropReason.IMPAIRED_QUEUE_FULL)).isEqualTo(10);
  }

  @Test
  void aDeviceThatIsFullLosesNothingAndIsTriedAgain() {
    open(Impairment.NONE);
    wire.capacity = 10;
    assertThat(receive()).isEmpty();
    send(0, 100);
    for (int i = 2; i <= 10; i++) {
      assertThat(queue.nextDeadline()).isLessThanOrEqualTo(now);
      now++;
      assertThat(receive()).isEmpty();
      assertThat(numbers(wire.sent)).isEqualTo(range(0, i * 10));
    }
    assertThat(queue.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void whatIsOnItsWayWhenThePortClosesIsGivenBack() {
    open(Impairment.NONE.withDelay(MILLISECOND, 0).withReorder(0.5, 2));
    wire.capacity = 3;
    arrive(0, 60);
    assertThat(receive()).isEmpty();
    send(0, 60);
    now += MILLISECOND;
    queue.rxBurst(out, 1, now);
    out[0].release();
    assertThat(pool.available()).isLessThan(FRAMES);
  }

  @Test
  void hidesOffloadsThatWouldMakeAFaultMeaningless() {
    int all =
        PortInfo.TX_CHECKSUM
            | PortInfo.TX_SEGMENT_TCP4
            | PortInfo.TX_SEGMENT_TCP6
            | PortInfo.RX_CHECKSUM
            | PortInfo.RX_LARGE;
    PortInfo info =
        PortDecorators.impair(new ScriptedPort(all), Impairment.NONE.withLoss(1)).info();
    assertThat(info.offloads()).isEqualTo(PortInfo.RX_CHECKSUM);
    assertThat(info.mac()).isEqualTo(ScriptedPort.MAC);
    assertThat(info.mtu()).isEqualTo(1500);
  }

  @Test
  void passesOnWhatTheDeviceSays() {
    open(Impairment.NONE);
    wire.fd = 42;
    wire.deadline = 77;
    wire.receiveDrops = 3;
    assertThat(queue.fd()).isEqualTo(42);
    assertThat(queue.nextDeadline()).isEqualTo(77);
    assertThat(queue.takeReceiveDrops()).isEqualTo(3);
    assertThat(queue.takeReceiveDrops()).isZero();
    wire.transmitDrops = 4;
    assertThat(queue.takeTransmitDrops()).isEqualTo(4);
  }

  @Property(tries = 300)
  void everyPacketLeavesOrIsCountedOrIsHeld(
      @ForAll("impairments") Impairment how, @ForAll long seed) {
    BadLink link = new BadLink(how, seed, 50);
    Counters drops = new Counters();
    link.countInto(drops);
    Random traffic = new Random(seed);
    try (FramePool frames = new FramePool(500, 512, 0, false)) {
      Frame[] left = new Frame[16];
      long time = 0;
      long entered = 0;
      long gone = 0;
      for (int i = 0; i < 300; i++) {
        time += traffic.nextInt(400_000);
        for (int j = traffic.nextInt(6); j > 0; j--) {
          Frame frame = frames.allocate();
          frame.append(traffic.nextInt(300));
          link.enter(frame, time);
          entered++;
        }
        long deadline = link.nextDeadline();
        int n = link.leave(left, left.length, time);
        if (n > 0) {
          assertThat(deadline).as("it knew when").isLessThanOrEqualTo(time);
        }
        if (n < left.length) {
          assertThat(link.nextDeadline()).as("all that is due has left").isGreaterThan(time);
        }
        for (int j = 0; j < n; j++) {
          left[j].release();
        }
        gone += n;
      }
      long dropped = drops.totalDrops();
      int inside = frames.frames() - frames.available();
      if (how.duplicate() == 0) {
        assertThat(gone + dropped + inside).isEqualTo(entered);
      } else {
        assertThat(gone + dropped + inside).isBetween(entered, 2 * entered);
      }
      assertThat(inside).isLessThanOrEqualTo(50 + 32);
      while (link.nextDeadline() != Long.MAX_VALUE) {
        time = Math.max(time, link.nextDeadline());
        int n = link.leave(left, left.length, time);
        for (int j = 0; j < n; j++) {
          left[j].release();
        }
      }
      assertThat(frames.available()).as("in the end all have left").isEqualTo(500);
    }
  }

  @Provide
  static Arbitrary<Impairment> impairments() {
    Arbitrary<Double> share = Arbitraries.of(0.0, 0.0, 0.1, 0.5, 1.0);
    return Combinators.combine(
            share,
            share,
            share,
            share,
            Arbitraries.of(0L, MILLISECOND, 5 * MILLISECOND),
            Arbitraries.of(0L, 1_000_000L, 100_000_000L),
            Arbitraries.integers().between(1, 30),
            Arbitraries.integers().between(1, 5))
        .as(
            (loss, duplicate, reorder, corrupt, delay, rate, queue, gap) ->
                new Impairment(
                    loss, duplicate, reorder, gap, corrupt, delay, delay / 2, rate, queue, 0, 0,
                    Ways.BOTH));
  }
}
