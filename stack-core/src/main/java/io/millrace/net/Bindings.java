package io.millrace.net;

import org.agrona.collections.Int2IntCounterMap;
import org.agrona.collections.Long2LongHashMap;

/**
 * Which shards have something bound to a port, as one shard knows it: each tells the others what it
 * binds and what it gives up. Asked only about packets that nobody here wants. <b>Thread:</b> the
 * shard's.
 */
public final class Bindings {
  private final Shard self;

  /** Shards, a bit each, by protocol and port. */
  private final Long2LongHashMap shards = new Long2LongHashMap(0);

  /** What this shard has bound, and how often. */
  private final Int2IntCounterMap own = new Int2IntCounterMap(0);

  Bindings(Shard self) {
    this.self = self;
  }

  private static int key(int protocol, int port) {
    return protocol << 16 | port;
  }

  /** Something on this shard is bound to the port; call it once for each. */
  public void bound(int protocol, int port) {
    int key = key(protocol, port);
    if (own.getAndIncrement(key) == 0) {
      tell(key, true);
    }
  }

  /** What {@link #bound} was said of is no longer. */
  public void unbound(int protocol, int port) {
    int key = key(protocol, port);
    if (own.decrementAndGet(key) == 0) {
      tell(key, false);
    }
  }

  private void tell(int key, boolean present) {
    if (self.group().size() == 1) {
      return;
    }
    long bit = 1L << self.index();
    self.group().submitToAll(shard -> shard.bindings().learn(key, bit, present));
  }

  private void learn(int key, long bit, boolean present) {
    long now = shards.get(key);
    long then = present ? now | bit : now & ~bit;
    if (then == 0) {
      shards.remove(key);
    } else {
      shards.put(key, then);
    }
  }

  /**
   * The shards that have the port bound, a bit each; 0 if none has. A stack of one shard knows
   * none.
   */
  public long shardsOf(int protocol, int port) {
    return shards.isEmpty() ? 0 : shards.get(key(protocol, port));
  }

  /** Whether a shard other than this one has the port bound. */
  public boolean isBoundElsewhere(int protocol, int port) {
    return (shardsOf(protocol, port) & ~(1L << self.index())) != 0;
  }

  /**
   * The shard that a packet which nobody wants here should go to: the flow's {@code owner} if that
   * has the port bound, else another that has.
   *
   * @return -1 if no other shard has
   */
  public int choose(int protocol, int port, int owner) {
    long candidates = shardsOf(protocol, port) & ~(1L << self.index());
    if (candidates == 0) {
      return -1;
    }
    return (candidates >>> owner & 1) != 0 ? owner : Long.numberOfTrailingZeros(candidates);
  }
}
