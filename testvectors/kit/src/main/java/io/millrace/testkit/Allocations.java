package io.millrace.testkit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Measures what the calling thread allocates on the heap. */
public final class Allocations {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final long OVERHEAD = overhead();

  private Allocations() {}

  /**
   * Runs {@code work} on the calling thread and returns the bytes that it allocated there.
   *
   * <p>Warm up first: class loading, profiling and escape analysis that has not happened yet all
   * allocate.
   */
  public static long measure(Runnable work) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    work.run();
    return THREADS.getCurrentThreadAllocatedBytes() - before - OVERHEAD;
  }

  private static long overhead() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 1000; i++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
    }
    return least;
  }
}
