package io.millrace.transport;

import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;

/** One transport protocol on one shard. <b>Thread:</b> the shard's. */
public interface Transport {
  /** The protocol number. */
  int protocol();

  /**
   * A datagram for one of our addresses. The window starts at the transport header and ends with
   * the datagram; the frame knows its addresses. Takes ownership.
   */
  void input(Frame frame, long now);

  /**
   * An ICMP error about a packet that we sent. Addresses are as in the packet that was sent: ours
   * is the source.
   *
   * @param mtu for {@link IcmpError#PACKET_TOO_BIG} the next hop's MTU, else 0
   * @param transportHeader the address of the quoted transport header
   * @param quoted how many bytes of it are there, at least 8
   */
  void icmpError(
      IcmpError error,
      int mtu,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      long transportHeader,
      int quoted,
      long now);

  /**
   * The shard that a flow of ours lives on, as far as this one knows. Asked about ICMP errors,
   * which come in by any queue.
   *
   * @param ports our port in the high 16 bits, the peer's in the low 16
   * @return this shard's index if the flow is here, another's if it is known to be there, -1 if
   *     nothing is known
   */
  default int shardOf(long localHi, long localLo, long remoteHi, long remoteLo, int ports) {
    return -1;
  }

  /**
   * Sends what is due, after a burst was received and the timers ran; returns whether there was
   * anything.
   */
  boolean poll(long now);

  /** The stack closes: resets or drops what is open; called on the shard's thread, once. */
  void close(long now);
}
