package io.millrace.bench;

import io.millrace.bench.net.NetCommand;
import io.millrace.bench.scale.ScaleCommand;
import java.io.IOException;
import java.lang.management.ManagementFactory;
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
    subcommands = {NetCommand.class, ScaleCommand.class},
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
    ALL.put("bulk", m -> TcpBulk.run(m, Family.IPV4));
    ALL.put("bulk6", m -> TcpBulk.run(m, Family.IPV6));
    ALL.put("rr", m -> TcpRequestResponse.run(m, Family.IPV4));
    ALL.put("rr6", m -> TcpRequestResponse.run(m, Family.IPV6));
    ALL.put("connect", m -> TcpConnects.run(m, Family.IPV4));
    ALL.put("connect6", m -> TcpConnects.run(m, Family.IPV6));
    ALL.put("udp", m -> UdpEcho.run(m, Family.IPV4));
    ALL.put("udp6", m -> UdpEcho.run(m, Family.IPV6));
    ALL.put("batches", m -> UdpBatches.run(m, Family.IPV4));
    ALL.put("batches6", m -> UdpBatches.run(m, Family.IPV6));
    ALL.put("idle", m -> IdleConnections.run());
    ALL.put("faces", Faces::run);
    ALL.put("forward", Forwarding::run);
    ALL.put("messages", m -> Messages.run());
  }

  @Parameters(
      arity = "0..*",
      paramLabel = "NAME",
      description =
          "what to run: bulk, rr, connect, udp, batches, the same with a 6 behind for IPv6, idle,"
              + " faces, forward, messages (all of these if none is named), or micro: the JMH"
              + " benchmarks of checksum, flow table, timer wheel and header parsing, which take"
              + " minutes")
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
  public Integer call() throws IOException, InterruptedException {
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
    List<String> wanted =
        ALL.keySet().stream().filter(name -> names.isEmpty() || names.contains(name)).toList();
    List<String> rows = new ArrayList<>();
    if (wanted.size() > 1) {
      for (String name : wanted) {
        rows.addAll(inOwnJvm(name));
      }
    } else if (wanted.size() == 1) {
      System.err.printf("%-8s ...%n", wanted.get(0));
      Measurement m = new Measurement(warmUp, seconds, rounds());
      ALL.get(wanted.get(0)).apply(m).forEach(row -> rows.add(printed(row)));
    }
    if (names.contains(MICRO)) {
      Micro.run(seconds, rounds()).forEach(row -> rows.add(printed(row)));
    }
    if (json != null) {
      Files.writeString(json, "[\n" + String.join(",\n", rows) + "\n]\n");
    }
    return 0;
  }

  private int rounds() {
    return Math.max(1, rounds);
  }

  /**
   * Runs one benchmark in a JVM of its own, with this one's options: what the JIT learned from one
   * must not slow the next down.
   */
  private List<String> inOwnJvm(String name) throws IOException, InterruptedException {
    Path result = Files.createTempFile("millrace-bench", ".json");
    try {
      List<String> command = new ArrayList<>();
      command.add(ProcessHandle.current().info().command().orElse("java"));
      command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.addAll(List.of(BenchMain.class.getName(), name, "--json", result.toString()));
      command.addAll(List.of("--seconds", "" + seconds, "--rounds", "" + rounds()));
      command.addAll(List.of("--warm-up", "" + warmUp));
      if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
        throw new IOException("the benchmark " + name + " failed");
      }
      return Files.readAllLines(result).stream()
          .filter(line -> line.startsWith("  {"))
          .map(line -> line.endsWith(",") ? line.substring(0, line.length() - 1) : line)
          .toList();
    } finally {
      Files.deleteIfExists(result);
    }
  }

  /** Prints a row and returns it as JSON. */
  private static String printed(Row row) {
    print(row);
    return toJson(row);
  }

  private static void print(Row row) {
    System.out.printf(
        Locale.ROOT, "%-46s %10.2f %-7s %s%n", row.name(), row.value(), row.unit(), row.note());
  }

  /** Names and notes hold no character that JSON would want escaped. */
  private static String toJson(Row row) {
    return String.format(
        Locale.ROOT,
        "  {\"name\": \"%s\", \"value\": %.4f, \"unit\": \"%s\", \"note\": \"%s\"}",
        row.name(),
        row.value(),
        row.unit(),
        row.note());
  }
}
