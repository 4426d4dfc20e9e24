package io.millrace.bench.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * CPU time as the kernel counts it, proc(5). It counts by the tick of 10 ms, so only differences
 * over seconds mean anything.
 */
final class ProcStat {
  private static final double TICKS_PER_SECOND = 100;

  /** Fields of a process or thread, counted from the third. */
  private static final int USER = 11;

  private static final int SYSTEM = 12;
  private static final int PROCESSOR = 36;

  /** Columns of a CPU's line in /proc/stat, behind its name. */
  private static final int IDLE = 3;

  private static final int IO_WAIT = 4;
  private static final int STEAL = 7;

  private ProcStat() {}

  /** User and system seconds of a process, all of its threads, those that ended included. */
  static double processSeconds(long pid) {
    return seconds(fields(Path.of("/proc", Long.toString(pid), "stat")));
  }

  /** The same of the shards' threads of a process that run on a CPU. */
  static double shardSeconds(long pid, int cpu) {
    double sum = 0;
    try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
      for (Path thread : threads.toList()) {
        String[] fields = fields(thread.resolve("stat"));
        if (Integer.parseInt(fields[PROCESSOR]) == cpu
            && read(thread.resolve("comm")).startsWith("millrace-shard")) {
          sum += seconds(fields);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the threads of " + pid + " cannot be read", e);
    }
    return sum;
  }

  /** The fields behind the second, which is a name in parentheses that may hold anything. */
  private static String[] fields(Path stat) {
    String line = read(stat);
    return line.substring(line.lastIndexOf(')') + 2).strip().split(" ", -1);
  }

  private static double seconds(String[] fields) {
    return (Long.parseLong(fields[USER]) + Long.parseLong(fields[SYSTEM])) / TICKS_PER_SECOND;
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
