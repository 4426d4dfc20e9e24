package io.millrace.bench.net;

import io.millrace.bench.net.client.FrameEchoMain;
import io.millrace.bench.report.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the drivers carry without a stack on them. */
final class FrameEchoBench {
  private static final String CABLE = "mrbe";

  /** Between the length of a small request and of its answer, in bytes. */
  private static final int SIZE = 256;

  private final Lab lab;
  private final Cores cores;
  private final Map<String, List<Double>> samples = new LinkedHashMap<>();

  FrameEchoBench(Lab lab, Cores cores) {
    this.lab = lab;
    this.cores = cores;
  }

  void run(int rounds, double seconds) {
    if (WebServers.hasDriver("afxdp")) {
      lab.cable(CABLE, "10.90.9", false);
    }
    for (int round = 1; round <= rounds; round++) {
      if (WebServers.hasDriver("afxdp")) {
        for (int window : List.of(64, 512)) {
          add("AF_XDP over veth, " + window + " on the way", overVeth(window, seconds));
        }
      }
      for (int window : List.of(64, 512)) {
        add("memory, " + window + " on the way", inMemory(window, seconds));
      }
    }
  }

  private void add(String name, double rate) {
    System.err.printf(Locale.ROOT, "frame echo, %s: %.0f/s%n", name, rate);
    samples.computeIfAbsent(name, n -> new ArrayList<>()).add(rate);
  }

  private double overVeth(int window, double seconds) {
    try (Program _ = lab.start("reflector", lab.atServer(command("reflect", port(0))))) {
      return rate(lab.atClient(command("generate", port(1), "" + window, "" + SIZE, "" + seconds)));
    }
  }

  private static String port(int end) {
    return "afxdp:" + CABLE + end;
  }

  private double inMemory(int window, double seconds) {
    return rate(
        Lab.anywhere(
            command(
                "both",
                "mem:echo",
                "" + cores.server(),
                "" + cores.client(),
                "" + window,
                "" + SIZE,
                "" + seconds)));
  }

  private static List<String> command(String... arguments) {
    List<String> command = new ArrayList<>(WebServers.ownJava());
    command.add(FrameEchoMain.class.getName());
    command.addAll(List.of(arguments));
    return command;
  }

  private static double rate(List<String> command) {
    return Results.parse(Tool.run(command)).get("echoes");
  }

  Map<String, List<Double>> samples() {
    return samples;
  }

  /**
   * The rates, beside what the stack reaches on the same driver.
   *
   * @param http the web servers under the stack's own client; null if they were not measured
   */
  Table table(HttpBench http) {
    Table table =
        new Table(
            "Frames of "
                + SIZE
                + " bytes echoed by a driver alone, and requests by the stack on it",
            List.of("driver", "echoes/s", "requests/s", "fraction"));
    samples.forEach(
        (name, rates) -> {
          double echoes = Results.median(rates);
          double requests = http == null ? 0 : requests(http, name);
          table.row(
              List.of(
                  name,
                  String.format(Locale.ROOT, "%.0f", echoes),
                  requests == 0 ? "-" : String.format(Locale.ROOT, "%.0f", requests),
                  requests == 0
                      ? "-"
                      : String.format(Locale.ROOT, "%.0f %%", 100 * requests / echoes)));
        });
    table.note("A request and its answer are one packet each way, as an echo is.");
    return table;
  }

  private static double requests(HttpBench http, String name) {
    String server = name.startsWith("memory") ? "millrace-mem" : "millrace-afxdp";
    int connections = name.contains("512") ? 512 : 64;
    return http.rate(server, new HttpScenario(connections, false));
  }
}
