package io.millrace.futures;

import io.millrace.tcp.TcpCloseReason;
import java.net.SocketException;

/** An established connection has ended before its time: {@link #reason()} says how. */
public final class ConnectionLostException extends SocketException {
  private static final long serialVersionUID = 1L;

  private final TcpCloseReason reason;

  /** Made by the operations that find the connection lost. */
  public ConnectionLostException(String message, TcpCloseReason reason) {
    super(message);
    this.reason = reason;
  }

  /** How the connection ended: {@code RESET}, {@code TIMED_OUT}, {@code STACK_CLOSED}... */
  public TcpCloseReason reason() {
    return reason;
  }
}
