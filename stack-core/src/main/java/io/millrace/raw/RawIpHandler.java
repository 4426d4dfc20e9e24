package io.millrace.raw;

import io.millrace.buf.Frame;

/** Receives the datagrams of one IP protocol. <b>Thread:</b> the shard's. */
@FunctionalInterface
public interface RawIpHandler {
  /**
   * A whole datagram has come for us.
   *
   * @param raw where it came in, to answer with
   * @param data lent for the call, {@code retain()} it to keep it; its window is what is behind the
   *     network header, and it knows addresses, traffic class, hop limit and interface
   * @param now the shard's time, nanoseconds
   */
  void onDatagram(RawIp raw, Frame data, long now);
}
