package io.millrace.futures;

import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import java.util.concurrent.ThreadLocalRandom;

/** Which shard something new is put on. */
final class Shards {
  private Shards() {}

  /** The caller's own, if it is on one of the stack's, else any. */
  static Shard choose(NetStack stack) {
    int count = stack.shardCount();
    for (int i = 0; i < count; i++) {
      if (stack.shard(i).isOwner()) {
        return stack.shard(i);
      }
    }
    return stack.shard(count == 1 ? 0 : ThreadLocalRandom.current().nextInt(count));
  }
}
