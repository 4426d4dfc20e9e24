package io.millrace.ip;

import io.millrace.buf.Frame;

/** What an application does with datagrams of a protocol. Called on the shard's thread. */
@FunctionalInterface
public interface RawIpHandler {
  /**
   * A datagram came in.
   *
   * <p>The frame's window is what lies behind the network header and its options. It is lent for
   * the duration of the call: {@code retain()} keeps it longer, and every {@code retain()} needs a
   * {@code release()}. A retained frame may be sent on as it is. The frame knows both addresses,
   * traffic class, hop limit and interface, and its network header lies at {@link
   * Frame#l3Address()}.
   */
  void onDatagram(RawIp raw, Frame data);
}
