package io.millrace.apps.http;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory for request heads that arrive in pieces: a bounded number of blocks of {@link
 * RequestHead#MAX_SIZE} bytes, made as they are needed and used again. <b>Thread:</b> the shard's.
 */
final class HeadBlocks {
  private final List<MemorySegment> free = new ArrayList<>();
  private final int most;
  private int made;

  HeadBlocks(int most) {
    this.most = most;
  }

  /** A block of the caller's own, or null if all are in use. */
  MemorySegment take() {
    if (!free.isEmpty()) {
      return free.removeLast();
    }
    if (made == most) {
      return null;
    }
    made++;
    return Arena.ofAuto().allocate(RequestHead.MAX_SIZE, 8);
  }

  /** Takes a block back. */
  void give(MemorySegment block) {
    free.add(block);
  }

  int inUse() {
    return made - free.size();
  }
}
