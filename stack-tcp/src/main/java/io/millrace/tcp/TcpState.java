package io.millrace.tcp;

/** The states of a connection (RFC 9293 §3.3.2), each with the states that may follow it. */
public enum TcpState {
  /** No connection. */
  CLOSED,
  /** A SYN was sent. */
  SYN_SENT,
  /** A SYN was received and answered. */
  SYN_RECEIVED,
  /** Data flows. */
  ESTABLISHED,
  /** We closed first; our FIN is not acknowledged. */
  FIN_WAIT_1,
  /** We closed first; waiting for the peer's FIN. */
  FIN_WAIT_2,
  /** The peer closed first; waiting for our application. */
  CLOSE_WAIT,
  /** Both closed at once; our FIN is not acknowledged. */
  CLOSING,
  /** The peer closed first, we too; our FIN is not acknowledged. */
  LAST_ACK,
  /** Both closed; waiting until old segments have left the network. */
  TIME_WAIT;

  /** Whether {@code next} may follow this state (RFC 9293 §3.3.2, figure 5); CLOSED may always. */
  public boolean mayBecome(TcpState next) {
    return next == CLOSED
        || switch (this) {
          case CLOSED -> next == SYN_SENT || next == SYN_RECEIVED || next == ESTABLISHED;
          case SYN_SENT -> next == SYN_RECEIVED || next == ESTABLISHED;
          case SYN_RECEIVED -> next == ESTABLISHED || next == FIN_WAIT_1 || next == CLOSE_WAIT;
          case ESTABLISHED -> next == FIN_WAIT_1 || next == CLOSE_WAIT;
          case FIN_WAIT_1 -> next == FIN_WAIT_2 || next == CLOSING || next == TIME_WAIT;
          case FIN_WAIT_2, CLOSING -> next == TIME_WAIT;
          case CLOSE_WAIT -> next == LAST_ACK;
          case LAST_ACK, TIME_WAIT -> false;
        };
  }

  /** Whether both SYNs have been acknowledged: ESTABLISHED and everything after it. */
  public boolean isSynchronized() {
    return ordinal() >= ESTABLISHED.ordinal();
  }

  /** Whether the peer may still send data: its FIN has not come. */
  public boolean mayReceive() {
    return this == ESTABLISHED || this == FIN_WAIT_1 || this == FIN_WAIT_2;
  }

  /** Whether we may still send data: we have not closed. */
  public boolean maySend() {
    return this == ESTABLISHED || this == CLOSE_WAIT;
  }
}
