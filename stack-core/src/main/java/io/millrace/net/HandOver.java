package io.millrace.net;

import io.millrace.buf.Frame;

/**
 * What one shard writes on a packet that it gives to another: a lane's tag of 12 bits.
 *
 * <pre>
 *   11            5    4      3       2      1   0
 *  +---------------+------+-------+-------+-------+
 *  | interface     | REAS | BCAST | GROUP | kind  |
 *  +---------------+------+-------+-------+-------+
 * </pre>
 */
final class HandOver {
  /** A received packet from its network header on. */
  static final int INPUT = 0;

  /** A received packet of address resolution. */
  static final int RESOLUTION = 1;

  /** A frame to be sent, from its link header on. */
  static final int TRANSMIT = 2;

  /** Interfaces of a stack with more than one shard. */
  static final int MAX_INTERFACES = 128;

  private static final int KIND = 3;
  private static final int GROUP = 4;
  private static final int BROADCAST = 8;
  private static final int REASSEMBLED = 16;
  private static final int INTERFACE_SHIFT = 5;

  private HandOver() {}

  static int input(Frame frame) {
    return INPUT | received(frame);
  }

  static int resolution(Frame frame) {
    return RESOLUTION | received(frame);
  }

  static int transmit(int interfaceIndex) {
    return TRANSMIT | interfaceIndex << INTERFACE_SHIFT;
  }

  private static int received(Frame frame) {
    return frame.interfaceIndex() << INTERFACE_SHIFT
        | (frame.has(Frame.LINK_MULTICAST) ? GROUP : 0)
        | (frame.has(Frame.LINK_BROADCAST) ? BROADCAST : 0)
        | (frame.has(Frame.REASSEMBLED) ? REASSEMBLED : 0);
  }

  static int kind(int tag) {
    return tag & KIND;
  }

  static int interfaceIndex(int tag) {
    return tag >>> INTERFACE_SHIFT;
  }

  /** The flags that a received frame had at the shard that received it. */
  static int flags(int tag) {
    return Frame.HANDED_OVER
        | ((tag & GROUP) != 0 ? Frame.LINK_MULTICAST : 0)
        | ((tag & BROADCAST) != 0 ? Frame.LINK_BROADCAST : 0)
        | ((tag & REASSEMBLED) != 0 ? Frame.REASSEMBLED : 0);
  }
}
