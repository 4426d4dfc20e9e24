package io.millrace.e2e.contract;

/** Catches what hangs: far beyond what anything takes. */
final class Limit {
  private static final long MOST_TURNS = 50_000_000;
  private static final long MOST_NANOS =
      Integer.getInteger("millrace.interop.limit", 180) * 1_000_000_000L;

  private final boolean virtual;
  private final long start = System.nanoTime();
  private long turns;

  /** Counts turns, or where the time is the kernel's, time. */
  Limit(boolean virtual) {
    this.virtual = virtual;
  }

  void check(String what) {
    turns++;
    if (virtual ? turns > MOST_TURNS : System.nanoTime() - start > MOST_NANOS) {
      throw new AssertionError("does not happen: " + what);
    }
  }
}
