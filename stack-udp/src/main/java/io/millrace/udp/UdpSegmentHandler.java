package io.millrace.udp;

import io.millrace.buf.Frame;

/**
 * A handler that takes several datagrams in one call. A socket that is bound with one asks for
 * that; others pay nothing for it.
 *
 * <p>Datagrams that come one behind the other within one burst, from one source, of one size but
 * for a smaller last one, are put in a row: by the port where it does that, else by the stack,
 * which copies them then. They are delivered at the end of the burst at the latest. What has no
 * company, and what several sockets are lent, comes by {@link #onDatagram}, as ever.
 *
 * <pre>{@code
 * for (int at = 0; at < data.length(); at += segmentSize) {
 *   handle(data.address() + at, Math.min(segmentSize, data.length() - at));
 * }
 * }</pre>
 *
 * <p>{@link UdpSocket#sendSegments} is the same the other way: what came in a row may go on in a
 * row.
 */
public interface UdpSegmentHandler extends UdpHandler {
  /**
   * Two or more datagrams arrived, with the same addresses, ports, traffic class and hop limit.
   *
   * @param data lent as in {@link #onDatagram}; the window holds the payloads, one behind the
   *     other, without headers between them, up to 64 KiB
   * @param segmentSize bytes of payload of each datagram but the last, which has 1 to that many
   * @param sourceHi high half of the sender's address; IPv4 as v4-mapped
   * @param sourceLo low half of the sender's address
   * @param sourcePort the sender's port, 0 if it wants no answer
   */
  void onSegments(
      UdpSocket socket, Frame data, int segmentSize, long sourceHi, long sourceLo, int sourcePort);
}
