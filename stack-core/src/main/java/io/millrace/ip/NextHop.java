package io.millrace.ip;

import io.millrace.link.Neighbor;
import io.millrace.net.NetInterface;

/**
 * One way on: through an interface to a router, or to the destination itself.
 *
 * <p><b>Thread:</b> the shard's.
 */
public final class NextHop {
  private final NetInterface through;
  private final long viaHi;
  private final long viaLo;
  private final long sourceHi;
  private final long sourceLo;
  private final int metric;
  private final long salt;
  private Neighbor neighbor;

  /**
   * Describes a way.
   *
   * @param via the router, or null if destinations are on the link
   * @param metric smaller is better; ways of the same metric share the load
   * @param source the address of ours to send from that way, or null for no preference
   */
  public NextHop(NetInterface through, IpAddress via, int metric, IpAddress source) {
    if (metric < 0) {
      throw new IllegalArgumentException("a metric is 0 or more, not " + metric);
    }
    this.through = through;
    this.viaHi = via == null ? 0 : via.hi();
    this.viaLo = via == null ? 0 : via.lo();
    this.sourceHi = source == null ? 0 : source.hi();
    this.sourceLo = source == null ? 0 : source.lo();
    this.metric = metric;
    this.salt = mix(viaHi * 31 + viaLo + ((long) through.index() << 48));
  }

  /** The interface that packets leave through. */
  public NetInterface through() {
    return through;
  }

  /** Whether destinations are on the link, so that there is no router. */
  public boolean isOnLink() {
    return (viaHi | viaLo) == 0;
  }

  /** High half of the router's address. */
  public long viaHi() {
    return viaHi;
  }

  /** Low half of the router's address; 0 with a high half of 0 if there is none. */
  public long viaLo() {
    return viaLo;
  }

  /** High half of the address to send from. */
  public long sourceHi() {
    return sourceHi;
  }

  /** Low half of the address to send from; 0 with a high half of 0 for no preference. */
  public long sourceLo() {
    return sourceLo;
  }

  /** Smaller is better. */
  public int metric() {
    return metric;
  }

  /** The router as a neighbor, as it was last found, or null; for the family. */
  public Neighbor neighbor() {
    return neighbor;
  }

  /** Remembers the router as a neighbor. */
  public void neighbor(Neighbor found) {
    found.markRouter();
    neighbor = found;
  }

  /** Whether the router did not answer when it was asked last. */
  boolean isSilent() {
    return neighbor != null && neighbor.isSilent();
  }

  /** Says that the router would have been used if it were not silent. */
  void want() {
    neighbor.want();
  }

  /** How much this way is wanted by a flow, compared as unsigned (RFC 2991 §4). */
  long weight(int flow) {
    return mix(salt ^ flow);
  }

  /** Whether the two lead to the same place. */
  boolean isSameWay(NextHop other) {
    return through == other.through && viaHi == other.viaHi && viaLo == other.viaLo;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NextHop hop
        && isSameWay(hop)
        && metric == hop.metric
        && sourceHi == hop.sourceHi
        && sourceLo == hop.sourceLo;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(viaHi * 31 + viaLo) * 31 + metric;
  }

  /** The finalizer of SplitMix64: every bit of the result depends on every bit. */
  private static long mix(long value) {
    long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
