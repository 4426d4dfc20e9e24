package io.millrace.raw;

import io.millrace.buf.Frame;
import io.millrace.net.NetInterface;

/** Receives the frames of one EtherType. <b>Thread:</b> the shard's. */
@FunctionalInterface
public interface RawEthernetHandler {
  /**
   * A frame to us, or to a group, has come in.
   *
   * @param raw where it came in, to answer with
   * @param data lent for the call, {@code retain()} it to keep it; its window is what is behind the
   *     link header, padding included
   * @param source the sender's link address, in the low 48 bits
   * @param from the interface that it came in by
   * @param now the shard's time, nanoseconds
   */
  void onFrame(RawEthernet raw, Frame data, long source, NetInterface from, long now);
}
