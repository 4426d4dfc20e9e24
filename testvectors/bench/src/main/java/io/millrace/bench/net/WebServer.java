package io.millrace.bench.net;

import java.util.List;

/**
 * A web server that runs.
 *
 * @param name as the tables call it
 * @param url of the page that is asked for, seen from the clients' namespace
 * @param program where it runs
 */
record WebServer(String name, String url, Program program) {
  /** CPU seconds it has used so far. */
  double cpuSeconds() {
    return ProcStat.processSeconds(program.pid());
  }

  /**
   * Waits until it answers.
   *
   * @throws BenchException if it does not
   */
  void awaitReady(Lab lab) throws InterruptedException {
    List<String> probe = lab.atClient(List.of("wrk", "-t1", "-c1", "-d1s", "--timeout", "1s", url));
    for (int i = 0; i < 20; i++) {
      if (!program.isAlive()) {
        break;
      }
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
