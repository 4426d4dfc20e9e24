package io.millrace.script.python;

/** An assertion of a script does not hold. */
public final class AssertionFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int line;

  AssertionFailure(int line, String message) {
    super(message);
    this.line = line;
  }

  /** The line in the code, from 0. */
  public int line() {
    return line;
  }
}
