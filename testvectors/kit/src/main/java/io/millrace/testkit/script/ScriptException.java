package io.millrace.testkit.script;

/** A script is wrong, with the line that is. */
public sealed class ScriptException extends Exception permits UnsupportedScriptException {
  private static final long serialVersionUID = 1;

  private final int line;

  ScriptException(int line, String message) {
    super(message);
    this.line = line;
  }

  /** The line, from 1. */
  public int line() {
    return line;
  }
}
