package io.millrace.tcp;

/** Why a connection ended. */
public enum TcpCloseReason {
  /** Both sides closed. */
  NORMAL("closed by both sides"),
  /** The peer reset it. */
  RESET("reset by the peer"),
  /** The peer refused it. */
  REFUSED("refused: nobody listens there"),
  /** The peer did not answer. */
  TIMED_OUT("timed out: no answer"),
  /** The network says that the peer cannot be reached, or there is no route. */
  UNREACHABLE("unreachable"),
  /** Our application aborted it. */
  ABORTED("aborted by this side"),
  /** The stack was closed. */
  STACK_CLOSED("the stack was closed");

  private final String text;

  TcpCloseReason(String text) {
    this.text = text;
  }

  /** The reason in words. */
  public String text() {
    return text;
  }
}
