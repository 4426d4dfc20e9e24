package io.millrace.bench.net;

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
  double perSecond() {
    return requests / seconds;
  }

  /** Reads what a client said. */
  static HttpResult parse(String output) {
    Map<String, Double> values = Results.parse(output);
    return new HttpResult(
        values.get("requests").longValue(),
        values.get("micros") / 1e6,
        values.get("errors").longValue(),
        Percentiles.of(values, 1));
  }
}
