package io.millrace.testkit.script;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

/**
 * The scripts of a folder as tests:
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicTest> scripts() {
 *   return Scripts.in(Path.of("scripts"), MyHost::new);
 * }
 * }</pre>
 */
public final class Scripts {
  private Scripts() {}

  /**
   * One test for each {@code .pkt} file in a folder and below, or for the one file. A script that
   * is not supported shows as skipped.
   *
   * @throws UncheckedIOException if the folder cannot be read
   * @throws IllegalArgumentException if there is no script in it
   */
  public static Stream<DynamicTest> in(Path path, ScriptHost.Factory factory) {
    return in(path, factory, Profile.NEUTRAL);
  }

  /** The same with another profile. */
  public static Stream<DynamicTest> in(Path path, ScriptHost.Factory factory, Profile profile) {
    List<Path> scripts = list(path);
    if (scripts.isEmpty()) {
      throw new IllegalArgumentException("there is no .pkt file in " + path);
    }
    return scripts.stream()
        .map(
            script -> {
              String name =
                  path.equals(script) ? script.toString() : path.relativize(script).toString();
              return DynamicTest.dynamicTest(
                  name, script.toUri(), () -> judge(name, run(script, factory, profile)));
            });
  }

  /** Runs one script file. */
  public static ScriptResult run(Path script, ScriptHost.Factory factory, Profile profile) {
    try {
      return ScriptRunner.run(Files.readString(script), factory, profile);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> list(Path path) {
    try (Stream<Path> files = Files.walk(path)) {
      return files.filter(file -> file.toString().endsWith(".pkt")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void judge(String name, ScriptResult result) {
    switch (result.outcome()) {
      case PASS -> {}
      case SKIP -> Assumptions.abort(result.summary(name));
      case FAIL ->
          Assertions.fail(
              result.summary(name) + "\n\n" + String.join("\n", result.exchange()) + "\n");
    }
  }
}
