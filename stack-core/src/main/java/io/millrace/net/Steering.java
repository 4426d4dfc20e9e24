package io.millrace.net;

import io.millrace.flow.Toeplitz;
import io.millrace.ip.Ipv6Scope;

/**
 * Which shard a flow belongs to: the receive hash of the port that it comes in by says so, or,
 * where nobody knows that, a keyed hash of the stack's own. Immutable; each shard asks its own.
 */
public final class Steering {
  private final Toeplitz[] hashes;
  private final int shards;

  /** One hash per interface, in their order. */
  Steering(Toeplitz[] hashes, int shards) {
    this.hashes = hashes;
    this.shards = shards;
  }

  /**
   * The shard of the flow that packets with these addresses and ports belong to, as they are
   * received.
   *
   * @param ports the peer's port in the high 16 bits, ours in the low 16
   */
  public int owner(
      int interfaceIndex, long remoteHi, long remoteLo, long localHi, long localLo, int ports) {
    if (shards == 1) {
      return 0;
    }
    Toeplitz hash = hashes[interfaceIndex];
    // The device knows of no zones.
    long theirs = Ipv6Scope.onWire(remoteHi);
    long ours = Ipv6Scope.onWire(localHi);
    int queue = hash.queue(hash.hash(theirs, remoteLo, ours, localLo, ports));
    return queue < shards ? queue : queue % shards;
  }
}
