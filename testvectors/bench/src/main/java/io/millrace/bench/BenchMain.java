package io.millrace.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs the whole-path benchmarks and prints a table. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measures two stacks on a wire in memory, turned by one thread: MTU 1500, checksums computed"
          + " and",
      "verified in software, payload delivered to an application."
    })
public final class BenchMain implements Callable<Integer> {
  private static final String MICRO = "micro";
  private static final Map<String, Function<Measurement, List<Row>>> ALL = new LinkedHashMap<>();

  static {
    ALL.put("bulk", TcpBulk::run);
    ALL.put("rr", TcpRequestResponse::run);
    ALL.put("connect", TcpConnects::run);
    ALL.put("udp", UdpEcho::run);
    ALL.put("idle", m -> IdleConnections.run());
  }

  @Parameters(
      arity = "0..*",
      paramLabel = "NAME",
      description =
          "what to run: bulk, rr, connect, udp, idle (all of these if none is named), or micro: the"
              + " JMH benchmarks of checksum, flow table, timer wheel and header parsing, which"
              + " take minutes")
  private List<String> names = new ArrayList<>();

  @Option(names = "--seconds", description = "length of a round (default: ${DEFAULT-VALUE})")
  private double seconds = 1;

  @Option(
      names = "--rounds",
      description = "rounds, of which the median counts (default: ${DEFAULT-VALUE})")
  private int rounds = 5;

  @Option(
      names = "--warm-up",
      description = "seconds before the first round (default: ${DEFAULT-VALUE})")
  private double warmUp = 3;

  @Option(names = "--json", paramLabel = "FILE", description = "also write the results as JSON")
  private Path json;

  private BenchMain() {}

  /** Runs with the given arguments and exits. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new BenchMain()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    for (String name : names) {
      if (!ALL.containsKey(name) && !name.equals(MICRO)) {
        System.err.println(
            "there is no benchmark '"
                + name
                + "'; there are "
                + String.join(", ", ALL.keySet())
                + ", "
                + MICRO);
        return 2;
      }
    }
    Measurement m = new Measurement(warmUp, seconds, Math.max(1, rounds));
    List<Row> rows = new ArrayList<>();
    for (Map.Entry<String, Function<Measurement, List<Row>>> each : ALL.entrySet()) {
      if (names.isEmpty() || names.contains(each.getKey())) {
        System.err.printf("%-8s ...%n", each.getKey());
        List<Row> more = each.getValue().apply(m);
        rows.addAll(more);
        more.forEach(BenchMain::print);
      }
    }
    if (names.contains(MICRO)) {
      List<Row> more = Micro.run(seconds, rounds);
      rows.addAll(more);
      more.forEach(BenchMain::print);
    }
    if (json != null) {
      Files.writeString(json, toJson(rows));
    }
    return 0;
  }

  private static void print(Row row) {
    System.out.printf(
        Locale.ROOT, "%-46s %10.2f %-7s %s%n", row.name(), row.value(), row.unit(), row.note());
  }

  /** Names and notes hold no character that JSON would want escaped. */
  private static String toJson(List<Row> rows) {
    StringBuilder text = new StringBuilder("[\n");
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      text.append(
          String.format(
              Locale.ROOT,
              "  {\"name\": \"%s\", \"value\": %.4f, \"unit\": \"%s\", \"note\": \"%s\"}%s%n",
              row.name(),
              row.value(),
              row.unit(),
              row.note(),
              i + 1 < rows.size() ? "," : ""));
    }
    return text.append("]\n").toString();
  }
}
