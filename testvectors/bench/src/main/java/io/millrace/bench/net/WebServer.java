package io.millrace.bench.net;

import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * A web server that runs.
 *
 * @param name as the tables call it
 * @param link how clients reach it
 * @param url of the page that is asked for
 * @param cpuSeconds CPU time it has used so far
 */
record WebServer(String name, Link link, String url, DoubleSupplier cpuSeconds) {
  /** A server that is a program of its own. */
  static WebServer of(String name, Link link, String url, Program program) {
    return new WebServer(name, link, url, () -> ProcStat.processSeconds(program.pid()));
  }

  /**
   * Waits until it answers.
   *
   * @throws BenchException if it does not
   */
  static void awaitAnswer(Lab lab, String name, String url, Program program)
      throws InterruptedException {
    List<String> probe = lab.atClient(List.of("wrk", "-t1", "-c1", "-d1s", "--timeout", "1s", url));
    for (int i = 0; i < 20 && program.isAlive(); i++) {
      Tool.Result result = Tool.tryRun(probe);
      if (result.exit() == 0
          && !result.output().contains("Non-2xx")
          && !result.output().contains(" 0 requests in")) {
        return;
      }
      Thread.sleep(250);
    }
    throw new BenchException(name + " does not serve: " + program.lastWords());
  }
}
