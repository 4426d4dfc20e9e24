package io.millrace.link;

import io.millrace.buf.Frame;

/** What a family does for its {@link NeighborTable}: ARP or NDP. <b>Thread:</b> the shard's. */
public interface NeighborResolver {
  /**
   * Sends one solicitation.
   *
   * @param neighbor whom to ask for; if it {@link Neighbor#isResolved() is resolved}, the question
   *     goes to its link address alone, to confirm it, else to all
   */
  void solicit(Neighbor neighbor, long now);

  /**
   * A datagram of ours whose next hop did not answer. The window starts at the network header.
   * Takes ownership, and counts the drop.
   */
  void unreachable(Frame datagram, long now);

  /**
   * A neighbor did not answer, neither when it was asked for nor when it was to be confirmed: if it
   * is a router, another one is to be chosen (RFC 4861 §6.3.6). It may still be in the table, so
   * that nobody asks again at once.
   */
  default void lost(Neighbor neighbor, long now) {}
}
