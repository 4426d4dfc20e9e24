package io.millrace.testkit.script;

/** A script uses a part of the language that this runner does not have yet: it is skipped. */
public final class UnsupportedScriptException extends ScriptException {
  private static final long serialVersionUID = 1;

  UnsupportedScriptException(int line, String message) {
    super(line, message);
  }
}
