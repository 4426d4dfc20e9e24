package io.millrace.bench.scale;

import io.millrace.bench.report.HtmlReport;
import io.millrace.bench.report.Json;
import io.millrace.bench.report.Machine;
import io.millrace.bench.report.Table;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures how the cost of a packet grows. */
@Command(
    name = "scale",
    mixinStandardHelpOptions = true,
    description = {
      "Measures the CPU time per packet with more and more shards, flows and connections: two",
      "stacks on a wire in memory, all their shards turned by one thread."
    })
public final class ScaleCommand implements Callable<Integer> {
  private static final List<String> PARTS = List.of("shards", "flows", "connections");

  /** On the way per shard: what a burst may hold. */
  private static final int ON_THE_WAY = 32;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "PART",
      description = "only these parts: shards, flows, connections")
  private List<String> only = PARTS;

  @Option(names = "--seconds", description = "length of a round (default: ${DEFAULT-VALUE})")
  private double seconds = 0.5;

  @Option(
      names = "--rounds",
      description = "rounds, of which the median counts (default: ${DEFAULT-VALUE})")
  private int rounds = 9;

  @Option(
      names = "--warm-up",
      description = "seconds per row before the first round (default: ${DEFAULT-VALUE})")
  private double warmUp = 3;

  @Option(
      names = "--slice",
      paramLabel = "MILLIS",
      description =
          "how long a shard runs before the next one's turn, as under a scheduler; 0 for a duty"
              + " cycle each, which has all of them share the caches (default: ${DEFAULT-VALUE})")
  private double slice = 3;

  @Option(names = "--json", paramLabel = "FILE", description = "also write every sample as JSON")
  private Path json;

  @Option(names = "--html", paramLabel = "FILE", description = "also write a page with charts")
  private Path html;

  private final List<Table> tables = new ArrayList<>();
  private final Map<String, Object> report = new LinkedHashMap<>();

  /** Made by picocli. */
  public ScaleCommand() {}

  /** What a row is started with. */
  @FunctionalInterface
  private interface Starter {
    void start(Pair pair, int count);
  }

  @Override
  public Integer call() throws IOException {
    for (String part : only) {
      if (!PARTS.contains(part)) {
        System.err.println(
            "there is no part '" + part + "'; there are " + String.join(", ", PARTS));
        return 2;
      }
    }
    report.put("machine", Machine.describe());
    try (Arena arena = Arena.ofConfined()) { // closed last: the stacks refer to its memory
      run(arena);
    }
    if (json != null) {
      Files.writeString(json, Json.of(report));
    }
    if (html != null) {
      HtmlReport page = new HtmlReport("How Millrace scales", Machine.describe());
      tables.forEach(table -> page.add(table, List.of(table.chart(1, "ns", ""))));
      Files.writeString(html, page.toHtml());
    }
    return 0;
  }

  private void run(Arena arena) {
    if (only.contains("shards")) {
      shards(
          "UDP echo of 64 bytes, 32 flows per shard",
          (pair, _) -> UdpTraffic.start(pair, ON_THE_WAY, ON_THE_WAY, arena));
      shards(
          "TCP request/response of 64 bytes, 32 connections per shard",
          (pair, _) -> TcpTraffic.start(pair, ON_THE_WAY, 0, ON_THE_WAY));
    }
    if (only.contains("flows")) {
      counts(
          "UDP echo of 64 bytes, 32 datagrams on the way",
          "flows",
          List.of(1, 100, 10_000, 100_000),
          (pair, n) -> UdpTraffic.start(pair, n, ON_THE_WAY, arena));
      counts(
          "TCP request/response of 64 bytes, 32 requests on the way in turn",
          "connections",
          List.of(1, 100, 10_000, 100_000),
          (pair, n) -> TcpTraffic.start(pair, n, 0, Math.min(n, ON_THE_WAY)));
    }
    if (only.contains("connections")) {
      counts(
          "TCP request/response of 64 bytes on 32 connections beside idle ones",
          "idle",
          List.of(0, 1_000, 10_000, 100_000),
          (pair, n) -> TcpTraffic.start(pair, ON_THE_WAY, n, ON_THE_WAY));
    }
  }

  private void shards(String title, Starter starter) {
    List<Workload> workloads = new ArrayList<>();
    for (int count : List.of(1, 2, 4, 8, 16)) {
      Pair pair = new Pair(count, 2_048, (long) (slice * 1e6));
      starter.start(pair, count);
      workloads.add(new Workload(count == 1 ? "1 shard" : count + " shards", pair));
    }
    measure(new Series(title, workloads));
  }

  private void counts(String title, String what, List<Integer> counts, Starter starter) {
    List<Workload> workloads = new ArrayList<>();
    for (int count : counts) {
      Pair pair = new Pair(1, 16_384, 0);
      starter.start(pair, count);
      workloads.add(new Workload(String.format("%,d %s", count, what), pair));
    }
    measure(new Series(title, workloads));
  }

  private void measure(Series series) {
    series.run(warmUp, Math.max(1, rounds), seconds);
    Table table = series.table();
    System.out.println(table.toText());
    tables.add(table);
    report.put(table.title(), series.samples());
    series.close();
  }
}
