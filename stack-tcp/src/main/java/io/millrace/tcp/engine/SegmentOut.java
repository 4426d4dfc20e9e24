package io.millrace.tcp.engine;

/** The segment to be sent next, as the machine describes it. One object per shard. */
public final class SegmentOut {
  int seq;
  int ack;
  int flags;

  /** The window field as it goes on the wire, scaled already. */
  int window;

  /** The maximum segment size option, 0 for none. */
  int mss;

  /** The window scale option, -1 for none. */
  int windowScale;

  boolean sackPermitted;
  boolean hasTimestamps;
  int tsValue;
  int tsEcho;
  int sackCount;
  final int[] sackStart = new int[SegmentIn.MAX_SACK];
  final int[] sackEnd = new int[SegmentIn.MAX_SACK];

  /**
   * Where the data comes from: a queue and an offset from its head; {@code dataLength} 0 for none.
   */
  SendQueue data;

  int dataOffset;
  int dataLength;

  /** Data bytes per segment if this is to be cut by the port; 0 if it is one segment. */
  int segmentSize;

  /** Creates an empty segment. */
  public SegmentOut() {}

  void clear() {
    mss = 0;
    windowScale = -1;
    sackPermitted = false;
    hasTimestamps = false;
    sackCount = 0;
    data = null;
    dataOffset = 0;
    dataLength = 0;
    segmentSize = 0;
  }

  /** Bytes of the options, padded to 32 bits. */
  int optionsSize() {
    int size = hasTimestamps ? 12 : 0;
    if (mss != 0) {
      // SACK permitted takes the place of the padding in front of timestamps.
      size += 4 + (sackPermitted && !hasTimestamps ? 4 : 0) + (windowScale >= 0 ? 4 : 0);
    }
    return sackCount == 0 ? size : size + 4 + 8 * sackCount;
  }

  /** Whether it says an MSS: a SYN. */
  public boolean hasMss() {
    return mss != 0;
  }

  /** Lowers the MSS that it says to what a link takes. */
  public void limitMss(int most) {
    mss = Math.min(mss, most);
  }
}
