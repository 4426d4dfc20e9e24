package io.millrace.testkit.script;

/** The stack did not do what the script says; ends the run. */
final class ScriptFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int line;

  ScriptFailure(int line, String message) {
    super(message);
    this.line = line;
  }

  int line() {
    return line;
  }
}
