package io.millrace.testkit.script;

/** What the runner compares, where the RFCs leave stacks a choice. */
public enum Profile {
  /** Ignores the window, PSH, the order of TCP options and their padding; all else is exact. */
  NEUTRAL
}
