package io.millrace.bench.net;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** The line {@code result NAME=NUMBER ...} by which the programs of a benchmark say how it went. */
final class Results {
  private static final String START = "result ";

  private Results() {}

  /**
   * Finds the line in a program's output.
   *
   * @throws BenchException if there is none
   */
  static Map<String, Double> parse(String output) {
    for (String line : output.split("\n", -1)) {
      if (line.startsWith(START)) {
        Map<String, Double> values = new LinkedHashMap<>();
        for (String pair : line.substring(START.length()).strip().split(" ", -1)) {
          int equals = pair.indexOf('=');
          values.put(pair.substring(0, equals), Double.parseDouble(pair.substring(equals + 1)));
        }
        return values;
      }
    }
    throw new BenchException("a program did not say what it measured: " + output.strip());
  }

  /** The middle one. */
  static double median(Collection<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
