package io.millrace.script;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** {@code ./millrace script}: runs the scripts that are named, and says what became of each. */
public final class ScriptMain {
  private static final String USAGE =
      """
      Usage: ./millrace script [OPTION...] FILE|FOLDER...
      Runs packet scripts (.pkt) against the stack, on a virtual clock, without root.
      One line for each script: PASS, FAIL with the line and both packets, or SKIP with the reason.

        --profile NAME      whose choices the scripts expect: linux, freebsd or neutral (default: neutral)
        -D NAME=VALUE       replaces a token of the scripts
        -j N                scripts that run at the same time (default: one for each processor)
        -v                  also prints the packets and calls of each script
        --ip_version=NAME   ipv4, ipv6 or ipv4-mapped-ipv6, where a script does not say (default: ipv4)
        --OPTION[=VALUE]    any other option that scripts have, where a script does not say: --mtu=9000

      Exits with 1 if a script fails, with 2 if there is nothing to run.
      """;

  private final List<Path> scripts = new ArrayList<>();
  private final Map<String, String> options = new HashMap<>();
  private final Map<String, String> tokens = new HashMap<>();
  private Profile profile = Profile.NEUTRAL;
  private boolean verbose;
  private int threads = Runtime.getRuntime().availableProcessors();

  private ScriptMain() {}

  /** What is wrong with the command line, for who wrote it. */
  private static final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
      super(message);
    }
  }

  /** Runs what the command line says, and exits. */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.out, System.err));
  }

  /** The same, but returns the exit status: 0, 1 if a script failed, 2 if nothing could be run. */
  static int run(List<String> arguments, PrintStream out, PrintStream err) {
    if (arguments.contains("--help") || arguments.contains("-h")) {
      out.print(USAGE);
      return 0;
    }
    ScriptMain main = new ScriptMain();
    try {
      main.read(arguments);
    } catch (UsageException e) {
      err.println(e.getMessage());
      err.println("Try: ./millrace script --help");
      return 2;
    }
    return main.play(out);
  }

  private void read(List<String> arguments) {
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      String next = i + 1 < arguments.size() ? arguments.get(i + 1) : "";
      switch (argument) {
        case "-v" -> verbose = true;
        case "-D" -> {
          token(next);
          i++;
        }
        case "-j" -> {
          threads = threads(next);
          i++;
        }
        case "--profile" -> {
          profile = profile(next);
          i++;
        }
        default -> option(argument);
      }
    }
    if (scripts.isEmpty()) {
      throw new UsageException("There is no script to run: name .pkt files, or folders with some.");
    }
  }

  private void option(String argument) {
    if (argument.startsWith("--profile=")) {
      profile = profile(argument.substring("--profile=".length()));
    } else if (argument.startsWith("-D")) {
      token(argument.substring(2));
    } else if (argument.startsWith("--")) {
      String[] parts = argument.substring(2).split("=", 2);
      options.put(parts[0], parts.length == 2 ? parts[1] : "");
    } else if (argument.startsWith("-")) {
      throw new UsageException("There is no option " + argument + ".");
    } else {
      scripts(Path.of(argument));
    }
  }

  private void token(String definition) {
    String[] parts = definition.split("=", 2);
    if (parts.length != 2 || parts[0].isEmpty()) {
      throw new UsageException("-D takes NAME=VALUE, not '" + definition + "'.");
    }
    tokens.put(parts[0], parts[1]);
  }

  private static int threads(String text) {
    try {
      int number = Integer.parseInt(text);
      if (number >= 1 && number <= 1000) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, in the same words.
    }
    throw new UsageException("-j takes a number from 1 to 1000, not '" + text + "'.");
  }

  private static Profile profile(String name) {
    for (Profile each : Profile.values()) {
      if (each.name().toLowerCase(Locale.ROOT).equals(name)) {
        return each;
      }
    }
    throw new UsageException(
        "There is no profile '" + name + "'; there are linux, freebsd and neutral.");
  }

  private void scripts(Path path) {
    if (!Files.exists(path)) {
      throw new UsageException("There is no file or folder " + path + ".");
    }
    List<Path> found;
    try {
      found = Scripts.list(path);
    } catch (UncheckedIOException e) {
      throw new UsageException(path + " cannot be read: " + e.getCause().getMessage());
    }
    if (found.isEmpty()) {
      throw new UsageException("There is no .pkt file in " + path + ".");
    }
    scripts.addAll(found);
  }

  /** Runs the scripts side by side and tells of them in order. */
  private int play(PrintStream out) {
    RunOptions run = new RunOptions(profile, options, tokens);
    int[] counts = new int[ScriptResult.Outcome.values().length];
    try (ExecutorService pool = Executors.newFixedThreadPool(Math.min(threads, scripts.size()))) {
      List<Future<ScriptResult>> results = new ArrayList<>();
      scripts.forEach(script -> results.add(pool.submit(() -> verdict(script, run))));
      for (int i = 0; i < results.size(); i++) {
        ScriptResult result = results.get(i).get();
        counts[result.outcome().ordinal()]++;
        out.println(result.summary(scripts.get(i).toString()));
        if (verbose) {
          result.exchange().forEach(line -> out.println("    " + line));
        }
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a script has ended the runner", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 2;
    }
    out.println(counts[0] + " passed, " + counts[1] + " failed, " + counts[2] + " skipped");
    return counts[1] == 0 ? 0 : 1;
  }

  /** Whatever a script is, there is a verdict. */
  private static ScriptResult verdict(Path script, RunOptions options) {
    try {
      return ScriptRunner.run(script, options);
    } catch (IOException e) {
      return new ScriptResult(
          ScriptResult.Outcome.FAIL, 0, "the file cannot be read: " + e.getMessage(), 0, List.of());
    } catch (StackOverflowError | OutOfMemoryError e) {
      return new ScriptResult(
          ScriptResult.Outcome.FAIL, 0, "the script asks for too much: " + e, 0, List.of());
    }
  }
}
