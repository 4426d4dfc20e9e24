package io.millrace.udp;

/** There is no route to a destination; the message names it. */
public final class NoRouteException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** Creates it with the sentence. */
  public NoRouteException(String message) {
    super(message);
  }
}
