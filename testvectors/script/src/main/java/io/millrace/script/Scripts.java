package io.millrace.script;

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
 *   return Scripts.in(Path.of("scripts"), RunOptions.of(Profile.NEUTRAL));
 * }
 * }</pre>
 */
public final class Scripts {
  private Scripts() {}

  /**
   * One test for each {@code .pkt} file in a folder and below, or for the one file. A script that
   * needs what is not there shows as skipped.
   *
   * @throws UncheckedIOException if the folder cannot be read
   * @throws IllegalArgumentException if there is no script in it
   */
  public static Stream<DynamicTest> in(Path path, RunOptions options) {
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
                  name, script.toUri(), () -> judge(name, ScriptRunner.run(script, options)));
            });
  }

  /** A test of one script that is not in a file. */
  public static DynamicTest of(String name, String text, RunOptions options) {
    return DynamicTest.dynamicTest(
        name,
        () -> {
          ScriptResult result = ScriptRunner.run(text, options);
          judge(name, result.outcome() == ScriptResult.Outcome.FAIL ? shown(result, text) : result);
        });
  }

  private static ScriptResult shown(ScriptResult result, String text) {
    return new ScriptResult(
        result.outcome(),
        result.line(),
        result.reason() + "\n\n" + text,
        result.nanos(),
        result.exchange());
  }

  /**
   * The script files in a folder and below, in order; a file is itself.
   *
   * @throws UncheckedIOException if the folder cannot be read
   */
  static List<Path> list(Path path) {
    if (Files.isRegularFile(path)) {
      return List.of(path);
    }
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
