package io.millrace.apps;

import io.millrace.spi.PortException;

/** A command cannot do what it was asked; the message is one sentence for a person. */
public final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates it with the sentence. */
  public Failure(String message) {
    super(message);
  }

  /** Creates it with the sentence and what lies behind it. */
  public Failure(String message, Throwable cause) {
    super(message, cause);
  }

  /** Whether the message of {@code e} says it all. */
  static boolean isExpected(Throwable e) {
    return e instanceof Failure || e instanceof PortException;
  }
}
