package io.millrace.bench.net;

import java.util.HashMap;
import java.util.Map;

/**
 * What a client has seen.
 *
 * @param requests answered
 * @param seconds that it took
 * @param errors connections and requests that failed
 * @param micros latency in microseconds
 */
record HttpResult(long requests, double seconds, long errors, Percentiles micros) {
  private static final String START = "result ";

  double perSecond() {
    return requests / seconds;
  }

  /**
   * Finds the line {@code result NAME=VALUE ...} in a client's output.
   *
   * @throws BenchException if there is none
   */
  static HttpResult parse(String output) {
    Map<String, Long> values = new HashMap<>();
    for (String line : output.split("\n", -1)) {
      if (line.startsWith(START)) {
        for (String pair : line.substring(START.length()).split(" ", -1)) {
          int equals = pair.indexOf('=');
          values.put(pair.substring(0, equals), Long.parseLong(pair.substring(equals + 1)));
        }
      }
    }
    if (!values.containsKey("max")) {
      throw new BenchException("a client did not say what it measured: " + output.strip());
    }
    return new HttpResult(
        values.get("requests"),
        values.get("micros") / 1e6,
        values.get("errors"),
        new Percentiles(
            values.get("p50"),
            values.get("p90"),
            values.get("p99"),
            values.get("p999"),
            values.get("max")));
  }
}
