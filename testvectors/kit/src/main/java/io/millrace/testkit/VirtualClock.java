package io.millrace.testkit;

import java.time.Duration;
import java.util.function.LongSupplier;

/** A clock that stands still until a test moves it. Nanoseconds from 0; never goes back. */
public final class VirtualClock implements LongSupplier {
  private long now;

  /** Creates a clock at 0. */
  public VirtualClock() {}

  /** The time in nanoseconds. */
  @Override
  public long getAsLong() {
    return now;
  }

  /** Moves the clock ahead by {@code nanos}, 0 or more. */
  public void advance(long nanos) {
    set(Math.addExact(now, nanos));
  }

  /** Moves the clock ahead. */
  public void advance(Duration duration) {
    advance(duration.toNanos());
  }

  /** Moves the clock to {@code nanos}, which is not in its past. */
  public void set(long nanos) {
    if (nanos < now) {
      throw new IllegalArgumentException("the clock cannot go back from " + now + " to " + nanos);
    }
    now = nanos;
  }
}
