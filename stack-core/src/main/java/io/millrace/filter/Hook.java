package io.millrace.filter;

/**
 * Where on a packet's way a {@link PacketFilter} is asked.
 *
 * <pre>
 *   in -- PRE_ROUTING --+-- LOCAL_IN -- transports -- LOCAL_OUT --+-- POST_ROUTING -- out
 *                       +----------------- FORWARD ---------------+
 * </pre>
 */
public final class Hook {
  /** A datagram or fragment just received and validated, before its destination is looked at. */
  public static final int PRE_ROUTING = 0;

  /** A whole datagram for us, before its transport. */
  public static final int LOCAL_IN = 1;

  /** A datagram or fragment for somebody else, its next hop known and its hop limit still old. */
  public static final int FORWARD = 2;

  /** A datagram or fragment of ours. */
  public static final int LOCAL_OUT = 3;

  /** A datagram or fragment about to leave, ours or not. */
  public static final int POST_ROUTING = 4;

  private Hook() {}
}
