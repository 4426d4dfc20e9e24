package io.millrace.tcp.engine;

/** What a sender is recovering from. */
enum Recovery {
  /** Nothing. */
  NONE,
  /** A loss that duplicate or selective acknowledgments showed (RFC 6582, RFC 6675). */
  FAST,
  /**
   * A retransmission timeout: all that was outstanding is sent again in slow start (RFC 5681 §3.1).
   */
  TIMEOUT
}
