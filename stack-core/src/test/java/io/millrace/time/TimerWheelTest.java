package io.millrace.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** The wheel against a sorted list, and what it promises callbacks. */
class TimerWheelTest {
  private static final long TICK = 1 << 16;
  private static final long HOUR = 3_600_000_000_000L;

  private final List<String> fired = new ArrayList<>();

  private final class Named extends TimerNode {
    private final String name;
    private Runnable action = () -> {};

    Named(String name) {
      this.name = name;
    }

    @Override
    protected void onTimer(long now) {
      assertThat(now).as("never early").isGreaterThanOrEqualTo(scheduledDeadline());
      assertThat(isScheduled()).isFalse();
      fired.add(name);
      action.run();
    }
  }

  /** Delays that hit slots, boundaries of all levels, and what is beyond them. */
  @Provide
  static Arbitrary<Long> delays() {
    return Arbitraries.oneOf(
        Arbitraries.longs().between(-TICK, 3 * TICK),
        Arbitraries.longs().between(0, 300 * TICK),
        Arbitraries.longs().between(0, 70_000 * TICK),
        Arbitraries.longs().between(0, HOUR),
        Arbitraries.longs().between(0, 400 * HOUR),
        Arbitraries.integers()
            .between(0, 32)
            .flatMap(
                bits ->
                    Arbitraries.longs()
                        .between(-2, 2)
                        .map(near -> (1L << bits) * TICK + near * (TICK / 2))));
  }

