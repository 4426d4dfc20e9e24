package io.millrace.ip;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.time.TimerWheel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NarrowPathsTest {
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final TimerWheel wheel = new TimerWheel(0);
  private final NarrowPaths paths = new NarrowPaths(wheel);
  private final List<Integer> forgotten = new ArrayList<>();

  private final class Path extends NarrowPaths.Entry {
    private final int number;

    Path(int number) {
      this.number = number;
    }

    @Override
    protected void forget() {
      forgotten.add(number);
    }
  }

  @Test
  void aPathIsForgottenTenMinutesAfterItWasLastHeardOf() {
    Path path = new Path(1);
    paths.learned(path, 0);
    paths.learned(path, 5 * MINUTE);
    wheel.advance(14 * MINUTE);
    assertThat(forgotten).isEmpty();
    wheel.advance(15 * MINUTE + MINUTE / 60);
    assertThat(forgotten).containsExactly(1);
    paths.learned(path, 16 * MINUTE);
    assertThat(path.isScheduled()).isTrue();
  }

  @Test
  void ofTooManyTheOldestIsForgottenAndMemoryDoesNotGrow() {
    for (int i = 0; i < 1_000_000; i++) {
      paths.learned(new Path(i), 0);
    }
    assertThat(wheel.size()).isEqualTo(NarrowPaths.MOST);
    assertThat(forgotten).hasSize(1_000_000 - NarrowPaths.MOST).isSorted();
    assertThat(forgotten.getLast()).isEqualTo(1_000_000 - NarrowPaths.MOST - 1);
  }
}
