package io.millrace.kernel;

/** Who owns a channel: a key's attachment. */
interface Selectable {
  /**
   * The channel is ready. Does not throw what an application throws.
   *
   * @param operations the bits of {@link java.nio.channels.SelectionKey}
   */
  void ready(int operations, long now);
}
