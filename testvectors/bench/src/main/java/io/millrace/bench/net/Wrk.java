package io.millrace.bench.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The load generator wrk, one thread of it, in the clients' namespace. */
final class Wrk implements HttpClient {
  /** What a script does at the end costs the run nothing. */
  private static final String SCRIPT =
      """
      done = function(summary, latency, requests)
        local e = summary.errors
        io.write(string.format("\\nresult requests=%d micros=%d errors=%d",
          summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout))
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
    return HttpResult.parse(Tool.run(lab.atClient(command)));
  }
}
