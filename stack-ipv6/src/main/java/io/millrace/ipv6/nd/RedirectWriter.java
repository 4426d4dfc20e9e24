package io.millrace.ipv6.nd;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.link.Neighbor;
import io.millrace.link.NeighborTable;
import io.millrace.net.NetInterface;

/** Redirects that a router sends (RFC 4861 §8.2). */
final class RedirectWriter {
  /** The smallest MTU of IPv6, which no redirect exceeds, less the IPv6 header. */
  private static final int LARGEST = 1_280 - 40;

  private final NdHost host;
  private final NdOutput output;
  private final NeighborTable neighbors;

  RedirectWriter(NdHost host, NdOutput output, NeighborTable neighbors) {
    this.host = host;
    this.output = output;
    this.neighbors = neighbors;
  }

  /**
   * Tells the source of a packet of a better first hop.
   *
   * @return whether one was sent
   */
  boolean send(Frame offending, NetInterface on, long targetHi, long targetLo, long now) {
    long header = offending.address();
    long sourceHi = NdAddress.wireHi(Bytes.i64(header + 8));
    long sourceLo = Bytes.i64(header + 16);
    long destinationHi = NdAddress.wireHi(Bytes.i64(header + 24));
    long destinationLo = Bytes.i64(header + 32);
    IpAddress ours = host.sourceFor(on, NdAddress.LINK_LOCAL_HI, targetLo);
    if (ours == null
        || !NdAddress.isLinkLocal(ours.hi())
        || !NdAddress.isHost(sourceHi, sourceLo)
        || NdAddress.isMulticast(destinationHi)) {
      return false;
    }
    Frame frame = output.message(NdMessage.REDIRECT, NdMessage.REDIRECT_SIZE);
    if (frame == null) {
      return false;
    }
    long at = frame.address();
    Bytes.put64(at + 8, targetHi);
    Bytes.put64(at + 16, targetLo);
    Bytes.put64(at + 24, destinationHi);
    Bytes.put64(at + 32, destinationLo);
    Neighbor target = neighbors.find(on, targetHi, targetLo);
    if (target != null && target.isResolved()) {
      NdOption.write48(frame.append(NdOption.SIZE), NdOption.TARGET_LINK_ADDRESS, target.mac());
    }
    quote(frame, offending);
    output.send(frame, on, -1, ours.hi(), ours.lo(), sourceHi, sourceLo, now);
    return true;
  }

  /** As much of the packet as fits, in whole units of 8 bytes (RFC 4861 §4.6.3). */
  private static void quote(Frame frame, Frame offending) {
    int room = Math.min(LARGEST - frame.length(), frame.tailroom()) - NdOption.SIZE;
    int quoted = Math.min(offending.length(), room) & -8;
    long at = frame.append(NdOption.SIZE + quoted);
    Bytes.put64(at, (long) NdOption.REDIRECTED << 56 | (quoted / 8 + 1L) << 48);
    Bytes.copy(offending.address(), at + NdOption.SIZE, quoted);
  }
}
