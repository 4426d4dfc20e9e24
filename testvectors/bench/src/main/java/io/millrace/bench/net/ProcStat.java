package io.millrace.bench.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * CPU time as the kernel counts it, proc(5). It counts by the tick of 10 ms, so only differences
 * over seconds mean anything.
 */
final class ProcStat {
  private static final double TICKS_PER_SECOND = 100;

  /** Columns of a CPU's line in /proc/stat, behind its name. */
  private static final int IDLE = 3;

  private static final int IO_WAIT = 4;
  private static final int STEAL = 7;

  private ProcStat() {}

  /** User and system seconds of a process, all of its threads, those that ended included. */
  static double processSeconds(long pid) {
    String line = read(Path.of("/proc", Long.toString(pid), "stat"));
    // The second field is a name in parentheses that may hold anything.
    String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
  }

  /**
   * Seconds in which a CPU did something, interrupts included, for whomever; not those that the
   * hypervisor took away.
   */
  static double coreSeconds(int cpu) {
    for (String line : read(Path.of("/proc/stat")).split("\n", -1)) {
      if (line.startsWith("cpu" + cpu + " ")) {
        String[] fields = line.substring(line.indexOf(' ') + 1).split(" ", -1);
        long busy = 0;
        for (int i = 0; i <= STEAL && i < fields.length; i++) {
          busy += i == IDLE || i == IO_WAIT || i == STEAL ? 0 : Long.parseLong(fields[i]);
        }
        return busy / TICKS_PER_SECOND;
      }
    }
    throw new BenchException("there is no CPU " + cpu + " here");
  }

  /** How many programs wanted a CPU in the last minute, on average. */
  static double load() {
    return Double.parseDouble(read(Path.of("/proc/loadavg")).split(" ", -1)[0]);
  }

  private static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(path + " cannot be read: " + e.getMessage(), e);
    }
  }
}
