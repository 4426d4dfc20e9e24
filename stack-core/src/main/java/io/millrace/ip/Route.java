package io.millrace.ip;

import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.net.NetInterface;

/**
 * The way from one of our addresses to one destination: a cached network and link header that is
 * patched per packet.
 *
 * <p>Shared by all flows between the two addresses on a shard. There are exactly two implementors,
 * one per family, so that calls stay bimorphic. <b>Thread:</b> the shard's. Allocates nothing per
 * packet.
 */
public abstract class Route {
  private static final int DEFAULT_HOP_LIMIT = 64;

  private final long sourceHi;
  private final long sourceLo;
  private final long destinationHi;
  private final long destinationLo;
  private final boolean multicast;

  /** Creates a route between two addresses. */
  protected Route(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
    this.sourceHi = sourceHi;
    this.sourceLo = sourceLo;
    this.destinationHi = destinationHi;
    this.destinationLo = destinationLo;
    this.multicast = IpAddress.isMulticast(destinationHi, destinationLo);
  }

  /** High half of our address. */
  public final long sourceHi() {
    return sourceHi;
  }

  /** Low half of our address. */
  public final long sourceLo() {
    return sourceLo;
  }

  /** High half of the destination. */
  public final long destinationHi() {
    return destinationHi;
  }

  /** Low half of the destination. */
  public final long destinationLo() {
    return destinationLo;
  }

  /** The pseudo-header's sum without the length, to start a transport checksum with. */
  public final long pseudoHeaderSum(int protocol) {
    return Checksum.pseudoHeader(sourceHi, sourceLo, destinationHi, destinationLo, protocol);
  }

  /**
   * Whether the destination is a broadcast address of the interface or the limited one. Families
   * that know of more than the limited broadcast of IPv4 (RFC 919) say so.
   */
  public boolean isBroadcast() {
    return destinationHi == 0 && destinationLo == 0xffff_ffff_ffffL;
  }

  /** Whether the destination is a group. */
  public final boolean isMulticast() {
    return multicast;
  }

  /** The interface that packets leave through. */
  public abstract NetInterface networkInterface();

  /**
   * The number of the interface that answers come in by: what decides which shard a flow belongs
   * to. Another one than they leave through where we talk to an address of our own on one link.
   */
  public int inboundInterface() {
    return networkInterface().index();
  }

  /**
   * The largest datagram that the path takes as far as is known, network header included, in bytes.
   */
  public abstract int pathMtu();

  /**
   * A transport believes an ICMP message that says that this path takes no more than {@code mtu}
   * bytes: lowers {@link #pathMtu()}, never raises it, not below the family's floor, and forgets it
   * after ten minutes (RFC 1191 §6.3, RFC 8201 §4). The transport has checked that the message
   * quotes what it really has in flight (RFC 5927 §7): nobody else calls this.
   */
  public abstract void learnPathMtu(int mtu, long now);

  /**
   * The time to live or hop limit of packets for which nobody has asked for another one: what the
   * link's routers say (RFC 4861 §6.3.4), else 64 (RFC 1700).
   */
  public int hopLimit() {
    return DEFAULT_HOP_LIMIT;
  }

  /** The bytes of the network header in front of the transport's: 20 or 40. */
  public abstract int networkHeaderSize();

  /**
   * Sends one transport packet, or one larger than the path takes with a segment size on it where
   * the port segments.
   *
   * <p>The frame's window starts at the transport header; network and link header are pushed in
   * front. Ownership moves to the route, whatever happens: sent, queued for address resolution, or
   * dropped and counted.
   *
   * @param protocol the transport's protocol number
   * @param trafficClass DSCP and ECN bits, 8 bits
   * @param hopLimit 1 to 255
   * @param dontFragment whether the datagram may not be fragmented; if not, it is where it is too
   *     big
   */
  public abstract void send(
      Frame frame, int protocol, int trafficClass, int hopLimit, boolean dontFragment, long now);

  /**
   * The transport knows that the destination received something: confirms the neighbor (RFC 1122
   * §2.3.2.1).
   */
  public abstract void confirm(long now);
}
