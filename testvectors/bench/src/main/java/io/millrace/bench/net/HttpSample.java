package io.millrace.bench.net;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One round of one server under one load.
 *
 * @param result what the client has seen
 * @param serverSeconds CPU time of the server's process
 * @param serverCoreSeconds busy time of the server's core: the same, interrupts, and whoever else
 *     was there
 * @param clientCoreSeconds busy time of the client's core
 */
record HttpSample(
    String server,
    HttpScenario scenario,
    int round,
    HttpResult result,
    double serverSeconds,
    double serverCoreSeconds,
    double clientCoreSeconds) {
  /** Microseconds of the server's process per request. */
  double serverMicros() {
    return serverSeconds * 1e6 / result.requests();
  }

  /** Microseconds that the server's core was busy per request. */
  double coreMicros() {
    return serverCoreSeconds * 1e6 / result.requests();
  }

  /** Which share of the time the client's core was busy. */
  double clientBusy() {
    return clientCoreSeconds / result.seconds();
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("server", server);
    map.put("connections", scenario.connections());
    map.put("close", scenario.close());
    map.put("round", round);
    map.put("requests", result.requests());
    map.put("seconds", result.seconds());
    map.put("errors", result.errors());
    map.put("latency_us", result.micros().toMap());
    map.put("server_cpu_seconds", serverSeconds);
    map.put("server_core_busy_seconds", serverCoreSeconds);
    map.put("client_core_busy_seconds", clientCoreSeconds);
    return map;
  }
}
