package io.millrace.flow;

import io.millrace.transport.SipHash;

/**
 * Chooses source ports that outsiders cannot guess: the double-hash algorithm of RFC 6056 §3.3.4.
 *
 * <p>The caller asks for a {@link #start start} and walks with {@link #next next} until a port is
 * free, at most {@link #count()} steps. Ports of one destination are thus used one after the other,
 * and not again until all had their turn. <b>Thread:</b> the shard's. Allocates nothing.
 */
public final class PortAllocator {
  /** The first port of the dynamic range (RFC 6335 §6). */
  public static final int FIRST = 49_152;

  /** The last port. */
  public static final int LAST = 65_535;

  private static final int TABLE = 256;

  private final SipHash secret;
  private final int first;
  private final int count;
  private final int[] counters = new int[TABLE];

  /** The last destination and its hash: most connect to the same place again. */
  private long lastLocalHi;

  private long lastLocalLo;
  private long lastRemoteHi;
  private long lastRemoteLo;
  private long lastTo;
  private long lastHash;

  /** Allocates from {@code first} to {@code last}, both included. */
  public PortAllocator(SipHash secret, int first, int last) {
    if (first < 1 || last > LAST || last < first) {
      throw new IllegalArgumentException("no port range: " + first + " to " + last);
    }
    this.secret = secret;
    this.first = first;
    this.count = last - first + 1;
  }

  /** The number of ports in the range. */
  public int count() {
    return count;
  }

  /** The first candidate for a flow to this destination; each call moves on by one. */
  public int start(
      long localHi, long localLo, long remoteHi, long remoteLo, int remotePort, int protocol) {
    long to = (long) protocol << 16 | remotePort;
    if (localHi != lastLocalHi
        || localLo != lastLocalLo
        || remoteHi != lastRemoteHi
        || remoteLo != lastRemoteLo
        || to != lastTo) {
      lastHash = secret.hash(localHi, localLo, remoteHi, remoteLo, to);
      lastLocalHi = localHi;
      lastLocalLo = localLo;
      lastRemoteHi = remoteHi;
      lastRemoteLo = remoteLo;
      lastTo = to;
    }
    long hash = lastHash;
    int index = (int) (hash >>> 56) & TABLE - 1;
    int step = counters[index]++;
    return first + (int) (((hash & 0x7fff_ffffL) + Integer.toUnsignedLong(step)) % count);
  }

  /** The candidate after {@code port}. */
  public int next(int port) {
    return port == first + count - 1 ? first : port + 1;
  }
}
