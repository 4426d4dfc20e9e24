package io.millrace.tcp.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory for the slots of send queues, taken in blocks as more connections than ever before have
 * data outstanding at once. A slot stays with its pooled queue.
 */
final class SmallSends implements AutoCloseable {
  /**
   * Bytes of a slot: a request or an answer, not a document. An odd number of cache lines, so that
   * slots do not compete for the same sets of a cache.
   */
  static final int SLOT = 9 * 64;

  private static final int SLOTS_PER_BLOCK = 256;

  private final Arena arena = Arena.ofShared();
  private long next;
  private int left;

  /** A new queue with a slot of its own. */
  SendQueue newQueue() {
    if (left == 0) {
      MemorySegment block = arena.allocate((long) SLOT * SLOTS_PER_BLOCK, 64);
      next = block.address();
      left = SLOTS_PER_BLOCK;
    }
    long slot = next;
    next += SLOT;
    left--;
    return new SendQueue(slot);
  }

  @Override
  public void close() {
    arena.close();
  }
}
