package io.millrace.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Turns a benchmark for a while to warm it up, then measures several rounds of which the median
 * counts.
 *
 * <p>Rates are per second of the thread's own CPU time, so that other work on the machine does not
 * count; on an idle machine that is wall-clock time.
 */
final class Measurement {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final com.sun.management.ThreadMXBean ALLOCATION =
      (com.sun.management.ThreadMXBean) THREADS;
  private static final com.sun.management.OperatingSystemMXBean PROCESS =
      (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final double warmUp;
  private final double seconds;
  private final int rounds;

  Measurement(double warmUp, double seconds, int rounds) {
    this.warmUp = warmUp;
    this.seconds = seconds;
    this.rounds = rounds;
  }

  /**
   * Counts per second: {@code turn} does a little work, {@code count} says how much has been done
   * so far.
   */
  double perSecond(Runnable turn, LongSupplier count) {
    round(turn, count, warmUp);
    double[] rates = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      rates[i] = round(turn, count, seconds);
    }
    Arrays.sort(rates);
    return rates[rounds / 2];
  }

  /**
   * The same where only a part of the work counts: {@code turn} answers how many nanoseconds of the
   * thread's CPU time that part took.
   */
  double perSecondOf(LongSupplier turn, LongSupplier count) {
    partOfRound(turn, count, warmUp);
    double[] rates = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      rates[i] = partOfRound(turn, count, seconds);
    }
    Arrays.sort(rates);
    return rates[rounds / 2];
  }

  private static double partOfRound(LongSupplier turn, LongSupplier count, double seconds) {
    long before = count.getAsLong();
    long end = System.nanoTime() + (long) (seconds * 1e9);
    long nanos = 0;
    do {
      nanos += turn.getAsLong();
    } while (System.nanoTime() < end);
    return (count.getAsLong() - before) * 1e9 / nanos;
  }

  /** CPU time of this thread so far, nanoseconds; asking costs some hundred. */
  static long cpuTime() {
    return THREADS.getCurrentThreadCpuTime();
  }

  /** What {@link #beside} has found: a median rate, and what each count has cost. */
  record Beside(double perSecond, double bytesEach, double cpuNanosEach) {}

  /**
   * The same for work that other threads do, by the wall clock. Bytes and CPU time are those of the
   * whole process.
   */
  Beside beside(LongSupplier count) {
    sleep(warmUp);
    double[] rates = new double[rounds];
    long first = count.getAsLong();
    long bytes = ALLOCATION.getTotalThreadAllocatedBytes();
    long cpu = PROCESS.getProcessCpuTime();
    for (int i = 0; i < rounds; i++) {
      long before = count.getAsLong();
      long start = System.nanoTime();
      sleep(seconds);
      rates[i] = (count.getAsLong() - before) * 1e9 / (System.nanoTime() - start);
    }
    double counted = Math.max(1, count.getAsLong() - first);
    Arrays.sort(rates);
    return new Beside(
        rates[rounds / 2],
        (ALLOCATION.getTotalThreadAllocatedBytes() - bytes) / counted,
        (PROCESS.getProcessCpuTime() - cpu) / counted);
  }

  private static void sleep(double seconds) {
    try {
      Thread.sleep((long) (seconds * 1e3));
    } catch (InterruptedException e) {
      throw new IllegalStateException("a measurement was interrupted", e);
    }
  }

  private static double round(Runnable turn, LongSupplier count, double seconds) {
    long before = count.getAsLong();
    long cpu = THREADS.getCurrentThreadCpuTime();
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    long now;
    do {
      for (int i = 0; i < 16; i++) {
        turn.run();
      }
      now = System.nanoTime();
    } while (now < end);
    return (count.getAsLong() - before) * 1e9 / (THREADS.getCurrentThreadCpuTime() - cpu);
  }
}
