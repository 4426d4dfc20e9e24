package io.millrace.driver.afxdp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When a packet came by the shard's clock, by what a network card's clock says. */
final class HardwareClockTest {
  private static final long DAY = 1_800_000_000_000_000_000L;
  private static final long LEAP = 37_000_000_000L;
  private static final long NOW = 5_000_000_000L;

  private long timeOfDay = DAY;
  private final HardwareClock clock = new HardwareClock(() -> timeOfDay, () -> timeOfDay + LEAP);

  @Test
  void aClockAtTheTimeOfDayIsCompared() {
    clock.begin(NOW);
    assertThat(clock.toShardTime(DAY - 20_000, NOW)).isEqualTo(NOW - 20_000);
    assertThat(clock.toShardTime(DAY - HardwareClock.OLDEST + 1, NOW))
        .isEqualTo(NOW - HardwareClock.OLDEST + 1);
  }

  @Test
  void aClockAtAtomicTimeIsCompared() {
    clock.begin(NOW);
    assertThat(clock.toShardTime(DAY + LEAP - 20_000, NOW)).isEqualTo(NOW - 20_000);
  }

  @Test
  void nothingComesLaterThanNow() {
    clock.begin(NOW);
    assertThat(clock.toShardTime(DAY + 3_000, NOW)).isEqualTo(NOW);
  }

  @Test
  void anyOtherClockIsNotCompared() {
    clock.begin(NOW);
    for (long time : new long[] {1, -1, NOW, DAY - 2 * HardwareClock.OLDEST, Long.MAX_VALUE}) {
      assertThat(clock.toShardTime(time, NOW)).isEqualTo(NOW);
    }
  }

  @Test
  void clocksThatDriftApartAreMeasuredAgain() {
    clock.begin(NOW);
    timeOfDay = DAY + HardwareClock.EVERY + 500;
    long later = NOW + HardwareClock.EVERY;
    clock.begin(later - 1);
    assertThat(clock.toShardTime(timeOfDay - 1_000, later)).as("not yet").isEqualTo(later - 500);
    clock.begin(later);
    assertThat(clock.toShardTime(timeOfDay - 1_000, later)).isEqualTo(later - 1_000);
  }
}
