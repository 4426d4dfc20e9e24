package io.millrace.bench.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The load generator wrk, one thread of it, in the clients' namespace. */
final class Wrk implements HttpClient {
  /** What a script does at the end costs the run nothing. */
  private static final String SCRIPT =
      """
      done = function(summary, latency, requests)
        io.write(string.format(
          "\\nresult requests=%d micros=%d connect=%d read=%d write=%d status=%d timeout=%d",
          summary.requests, summary.duration, summary.errors.connect, summary.errors.read,
          summary.errors.write, summary.errors.status, summary.errors.timeout))
        io.write(string.format(" p50=%d p90=%d p99=%d p999=%d max=%d\\n",
          latency:percentile(50), latency:percentile(90), latency:percentile(99),
          latency:percentile(99.9), latency.max))
      end
      """;

  private final Lab lab;
  private final Path script;

  Wrk(Lab lab) throws IOException {
    this.lab = lab;
    script = Files.writeString(lab.folder().resolve("wrk.lua"), SCRIPT);
  }

  @Override
  public String name() {
    return "wrk";
  }

  @Override
  public HttpResult run(WebServer server, HttpScenario scenario, double seconds) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("wrk", "-t1", "-c" + scenario.connections()));
    // It takes whole seconds only.
    command.add("-d" + Math.max(1, Math.round(seconds)) + "s");
    command.addAll(List.of("--timeout", "5s", "-s", script.toString()));
    if (scenario.close()) {
      command.addAll(List.of("-H", "Connection: close"));
    }
    command.add(server.url());
    return parse(Tool.run(lab.atClient(command)));
  }

  /** Reads the line that the script wrote. */
  static HttpResult parse(String output) {
    Map<String, Long> values = new HashMap<>();
    for (String line : output.split("\n", -1)) {
      if (line.startsWith("result ")) {
        for (String pair : line.substring("result ".length()).split(" ", -1)) {
          int equals = pair.indexOf('=');
          values.put(pair.substring(0, equals), Long.parseLong(pair.substring(equals + 1)));
        }
      }
    }
    if (!values.containsKey("max")) {
      throw new BenchException("wrk did not say what it measured: " + output.strip());
    }
    return new HttpResult(
        values.get("requests"),
        values.get("micros") / 1e6,
        values.get("connect")
            + values.get("read")
            + values.get("write")
            + values.get("status")
            + values.get("timeout"),
        new Percentiles(
            values.get("p50"),
            values.get("p90"),
            values.get("p99"),
            values.get("p999"),
            values.get("max")));
  }
}
