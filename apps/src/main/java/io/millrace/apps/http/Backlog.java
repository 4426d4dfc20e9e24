package io.millrace.apps.http;

import io.millrace.buf.Buffer;
import java.util.ArrayDeque;

/**
 * What has arrived on a connection while a response was waiting, in the memory that it arrived in.
 * It is bounded by the window that the peer was offered, which these bytes count against.
 */
final class Backlog {
  private final ArrayDeque<Buffer> buffers = new ArrayDeque<>(0);

  /** So much of the first one is used. */
  private int used;

  boolean isEmpty() {
    return buffers.isEmpty();
  }

  /** Keeps what is behind the first {@code alreadyUsed} bytes. */
  void add(Buffer data, int alreadyUsed) {
    if (buffers.isEmpty()) {
      used = alreadyUsed;
    }
    data.retain();
    buffers.add(data);
  }

  /** Where the first unused byte is. */
  long address() {
    return buffers.peek().address() + used;
  }

  /** How many there are in one piece. */
  int length() {
    return buffers.peek().length() - used;
  }

  /** So many of them are done with; there may be nothing left by now. */
  void use(int count) {
    if (buffers.isEmpty()) {
      return;
    }
    used += count;
    if (used == buffers.peek().length()) {
      used = 0;
      buffers.remove().release();
    }
  }

  void clear() {
    while (!buffers.isEmpty()) {
      buffers.remove().release();
    }
  }
}
