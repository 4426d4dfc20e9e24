package io.millrace.script;

/** The stack did not do what the script says; ends the run. */
public final class ScriptFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int line;

  /** Says what, and in which line. */
  public ScriptFailure(int line, String message) {
    super(message);
    this.line = line;
  }

  /** The line, from 1. */
  public int line() {
    return line;
  }
}
