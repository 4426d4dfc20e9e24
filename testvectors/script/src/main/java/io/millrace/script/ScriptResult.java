package io.millrace.script;

import java.util.List;

/**
 * What became of a script.
 *
 * @param outcome passed, failed or skipped
 * @param line the line that failed or is not supported; 0 if none
 * @param reason why it failed or was skipped, perhaps over several lines; empty if it passed
 * @param nanos the virtual time that it took
 * @param exchange the packets and calls, one a line, in the order in which they happened
 */
public record ScriptResult(
    Outcome outcome, int line, String reason, long nanos, List<String> exchange) {
  /** Copies the list. */
  public ScriptResult {
    exchange = List.copyOf(exchange);
  }

  /** How it ended. */
  public enum Outcome {
    /** All that the script expects happened. */
    PASS,
    /** Something did not, or the script is wrong. */
    FAIL,
    /** The script needs what is not there. */
    SKIP
  }

  /** One line for a table: {@code PASS name (virtual ms)}, {@code FAIL name:line reason}. */
  public String summary(String name) {
    return switch (outcome) {
      case PASS -> "PASS " + name + " (" + nanos / 1_000_000 + " ms)";
      case FAIL -> "FAIL " + name + ":" + line + " " + reason;
      case SKIP -> "SKIP " + name + " " + reason;
    };
  }
}
