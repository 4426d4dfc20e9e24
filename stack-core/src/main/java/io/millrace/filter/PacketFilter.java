package io.millrace.filter;

import io.millrace.buf.Frame;
import io.millrace.net.NetInterface;

/**
 * A network function in the path of one shard's packets. Each shard has its own, so it needs no
 * lock; what several packets have in common lives on one shard only if its receive hash says so.
 *
 * <p>Installed with {@link io.millrace.net.NetStack#filter}. <b>Thread:</b> the shard's. It may not
 * block and should not allocate.
 */
@FunctionalInterface
public interface PacketFilter {
  /**
   * Decides about a packet.
   *
   * <p>{@link Frame#l3Address()} is its network header, validated: header and datagram lie inside
   * the frame, but for what a frame of ours has as its tail. The filter may rewrite it in place and
   * answers for checksums then; it may not change the length.
   *
   * @param frame lent, unless the verdict is {@link Verdict#STEAL}: then it is the filter's, to
   *     release or to give to {@link io.millrace.net.Shard#inject}
   * @param at the interface that the packet came in by at {@link Hook#PRE_ROUTING} and {@link
   *     Hook#LOCAL_IN}, else the one that it leaves through
   * @param hook one of {@link Hook}
   * @param now the shard's time, nanoseconds
   * @return one of {@link Verdict}
   */
  int filter(Frame frame, NetInterface at, int hook, long now);
}
