package io.millrace.tcp.engine;

/** Why a connection ended. */
public enum CloseCause {
  /** Both sides closed. */
  NORMAL,
  /** The peer reset it. */
  RESET,
  /** The peer refused it: a reset in answer to our SYN. */
  REFUSED,
  /** No answer. */
  TIMED_OUT,
  /** No answer, and the network said that the peer cannot be reached. */
  UNREACHABLE,
  /** Our side aborted it. */
  ABORTED
}
