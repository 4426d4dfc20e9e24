package io.millrace.bench.net;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Programs of the system. */
final class Tool {
  private Tool() {}

  /**
   * Runs a program to its end and returns what it wrote.
   *
   * @throws BenchException if it cannot be run or fails, with what it said
   */
  static String run(String... command) {
    return run(List.of(command));
  }

  /** The same. */
  static String run(List<String> command) {
    Result result = tryRun(command);
    if (result.exit() != 0) {
      throw new BenchException(
          "'" + String.join(" ", command) + "' failed: " + result.output().strip());
    }
    return result.output();
  }

  /** Runs a program to its end, however that is. */
  static Result tryRun(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Result(process.waitFor(), output);
    } catch (IOException e) {
      throw new BenchException("'" + command.getFirst() + "' cannot be run: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while '" + command.getFirst() + "' was running", e);
    }
  }

  /** Whether there is a program of that name. */
  static boolean exists(String program) {
    for (String folder : (System.getenv("PATH") + ":/usr/sbin:/sbin").split(":", -1)) {
      if (new File(folder, program).canExecute()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Sees to it that a program is there, if need be by installing its Debian package.
   *
   * @return whether it is there
   */
  static boolean install(String program, String debianPackage) {
    if (exists(program)) {
      return true;
    }
    if (!exists("apt-get")) {
      return false;
    }
    System.err.println("installing " + debianPackage + " ...");
    // Where nothing may start services, the package's own must not start either.
    tryRun(
        List.of(
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "RUNLEVEL=1",
            "apt-get",
            "install",
            "-y",
            "--no-install-recommends",
            debianPackage));
    return exists(program);
  }

  /**
   * What a program left behind.
   *
   * @param exit its exit code
   * @param output all that it wrote, errors included
   */
  record Result(int exit, String output) {}
}
