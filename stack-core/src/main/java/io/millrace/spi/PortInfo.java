package io.millrace.spi;

/**
 * What a port is and can do.
 *
 * @param name the port's name, for people
 * @param mac the link address of our end, in the low 48 bits
 * @param mtu the largest IP datagram in bytes, 68 to 65535
 * @param queues the number of queues
 * @param offloads the bits of what the port does for us, see the constants
 */
public record PortInfo(String name, long mac, int mtu, int queues, int offloads) {
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

  /** Checks the ranges. */
  public PortInfo {
    if (mtu < 68 || mtu > 65_535) {
      throw new IllegalArgumentException("MTU " + mtu + " is not between 68 and 65535");
    }
  }

  /** Whether all bits of {@code mask} are offered. */
  public boolean offers(int mask) {
    return (offloads & mask) == mask;
  }
}
