package io.millrace.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Time is read when it is asked for, and stands still in between. */
class ShardClockTest {
  @Test
  void standsStillBetweenUpdates() {
    AtomicLong time = new AtomicLong(5);
    ShardClock clock = ShardClock.of(time::get);
    time.set(9);
    assertThat(clock.now()).isEqualTo(5);
    assertThat(clock.update()).isEqualTo(9);
    assertThat(clock.now()).isEqualTo(9);
  }

  @Test
  void theSystemsClockNeverGoesBack() {
    ShardClock clock = ShardClock.system();
    long last = clock.now();
    for (int i = 0; i < 1_000; i++) {
      assertThat(clock.update() - last).isNotNegative();
      last = clock.now();
    }
  }
}
