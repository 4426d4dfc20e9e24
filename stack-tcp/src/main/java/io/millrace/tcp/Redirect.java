package io.millrace.tcp;

import io.millrace.flow.Flow;

/**
 * Stands in the flow table of the shard that a connection's packets hash to, for a connection that
 * lives on another one. It goes when that shard says that the connection, TIME-WAIT included, is
 * gone.
 */
final class Redirect extends Flow {
  private final int target;

  /** Counts as a connection that this shard has placed; false once it is over. */
  boolean counted;

  Redirect(
      long localHi,
      long localLo,
      long remoteHi,
      long remoteLo,
      int ports,
      int target,
      boolean counted) {
    super(localHi, localLo, remoteHi, remoteLo, ports);
    this.target = target;
    this.counted = counted;
  }

  /** The shard that the connection lives on. */
  int target() {
    return target;
  }
}
