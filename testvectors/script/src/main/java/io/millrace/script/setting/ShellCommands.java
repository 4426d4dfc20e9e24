package io.millrace.script.setting;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Understands the shell commands of scripts. None is ever run. */
public final class ShellCommands {
  /** Commands that show, prepare or tidy up what a stack of its own does not have. */
  private static final Set<String> HARMLESS =
      Set.of(
          "true",
          ":",
          "echo",
          "sockstat",
          "ss",
          "netstat",
          "tc",
          "ethtool",
          "kldload",
          "modprobe",
          "set",
          "exit",
          "cat",
          "dmesg",
          "ifconfig",
          "iptables-save",
          "nstat",
          "ulimit",
          "cd");

  private static final Set<String> HARMLESS_SCRIPTS =
      Set.of("defaults.sh", "reset.sh", "set_sysctls.py");

  private final StackSettings settings;

  /** Puts what commands set into {@code settings}. */
  public ShellCommands(StackSettings settings) {
    this.settings = settings;
  }

  /**
   * Reads what stands between two backticks.
   *
   * @throws UnsupportedOperationException if it does what cannot be done to the stack
   */
  public void read(String text) {
    for (String command : text.replace("\\\n", " ").split("[\\n;]|&&|\\|\\|", -1)) {
      List<String> words = words(command);
      if (!words.isEmpty()) {
        command(words, command.strip());
      }
    }
  }

  /** How long a command between events sleeps, in nanoseconds; -1 if it does something else. */
  public static long sleepNanos(String text) {
    String[] words = text.strip().split("\\s+", -1);
    if (words.length != 2 || !words[0].equals("sleep")) {
      return -1;
    }
    try {
      return (long) (Double.parseDouble(words[1]) * 1e9);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** Whether a command between events changes nothing that a stack has. */
  public static boolean isHarmless(String text) {
    return Arrays.stream(text.split("[\\n;]|&&", -1))
        .map(ShellCommands::words)
        .allMatch(words -> words.isEmpty() || HARMLESS.contains(program(words)));
  }

  private static List<String> words(String command) {
    List<String> words = new ArrayList<>();
    for (String word : command.strip().split("\\s+", -1)) {
      if (word.startsWith("#")) {
        break;
      }
      // What is printed is of no interest.
      if (!word.isEmpty() && !word.matches("[0-9]?>>?(&[0-9]|/dev/null)?|/dev/null")) {
        words.add(word.replace("\"", "").replace("'", ""));
      }
    }
    return words;
  }

  private static String program(List<String> words) {
    return words.getFirst().substring(words.getFirst().lastIndexOf('/') + 1);
  }

  private void command(List<String> words, String text) {
    String program = program(words);
    if (HARMLESS.contains(program)) {
      return;
    }
    if (program.equals("sysctl") || HARMLESS_SCRIPTS.contains(program)) {
      settings(words.subList(1, words.size()));
    } else if (program.equals("ip") && words.contains("route")) {
      route(words);
    } else if (!program.equals("sleep")) {
      throw new UnsupportedOperationException(
          "the command '" + text + "' is not one for the stack");
    }
  }

  /** {@code name=value} with the name as sysctl or as the file system has it. */
  private void settings(List<String> words) {
    String last = null;
    for (String word : words) {
      if (word.startsWith("-")) {
        continue;
      }
      int equals = word.indexOf('=');
      if (equals > 0) {
        last = name(word.substring(0, equals));
        settings.set(last, word.substring(equals + 1).replace(',', ' '));
      } else if (last != null) {
        // The values of one setting, with spaces between them.
        settings.set(last, settings.get(last) + " " + word);
      }
    }
  }

  private static String name(String written) {
    return written.startsWith("/proc/sys/")
        ? written.substring("/proc/sys/".length()).replace('/', '.')
        : written;
  }

  /** The attributes of a route, which is the only one there is. */
  private void route(List<String> words) {
    for (int i = 0; i + 1 < words.size(); i++) {
      String value = words.get(i + 1);
      switch (words.get(i)) {
        case "initcwnd",
            "rto_min",
            "advmss",
            "quickack",
            "initrwnd",
            "congctl",
            "features",
            "mtu" ->
            settings.set("route." + words.get(i), value.equals("lock") ? words.get(i + 2) : value);
        default -> {}
      }
    }
  }
}
