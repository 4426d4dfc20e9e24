package io.millrace.bench.net;

import io.millrace.bench.net.client.LoadMain;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The load generator on the stack itself, in a program of its own. */
final class OwnClient implements AutoCloseable {
  private final Process process;
  private final BufferedReader in;
  private final PrintWriter out;

  private OwnClient(Process process) {
    this.process = process;
    in = process.inputReader(StandardCharsets.UTF_8);
    out = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
  }

  /**
   * Starts it.
   *
   * @param options of {@link LoadMain}
   * @param wrapper puts the command line where it belongs
   */
  static OwnClient start(List<String> options, Wrapper wrapper) {
    List<String> command = new ArrayList<>(WebServers.ownJava());
    command.add(LoadMain.class.getName());
    command.addAll(options);
    OwnClient client;
    try {
      client =
          new OwnClient(
              new ProcessBuilder(wrapper.wrap(command))
                  .redirectError(ProcessBuilder.Redirect.INHERIT)
                  .start());
    } catch (IOException e) {
      throw new BenchException("the load generator cannot be started: " + e.getMessage(), e);
    }
    client.expect("ready");
    return client;
  }

  /** Adds what a command line needs in front. */
  @FunctionalInterface
  interface Wrapper {
    List<String> wrap(List<String> command);
  }

  private String expect(String start) {
    try {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith(start)) {
          return line;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the load generator cannot be heard", e);
    }
    throw new BenchException("the load generator has ended");
  }

  long pid() {
    return process.pid();
  }

  HttpResult run(WebServer server, HttpScenario scenario, double seconds) {
    URI url = URI.create(server.url());
    out.printf(
        Locale.ROOT,
        "%s %d %s %d %b %f%n",
        url.getHost(),
        url.getPort() < 0 ? 80 : url.getPort(),
        url.getPath(),
        scenario.connections(),
        scenario.close(),
        seconds);
    return HttpResult.parse(expect("result "));
  }

  @Override
  public void close() {
    out.close(); // its input ends, and so does it
    try {
      if (!process.waitFor(3, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
