package io.millrace.bench.scale;

import io.millrace.bench.report.Table;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measures workloads of one kind in turn, round after round, so that what the JIT does and what the
 * machine does besides hits all of them alike.
 */
final class Series {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final String title;
  private final List<Workload> workloads;
  private final List<List<Double>> nanosPerPacket = new ArrayList<>();

  Series(String title, List<Workload> workloads) {
    this.title = title;
    this.workloads = workloads;
    workloads.forEach(each -> nanosPerPacket.add(new ArrayList<>()));
  }

  void run(double warmUp, int rounds, double seconds) {
    for (int i = 0; i < 3; i++) {
      workloads.forEach(each -> nanosPerPacket(each, warmUp / 3));
    }
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < workloads.size(); i++) {
        nanosPerPacket.get(i).add(nanosPerPacket(workloads.get(i), seconds));
      }
    }
  }

  private static double nanosPerPacket(Workload workload, double seconds) {
    Pair pair = workload.pair();
    long packets = pair.packets();
    long cpu = THREADS.getCurrentThreadCpuTime();
    long end = System.nanoTime() + (long) (seconds * 1e9);
    do {
      for (int i = 0; i < 16; i++) {
        pair.turn();
      }
    } while (System.nanoTime() < end);
    return (double) (THREADS.getCurrentThreadCpuTime() - cpu) / (pair.packets() - packets);
  }

  /** The medians; the last column compares with the first row. */
  Table table() {
    Table table =
        new Table(title, List.of("", "CPU ns/packet", "least", "most", "to the first", "moved"));
    double first = median(nanosPerPacket.get(0));
    for (int i = 0; i < workloads.size(); i++) {
      List<Double> samples = nanosPerPacket.get(i);
      double median = median(samples);
      table.row(
          List.of(
              workloads.get(i).name(),
              format("%.1f", median),
              format("%.1f", samples.stream().min(Double::compare).orElseThrow()),
              format("%.1f", samples.stream().max(Double::compare).orElseThrow()),
              format("%+.1f %%", 100 * (median / first - 1)),
              "" + workloads.get(i).pair().handedOver()));
    }
    table.note(
        "Both stacks together, per packet received; \"moved\" are packets handed over to another"
            + " shard, in all.");
    return table;
  }

  private static String format(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Every sample, for JSON. */
  Map<String, Object> samples() {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < workloads.size(); i++) {
      map.put(workloads.get(i).name(), nanosPerPacket.get(i));
    }
    return map;
  }

  void close() {
    workloads.forEach(each -> each.pair().close());
  }
}
