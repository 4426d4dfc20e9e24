package io.millrace.script.language;

/**
 * When an event happens.
 *
 * @param kind how the numbers are meant
 * @param nanos the time, or the range's start, in nanoseconds; 0 for any time
 * @param endNanos the range's end; equal to {@code nanos} where there is no range
 */
public record ScriptTime(Kind kind, long nanos, long endNanos) {
  /** How a time is written. */
  public enum Kind {
    /** {@code 0.5}: since the start of the script. */
    ABSOLUTE,
    /** {@code +0.5}: since the previous event. */
    RELATIVE,
    /** {@code *}: whenever. */
    ANY,
    /** {@code 0.5~0.7}. */
    ABSOLUTE_RANGE,
    /** {@code +0.5~+0.7}. */
    RELATIVE_RANGE
  }

  static final ScriptTime ANY_TIME = new ScriptTime(Kind.ANY, 0, 0);

  /** Whether it counts from the previous event. */
  public boolean isRelative() {
    return kind == Kind.RELATIVE || kind == Kind.RELATIVE_RANGE;
  }

  /** Whether it is a range. */
  public boolean isRange() {
    return kind == Kind.ABSOLUTE_RANGE || kind == Kind.RELATIVE_RANGE;
  }
}
