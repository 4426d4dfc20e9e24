package io.millrace.apps;

import io.millrace.apps.http.HttpLoop;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures the web server over a wire in memory; {@code ./millrace bench http} runs it. */
@Command(
    name = "bench-http",
    hidden = true,
    description = {
      "Measures the web server and its clients on a wire in memory, turned by one thread:",
      "keep-alive, a small page, checksums computed and verified in software."
    })
final class HttpBenchCommand implements Callable<Integer> {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int TURNS = 64;

  @Spec private CommandSpec spec;

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "64",
      description = "Connections, with one round of requests outstanding on each. Default: 64")
  private int connections;

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      defaultValue = "128",
      description = "The length of the page. Default: 128")
  private int size;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "1",
      description = "The length of a round, of which there are five; the median counts. Default: 1")
  private double seconds;

  @Override
  public Integer call() throws IOException {
    if (connections < 1 || connections > 10_000 || size < 1 || size > 1 << 20) {
      throw new Failure("--connections takes 1 to 10000, --size 1 to 1048576");
    }
    PrintWriter out = spec.commandLine().getOut();
    row(out, 1);
    row(out, 16);
    return 0;
  }

  private void row(PrintWriter out, int pipelined) throws IOException {
    try (HttpLoop loop = new HttpLoop(new byte[size], connections, pipelined, System::nanoTime)) {
      round(loop, 3 * seconds);
      double[] rates = new double[5];
      for (int i = 0; i < rates.length; i++) {
        rates[i] = round(loop, seconds);
      }
      Arrays.sort(rates);
      double rate = rates[rates.length / 2];
      out.printf(
          Locale.ROOT,
          "%d connections, %2d requests in a segment  %6.3f M requests/s per core with their"
              + " clients, %6.3f M/s without%n",
          connections,
          pipelined,
          rate / 1e6,
          rate / loop.serversShare() / 1e6);
    }
  }

  /** Responses per second of this thread's CPU time. */
  private static double round(HttpLoop loop, double seconds) {
    long before = loop.responses();
    long cpu = THREADS.getCurrentThreadCpuTime();
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (System.nanoTime() < end) {
      for (int i = 0; i < TURNS; i++) {
        loop.turn();
      }
    }
    return (loop.responses() - before) * 1e9 / (THREADS.getCurrentThreadCpuTime() - cpu);
  }
}
