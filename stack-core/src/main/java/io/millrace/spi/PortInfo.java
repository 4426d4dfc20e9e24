package io.millrace.spi;

import io.millrace.flow.Toeplitz;

/**
 * What a port is and can do.
 *
 * @param name the port's name, for people
 * @param mac the link address of our end, in the low 48 bits
 * @param mtu the largest IP datagram in bytes, 68 to 65535
 * @param queues the number of queues
 * @param offloads the bits of what the port does for us, see the constants
 * @param frameSize the bytes per standard frame that the device insists on, headroom included, or 0
 *     if it takes any
 * @param rss the hash and the table by which the device spreads flows over the queues, or null if
 *     nobody knows which queue a flow comes in by: the stack then hashes in software
 */
public record PortInfo(
    String name, long mac, int mtu, int queues, int offloads, int frameSize, Toeplitz rss) {
  /** Fills in transport checksums where a frame asks for it. */
  public static final int TX_CHECKSUM = 1;

  /** Cuts TCP segments over IPv4 of up to 64 KiB where a frame says its segment size. */
  public static final int TX_SEGMENT_TCP4 = 2;

  /** The same over IPv6. */
  public static final int TX_SEGMENT_TCP6 = 4;

  /** Verifies transport checksums or vouches for them, and says so on the frame. */
  public static final int RX_CHECKSUM = 8;

  /** Receives merged packets of up to 64 KiB, so the pool needs large frames. */
  public static final int RX_LARGE = 16;

  /**
   * Cuts UDP payloads over IPv4 into datagrams of one size, the last one maybe smaller, where a
   * frame says its segment size; up to 64 KiB.
   */
  public static final int TX_SEGMENT_UDP4 = 32;

  /** The same over IPv6. */
  public static final int TX_SEGMENT_UDP6 = 64;

  /** Checks the ranges. */
  public PortInfo {
    if (mtu < 68 || mtu > 65_535) {
      throw new IllegalArgumentException("MTU " + mtu + " is not between 68 and 65535");
    }
  }

  /** A port that takes frames of any size and does not say how it spreads flows. */
  public PortInfo(String name, long mac, int mtu, int queues, int offloads) {
    this(name, mac, mtu, queues, offloads, 0, null);
  }

  /** Whether all bits of {@code mask} are offered. */
  public boolean offers(int mask) {
    return (offloads & mask) == mask;
  }
}
