package io.millrace.driver.afxdp;

import io.millrace.link.Ethernet;

/**
 * How a device is used: what was found out when it was opened.
 *
 * @param generic whether the program runs in the kernel's stack and not in the device's driver
 * @param zeroCopy whether the device's hardware reads and writes our frames itself
 * @param multiBuffer whether a packet may have several pieces
 * @param checksums whether the device is asked to fill in checksums
 * @param longest the longest packet in bytes, with its link header and a tag
 */
record AfXdpMode(
    boolean generic, boolean zeroCopy, boolean multiBuffer, boolean checksums, int longest) {
  /** What the kernel keeps free in front of a received packet. */
  static final int HEADROOM = 256;

  /** The kernel's bounds for a piece of memory that a packet, or a part of one, lies in. */
  static final int SMALLEST_CHUNK = 2048;

  static final int LARGEST_CHUNK = 4096;

  /** What the kernel keeps free behind a packet that lies in one page, for its own use. */
  private static final int TAILROOM = 320;

  private static final int CACHE_LINE = 64;

  /** The largest MTU whose packets lie in one piece. */
  static final int LARGEST_MTU = LARGEST_CHUNK - HEADROOM - TAILROOM - longest(0);

  /** The longest packet on a device of that MTU. */
  static int longest(int mtu) {
    return mtu + Ethernet.HEADER_SIZE + Ethernet.VLAN_TAG_SIZE;
  }

  /** Whether packets of that length must be received in pieces. */
  static boolean takesPieces(int longest) {
    return longest > longest(LARGEST_MTU);
  }

  /**
   * The size of frames that is needed, or 0 if the stack's own choice does. A device that reads and
   * writes them itself has them at multiples of a power of two.
   */
  int frameSize() {
    int needed = HEADROOM + longest;
    if (zeroCopy) {
      return needed <= SMALLEST_CHUNK ? SMALLEST_CHUNK : LARGEST_CHUNK;
    }
    if (needed <= SMALLEST_CHUNK || multiBuffer) {
      return 0;
    }
    // An odd number of cache lines, as the stack's own choice.
    return Math.min(LARGEST_CHUNK, ((needed + CACHE_LINE - 1) / CACHE_LINE | 1) * CACHE_LINE);
  }

  /** The most bytes in one piece, where the pool has frames of that size. */
  static int chunk(int frameSize) {
    return Math.min(frameSize, LARGEST_CHUNK);
  }

  /** For people. */
  String describe() {
    return (generic ? "generic" : "native")
        + ", "
        + (zeroCopy ? "zero-copy" : "copy")
        + (multiBuffer ? ", multi-buffer" : "");
  }
}
