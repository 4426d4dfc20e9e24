package io.millrace.bench;

import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** The JMH benchmarks of the core's parts: checksum, flow table, timer wheel, header parsing. */
final class Micro {
  private Micro() {}

  static List<Row> run(double seconds, int rounds) {
    TimeValue time = TimeValue.milliseconds((long) (seconds * 1000));
    try {
      List<Row> rows = new ArrayList<>();
      for (RunResult result :
          new Runner(
                  new OptionsBuilder()
                      .include("io\\.millrace\\.bench\\.micro\\..*")
                      .forks(1)
                      .warmupIterations(3)
                      .warmupTime(time)
                      .measurementIterations(rounds)
                      .measurementTime(time)
                      .build())
              .run()) {
        rows.add(row(result));
      }
      return rows;
    } catch (RunnerException e) {
      throw new IllegalStateException("JMH could not run: " + e.getMessage(), e);
    }
  }

  private static Row row(RunResult result) {
    StringBuilder name = new StringBuilder(result.getParams().getBenchmark());
    name.delete(0, name.indexOf(".micro.") + ".micro.".length());
    for (String key : result.getParams().getParamsKeys()) {
      name.append(' ').append(key).append('=').append(result.getParams().getParam(key));
    }
    return new Row(
        name.toString(),
        result.getPrimaryResult().getScore(),
        result.getPrimaryResult().getScoreUnit(),
        String.format("± %.1f", result.getPrimaryResult().getScoreError()));
  }
}
