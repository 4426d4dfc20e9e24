package io.millrace.script.language;

/** A script is wrong: where, and what was expected there. */
public final class ScriptException extends Exception {
  private static final long serialVersionUID = 1;

  private final int line;
  private final int column;

  /**
   * Says that a script is wrong.
   *
   * @param line the line, from 1
   * @param column the column, from 1; 0 if it is the line as a whole
   */
  public ScriptException(int line, int column, String message) {
    super(message);
    this.line = line;
    this.column = column;
  }

  /** The line, from 1. */
  public int line() {
    return line;
  }

  /** The column, from 1; 0 if it is the line as a whole. */
  public int column() {
    return column;
  }
}
