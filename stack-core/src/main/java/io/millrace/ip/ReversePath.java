package io.millrace.ip;

/** What a router asks of a source address before it forwards (RFC 3704 §2). */
public enum ReversePath {
  /** Nothing. */
  OFF,
  /** That there is a route back to it, whichever way (RFC 3704 §2.4). */
  LOOSE,
  /**
   * That a route back to it leads through the interface it came in by; all equal and worse routes
   * count (RFC 3704 §2.3, feasible paths).
   */
  STRICT
}
