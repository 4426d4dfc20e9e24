package io.millrace.udp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.net.Shard;

/**
 * UDP-Lite (RFC 3828): UDP whose checksum may cover only the first bytes of a datagram, for
 * contents that are better damaged than lost.
 *
 * <pre>{@code
 * UdpSocket out = UdpLite.of(shard).connect(peer, 5004, handler).coverage(UdpLite.HEADER + 12);
 * UdpSocket in = UdpLite.of(shard).bind(5004, handler).minimumCoverage(UdpLite.HEADER + 12);
 * }</pre>
 *
 * <p>The same sockets as UDP's, on ports of their own: a port of UDP and the same one of UDP-Lite
 * have nothing to do with each other. As long as nothing else is said, checksums cover everything,
 * both ways (RFC 3828 §3.3).
 */
public final class UdpLite {
  /** Bytes of the header, which is always covered: the least coverage that there is. */
  public static final int HEADER = UdpHeader.SIZE;

  private UdpLite() {}

  /**
   * UDP-Lite of a shard.
   *
   * @throws IllegalStateException if the stack was started without this module, or its port is
   *     {@code kernel:}
   */
  public static Udp of(Shard shard) {
    if (shard.udpLite() instanceof Udp lite) {
      return lite;
    }
    throw new IllegalStateException(
        "this stack has no UDP-Lite: put millrace-udp on the module path, and use another port than"
            + " kernel:");
  }

  /**
   * How many bytes of a received datagram's payload the checksum covers.
   *
   * @param received as {@link UdpHandler#onDatagram} is lent it, its window unchanged
   */
  public static int covered(Frame received) {
    int coverage = Bytes.u16(received.address() - UdpHeader.SIZE + UdpHeader.LENGTH_OFFSET);
    return coverage == 0 ? received.length() : coverage - UdpHeader.SIZE;
  }
}
