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
}
