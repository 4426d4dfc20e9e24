package io.millrace.bench.net;

import java.util.LinkedHashMap;
import java.util.Map;

/** Percentiles of a latency, in microseconds. */
record Percentiles(double p50, double p90, double p99, double p999, double max) {
  /**
   * Takes them from a program's results.
   *
   * @param perMicro how many of its units make a microsecond
   */
  static Percentiles of(Map<String, Double> values, double perMicro) {
    return new Percentiles(
        values.get("p50") / perMicro,
        values.get("p90") / perMicro,
        values.get("p99") / perMicro,
        values.get("p999") / perMicro,
        values.get("max") / perMicro);
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("p50", p50);
    map.put("p90", p90);
    map.put("p99", p99);
    map.put("p99.9", p999);
    map.put("max", max);
    return map;
  }
}
