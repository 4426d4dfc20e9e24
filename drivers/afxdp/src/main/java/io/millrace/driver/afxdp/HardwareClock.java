package io.millrace.driver.afxdp;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.millrace.os.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;

/**
 * Turns the times of a network card's clock into shard time, where they can be compared: a card's
 * clock counts from wherever it likes, unless something (ptp4l, phc2sys) keeps it at the time of
 * day or at atomic time (TAI). It is taken to be so if what it says is less than a second old by
 * the system's own clock of that kind; otherwise the shard's time is the answer.
 *
 * <p>The difference between the system's clocks and the shard's is measured ten times a second, at
 * the beginning of a burst, so a time is as exact as the duty cycle's beginning is close to it:
 * some microseconds. <b>Thread:</b> the shard's.
 */
final class HardwareClock {
  /** Between two measurements, nanoseconds. */
  static final long EVERY = 100_000_000;

  /** The oldest time that is believed, nanoseconds. */
  static final long OLDEST = 1_000_000_000;

  private static final int CLOCK_REALTIME = 0;
  private static final int CLOCK_TAI = 11;
  private static final long SECOND = 1_000_000_000;

  private final LongSupplier timeOfDay;
  private final LongSupplier atomicTime;
  private boolean measured;
  private long measuredAt;
  private long aheadOfShard;
  private long atomicAheadOfShard;

  /** With clocks that say nanoseconds since 1970. */
  HardwareClock(LongSupplier timeOfDay, LongSupplier atomicTime) {
    this.timeOfDay = timeOfDay;
    this.atomicTime = atomicTime;
  }

  /** With the system's clocks. */
  static HardwareClock system() {
    Linux linux = new Linux();
    MemorySegment time = Arena.ofAuto().allocate(16, 8);
    return new HardwareClock(
        () -> read(linux, CLOCK_REALTIME, time), () -> read(linux, CLOCK_TAI, time));
  }

  /** {@code time} is room for a {@code struct timespec}: seconds and nanoseconds, 8 bytes each. */
  private static long read(Linux linux, int clock, MemorySegment time) {
    linux.clockGettime(clock, time.address());
    return time.get(JAVA_LONG, 0) * SECOND + time.get(JAVA_LONG, 8);
  }

  /** Measures if that is due; called when a burst begins. */
  void begin(long now) {
    if (!measured || now - measuredAt >= EVERY) {
      measured = true;
      measuredAt = now;
      aheadOfShard = timeOfDay.getAsLong() - now;
      atomicAheadOfShard = atomicTime.getAsLong() - now;
    }
  }

  /**
   * When that was by the shard's clock.
   *
   * @param time nanoseconds of the card's clock
   * @return at most {@code now}, which is also the answer if the clock is of another kind
   */
  long toShardTime(long time, long now) {
    long age = now - (time - aheadOfShard);
    if (!isPossible(age)) {
      age = now - (time - atomicAheadOfShard);
    }
    return isPossible(age) ? now - Math.max(age, 0) : now;
  }

  /** The shard's time is that of the cycle's beginning: a packet may have come a little later. */
  private static boolean isPossible(long age) {
    return age > -OLDEST && age < OLDEST;
  }
}
