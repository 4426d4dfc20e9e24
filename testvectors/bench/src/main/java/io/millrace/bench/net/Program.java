package io.millrace.bench.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that runs beside this one, with its output in a file. */
final class Program implements AutoCloseable {
  private final Process process;
  private final Path log;

  private Program(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  static Program start(List<String> command, Path log) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      return new Program(process, log);
    } catch (IOException e) {
      throw new BenchException(
          "'" + String.join(" ", command) + "' cannot be run: " + e.getMessage(), e);
    }
  }

  /** Its own process id: what stands in front of its command line replaces itself by it. */
  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** The end of what it said, for a sentence about why it failed. */
  String lastWords() {
    try {
      List<String> lines = Files.readString(log).lines().filter(line -> !line.isBlank()).toList();
      return lines.isEmpty()
          ? "it said nothing"
          : String.join(" / ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
    } catch (IOException e) {
      return "what it said cannot be read: " + e.getMessage();
    }
  }

  /**
   * Waits until it says something.
   *
   * @throws BenchException if it ends before, or says nothing of the kind for half a minute
   */
  void await(String words) throws InterruptedException {
    for (int i = 0; i < 300 && isAlive(); i++) {
      try {
        if (Files.readString(log).contains(words)) {
          return;
        }
      } catch (IOException e) {
        throw new BenchException(log + " cannot be read: " + e.getMessage(), e);
      }
      Thread.sleep(100);
    }
    throw new BenchException("a program does not start: " + lastWords());
  }

  /** Takes the CPU from it until {@link #resume()}. */
  void pause() {
    Tool.run("kill", "-STOP", Long.toString(pid()));
  }

  /** Gives it back. */
  void resume() {
    Tool.run("kill", "-CONT", Long.toString(pid()));
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      Tool.tryRun(List.of("kill", "-CONT", Long.toString(pid())));
    }
    process.destroy();
    try {
      if (!process.waitFor(3, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
