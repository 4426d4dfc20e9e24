package io.millrace.apps.iperf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Measures this process's CPU time, as Linux tells it in {@code /proc} (proc(5)). */
final class CpuMeter {
  /** The unit of these times, USER_HZ, is fixed by the kernel's interface. */
  private static final double TICKS_PER_SECOND = 100;

  private final long started = System.nanoTime();
  private final long[] before = ticks();

  CpuShare sinceStart() {
    double seconds = Math.max(1e-9, (System.nanoTime() - started) / 1e9);
    long[] now = ticks();
    double user = 100 * (now[0] - before[0]) / TICKS_PER_SECOND / seconds;
    double system = 100 * (now[1] - before[1]) / TICKS_PER_SECOND / seconds;
    return new CpuShare(user + system, user, system);
  }

  /** User and system time; zeros where there is no such file. */
  private static long[] ticks() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      // The name, in parentheses, may have spaces in it.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 14);
      return new long[] {Long.parseLong(fields[11]), Long.parseLong(fields[12])};
    } catch (IOException e) {
      return new long[2];
    }
  }
}
