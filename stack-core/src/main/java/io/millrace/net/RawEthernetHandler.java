package io.millrace.net;

import io.millrace.buf.Frame;

/** What an application does with frames of an EtherType. Called on the shard's thread. */
@FunctionalInterface
public interface RawEthernetHandler {
  /**
   * A frame came in.
   *
   * <p>Its window is what lies behind the Ethernet header and the tags, with the padding that short
   * frames have. It is lent for the duration of the call: {@code retain()} keeps it longer, and
   * every {@code retain()} needs a {@code release()}. A retained frame may be sent on as it is. The
   * frame says whether it was sent to a group, which tags it had, and the interface.
   *
   * @param source the sender's link address, in the low 48 bits
   */
  void onFrame(RawEthernet raw, Frame frame, long source);
}