  @Property(tries = 400)
  void agreesWithASortedList(
      @ForAll("starts") long start, @ForAll("programs") List<Long> delays, @ForAll long seed) {
    Random random = new Random(seed);
    TimerWheel wheel = new TimerWheel(start);
    TreeMap<Integer, Long> model = new TreeMap<>();
    List<Integer> out = new ArrayList<>();
    List<TimerNode> nodes = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      int id = i;
      nodes.add(
          new TimerNode() {
            @Override
            protected void onTimer(long now) {
              out.add(id);
            }
          });
    }
    long now = start;
    for (long delay : delays) {
      int id = random.nextInt(nodes.size());
      switch (random.nextInt(5)) {
        case 0 -> {
          wheel.cancel(nodes.get(id));
          model.remove(id);
        }
        case 1 -> {
          // On: by this much, or exactly to what is next.
          now =
              random.nextBoolean() ? now + Math.max(0, delay) : Math.max(now, earliest(model, now));
          long reached = now;
          List<Integer> due =
              model.entrySet().stream()
                  .filter(each -> each.getValue() <= reached)
                  .sorted(Comparator.comparingLong(each -> each.getValue() >> 16))
                  .map(each -> each.getKey())
                  .toList();
          List<Long> ticks = due.stream().map(each -> Math.max(model.get(each) >> 16, 0)).toList();
          out.clear();
          assertThat(wheel.advance(now)).isEqualTo(due.size());
          assertThat(out).containsExactlyInAnyOrderElementsOf(due);
          assertThat(ticks).isSorted();
          due.forEach(model::remove);
        }
        default -> {
          wheel.schedule(nodes.get(id), now + delay);
          model.put(id, now + delay);
        }
      }
      assertThat(wheel.size()).isEqualTo(model.size());
      assertThat(wheel.nextDeadline())
          .isEqualTo(model.values().stream().min(Long::compare).orElse(Long.MAX_VALUE));
      for (int i = 0; i < nodes.size(); i++) {
        assertThat(nodes.get(i).isScheduled()).isEqualTo(model.containsKey(i));
      }
    }
  }

  private static long earliest(Map<Integer, Long> model, long otherwise) {
    return model.values().stream().min(Long::compare).orElse(otherwise);
  }

  @Provide
  static Arbitrary<List<Long>> programs() {
    return delays().list().ofMinSize(1).ofMaxSize(150);
  }

  @Provide
  static Arbitrary<Long> starts() {
    return Arbitraries.oneOf(
        Arbitraries.longs().between(-1_000 * HOUR, 1_000 * HOUR),
        Arbitraries.of(0L, -1L, (1L << 40) - 1, (1L << 48) - TICK, -(1L << 40)));
  }

  @Property(tries = 200)
  void firesInTheFirstAdvanceThatReachesTheDeadline(
      @ForAll("delays") long delay, @ForAll @LongRange(min = 1, max = TICK) long early) {
    TimerWheel wheel = new TimerWheel(77);
    Named node = new Named("a");
    long deadline = 77 + delay;
    wheel.schedule(node, deadline);
    assertThat(node.scheduledDeadline()).isEqualTo(deadline);
    if (deadline - early >= 77) {
      assertThat(wheel.advance(deadline - early)).isZero();
    }
    assertThat(wheel.advance(Math.max(77, deadline))).isEqualTo(1);
    assertThat(wheel.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void ticksFireInOrderAndTimersOfATickInTheOrderOfScheduling() {
    TimerWheel wheel = new TimerWheel(0);
    for (int i = 5; i > 0; i--) {
      wheel.schedule(new Named("late " + i), i * (1_000 * TICK));
    }
    for (int i = 0; i < 3; i++) {
      wheel.schedule(new Named("same " + i), 7);
    }
    wheel.advance(HOUR);
    assertThat(fired)
        .containsExactly(
            "same 0", "same 1", "same 2", "late 1", "late 2", "late 3", "late 4", "late 5");
  }

  @Test
  void whatACallbackSchedulesForNowFiresInTheNextAdvance() {
    TimerWheel wheel = new TimerWheel(0);
    Named node = new Named("again");
    node.action = () -> wheel.schedule(node, -5);
    wheel.schedule(node, 10);
    assertThat(wheel.advance(10)).isEqualTo(1);
    assertThat(wheel.nextDeadline()).isEqualTo(-5);
    assertThat(wheel.advance(10)).isEqualTo(1);
    assertThat(fired).containsExactly("again", "again");
  }

  @Test
  void aCallbackMayCancelAndMoveTimersThatAreDueNow() {
    TimerWheel wheel = new TimerWheel(0);
    Named first = new Named("first");
    Named cancelled = new Named("cancelled");
    Named moved = new Named("moved");
    Named last = new Named("last");
    first.action =
        () -> {
          wheel.cancel(cancelled);
          wheel.schedule(moved, HOUR);
        };
    for (Named each : List.of(first, cancelled, moved, last)) {
      wheel.schedule(each, 10);
    }
    assertThat(wheel.advance(10)).isEqualTo(2);
    assertThat(fired).containsExactly("first", "last");
    assertThat(wheel.size()).isEqualTo(1);
    assertThat(wheel.nextDeadline()).isEqualTo(HOUR);
    assertThat(wheel.advance(HOUR)).isEqualTo(1);
  }

  @Test
  void aThrowingTimerLosesNoOther() {
    TimerWheel wheel = new TimerWheel(0);
    Named bad = new Named("bad");
    bad.action =
        () -> {
          throw new IllegalStateException("of the test");
        };
    Named far = new Named("far");
    wheel.schedule(new Named("before"), 10);
    wheel.schedule(bad, 10);
    wheel.schedule(new Named("behind"), 10);
    wheel.schedule(far, 5_000 * TICK);
    assertThatThrownBy(() -> wheel.advance(HOUR)).hasMessage("of the test");
    assertThat(wheel.size()).isEqualTo(2);
    assertThat(wheel.nextDeadline()).isEqualTo(10);
    assertThat(wheel.advance(HOUR)).isEqualTo(2);
    assertThat(fired).containsExactly("before", "bad", "behind", "far");
    assertThat(wheel.size()).isZero();
  }

  @Test
  void aTimerLeftBehindCanStillBeCancelled() {
    TimerWheel wheel = new TimerWheel(0);
    Named bad = new Named("bad");
    bad.action =
        () -> {
          throw new IllegalStateException("of the test");
        };
    Named behind = new Named("behind");
    wheel.schedule(bad, 10);
    wheel.schedule(behind, 10);
    assertThatThrownBy(() -> wheel.advance(10)).hasMessage("of the test");
    wheel.cancel(behind);
    assertThat(wheel.size()).isZero();
    assertThat(wheel.advance(HOUR)).isZero();
  }

  @Test
  void deadlinesBeyondTheHorizonAreKept() {
    TimerWheel wheel = new TimerWheel(0);
    wheel.schedule(new Named("far"), 1_000 * HOUR);
    wheel.schedule(new Named("never"), Long.MAX_VALUE);
    wheel.advance(2 * HOUR);
    wheel.schedule(new Named("nearer"), 79 * HOUR);
    assertThat(wheel.nextDeadline())
        .as("behind the slot in which the far one waits")
        .isEqualTo(79 * HOUR);
    assertThat(wheel.advance(79 * HOUR)).isEqualTo(1);
    assertThat(wheel.nextDeadline()).isEqualTo(1_000 * HOUR);
    assertThat(wheel.advance(1_000 * HOUR - 1)).isZero();
    assertThat(wheel.advance(1_000 * HOUR)).isEqualTo(1);
    assertThat(fired).containsExactly("nearer", "far");
  }

  @Test
  void cancellingTwiceAndWhatWasNeverInDoesNothing() {
    TimerWheel wheel = new TimerWheel(0);
    Named node = new Named("a");
    wheel.cancel(node);
    wheel.schedule(node, 5);
    wheel.schedule(node, 6);
    assertThat(wheel.size()).isEqualTo(1);
    wheel.cancel(node);
    wheel.cancel(node);
    assertThat(wheel.size()).isZero();
  }
}
