package io.millrace.udp;

import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;

/**
 * What an application does with a socket's datagrams. Called on the shard's thread; must not block.
 *
 * <p>A handler may call the socket, close it, and bind others. If it throws, the exception is
 * counted and reported, and the socket lives on.
 */
@FunctionalInterface
public interface UdpHandler {
  /**
   * A datagram arrived.
   *
   * <p>The frame's window is the payload, 0 to 65,527 bytes, in the memory that it was received
   * into. It is lent for the duration of the call: {@code retain()} keeps it longer, and every
   * {@code retain()} needs a {@code release()}. A retained frame may also be sent on as it is, see
   * {@link UdpSocket#sendFrame}. The frame also tells the destination address, traffic class, hop
   * limit, interface and time of arrival (RFC 1122 §4.1.3.5, §4.1.4).
   *
   * <p>A broadcast or multicast that several sockets take is lent to each, one after the other, in
   * the same memory, and its bytes are only for reading then ({@link Frame#SHARED}); whoever sends
   * it on sends a copy.
   *
   * @param sourceHi high half of the sender's address; IPv4 as v4-mapped
   * @param sourceLo low half of the sender's address
   * @param sourcePort the sender's port, 0 if it wants no answer (RFC 768)
   */
  void onDatagram(UdpSocket socket, Frame data, long sourceHi, long sourceLo, int sourcePort);

  /**
   * An ICMP error about a datagram that this socket sent (RFC 1122 §4.1.3.3). Whoever can guess the
   * socket's addresses and ports can forge one: a hint, not a fact.
   *
   * @param remoteHi high half of the address that the datagram was sent to
   * @param remoteLo low half of that address
   * @param remotePort the port that it was sent to
   */
  default void onError(
      UdpSocket socket, IcmpError error, long remoteHi, long remoteLo, int remotePort) {}

  /** After a send answered {@link SendResult#WOULD_BLOCK}: there is room again. */
  default void onWritable(UdpSocket socket) {}
}
