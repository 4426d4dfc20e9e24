package io.millrace.spi;

/**
 * A port could not be opened, or an option of its name is not understood. The message is one
 * sentence for a person.
 */
public final class PortException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates it with the sentence. */
  public PortException(String message) {
    super(message);
  }

  /** Creates it with the sentence and what lies behind it. */
  public PortException(String message, Throwable cause) {
    super(message, cause);
  }
}
