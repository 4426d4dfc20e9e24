package io.millrace.bench.net;

import io.millrace.bench.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Loads web servers in turn, round after round, and sums up by the median. */
final class HttpBench {
  private final HttpClient client;
  private final Cores cores;
  private final List<HttpScenario> scenarios;
  private final List<HttpSample> samples = new ArrayList<>();

  HttpBench(HttpClient client, Cores cores, List<HttpScenario> scenarios) {
    this.client = client;
    this.cores = cores;
    this.scenarios = scenarios;
  }

  /** Lets the JIT of a server see what is going to come. */
  void warmUp(WebServer server, double seconds) {
    for (HttpScenario scenario : scenarios) {
      client.run(server, scenario, seconds / scenarios.size());
    }
  }

  /**
   * Every server in every scenario once, then again: what the machine does besides hits all of
   * them.
   */
  void run(List<WebServer> servers, int rounds, double seconds) {
    for (int round = 1; round <= rounds; round++) {
      for (HttpScenario scenario : scenarios) {
        for (WebServer server : servers) {
          HttpSample sample;
          try {
            sample = measure(server, scenario, round, seconds);
          } catch (BenchException e) {
            System.err.println(client.name() + " against " + server.name() + ": " + e.getMessage());
            continue;
          }
          samples.add(sample);
          System.err.printf(
              Locale.ROOT,
              "%s, round %d, %s: %-16s %9.0f requests/s%n",
              client.name(),
              round,
              scenario.title(),
              server.name(),
              sample.result().perSecond());
        }
      }
    }
  }

  private HttpSample measure(WebServer server, HttpScenario scenario, int round, double seconds) {
    double process = server.cpuSeconds().getAsDouble();
    double serverCore = ProcStat.coreSeconds(cores.server());
    double clientCore = ProcStat.coreSeconds(cores.client());
    HttpResult result = client.run(server, scenario, seconds);
    return new HttpSample(
        server.name(),
        scenario,
        round,
        result,
        server.cpuSeconds().getAsDouble() - process,
        ProcStat.coreSeconds(cores.server()) - serverCore,
        ProcStat.coreSeconds(cores.client()) - clientCore);
  }

  /** Requests per second, the median; 0 if it was not measured. */
  double rate(String server, HttpScenario scenario) {
    List<HttpSample> own = of(server, scenario);
    return own.isEmpty() ? 0 : median(own, s -> s.result().perSecond());
  }

  private List<HttpSample> of(String server, HttpScenario scenario) {
    return samples.stream()
        .filter(s -> s.server().equals(server) && s.scenario().equals(scenario))
        .toList();
  }

  List<HttpSample> samples() {
    return samples;
  }

  /**
   * One table per scenario.
   *
   * @param absent servers that could not be started, and why
   */
  List<Table> tables(Map<String, String> absent) {
    return scenarios.stream().map(scenario -> table(scenario, absent)).toList();
  }

  private Table table(HttpScenario scenario, Map<String, String> absent) {
    Table table =
        new Table(
            "Web servers under " + client.name() + ", " + scenario.title(),
            List.of(
                "server",
                "requests/s",
                "CPU us/request",
                "core us/request",
                "client core",
                "p50 us",
                "p90",
                "p99",
                "p99.9",
                "max",
                "errors"));
    for (String server : samples.stream().map(HttpSample::server).distinct().toList()) {
      List<HttpSample> own = of(server, scenario);
      if (own.isEmpty()) {
        table.row(List.of(server, "not measured: its client failed"));
        continue;
      }
      table.row(
          List.of(
              server,
              format("%.0f", own, s -> s.result().perSecond()),
              format("%.2f", own, HttpSample::serverMicros),
              format("%.2f", own, HttpSample::coreMicros),
              format("%.0f %%", own, s -> 100 * s.clientBusy()),
              format("%.0f", own, s -> s.result().micros().p50()),
              format("%.0f", own, s -> s.result().micros().p90()),
              format("%.0f", own, s -> s.result().micros().p99()),
              format("%.0f", own, s -> s.result().micros().p999()),
              format("%.0f", own, s -> s.result().micros().max()),
              String.valueOf(own.stream().mapToLong(s -> s.result().errors()).sum())));
    }
    absent.forEach((name, why) -> table.row(List.of(name, "not measured: " + why)));
    return table;
  }

  private static String format(
      String format, List<HttpSample> samples, ToDoubleFunction<HttpSample> value) {
    return String.format(Locale.ROOT, format, median(samples, value));
  }

  private static double median(List<HttpSample> samples, ToDoubleFunction<HttpSample> value) {
    return Results.median(samples.stream().mapToDouble(value).boxed().toList());
  }
}
