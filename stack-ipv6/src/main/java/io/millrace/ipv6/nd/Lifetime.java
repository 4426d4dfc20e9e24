package io.millrace.ipv6.nd;

/** Lifetimes as routers give them, in seconds. */
final class Lifetime {
  /** All ones: for ever (RFC 4861 §4.6.2). */
  static final long INFINITE = 0xffff_ffffL;

  static final long SECOND = 1_000_000_000;

  private Lifetime() {}

  /** When a lifetime that begins now ends; {@code Long.MAX_VALUE} for never. */
  static long end(long seconds, long now) {
    return seconds == INFINITE ? Long.MAX_VALUE : plus(now, seconds * SECOND);
  }

  /** A time so many nanoseconds, 0 or more, later; never if that is beyond all times. */
  static long plus(long time, long nanos) {
    return time > Long.MAX_VALUE - nanos ? Long.MAX_VALUE : time + nanos;
  }
}
