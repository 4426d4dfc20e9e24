package io.millrace.lane;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import java.util.function.Supplier;

/** The sending end of a {@link Lane}. <b>Thread:</b> that of the shard that sends. */
public final class LaneSender extends CacheLinePad {
  /**
   * The longest packet that segmentation offload may make: an IP datagram, a link header and a tag.
   */
  private static final int LONGEST = 65_535 + 18;

  private final Supplier<Lane> successor;
  private final boolean dropping;
  private final boolean offload;
  private final boolean vouch;
  private final int longestUncut;

  private Lane lane;
  private long postedAt;
  private long closedAt;
  private long filledAt;
  private long addresses;
  private long completions;
  private int mask;
  private int completionMask;

  /** The longest packet for a standard frame; -1 until the receiver has posted its first frame. */
  private int limit;

  private int limitLarge;

  /** Standard frames posted, as last seen. */
  private int posted;

  /** Standard frames used. */
  private int used;

  private int postedLarge;
  private int usedLarge;

  /** Completions written. */
  private int filled;

  /** Packets that the receiver had no room for; it reads this. */
  private int lost;

  /** Goes into every completion. */
  private long tagBits;

  /** Packets sent after the receiver had gone, not yet reported. */
  private long swallowed;

  /**
   * Sends into a lane.
   *
   * @param successor answers, for a lane whose receiver has gone, the one that has taken its place,
   *     or null
   */
  public LaneSender(Lane lane, LaneConfig config, Supplier<Lane> successor) {
    this.successor = successor;
    this.dropping = config.drop();
    this.offload = config.offload();
    this.vouch = config.vouch();
    this.longestUncut = config.longest();
    bind(lane);
  }

  private void bind(Lane newLane) {
    lane = newLane;
    postedAt = newLane.postedAt();
    closedAt = newLane.closedAt();
    filledAt = newLane.filledAt();
    addresses = newLane.addresses();
    completions = newLane.completions();
    mask = newLane.ring() - 1;
    completionMask = newLane.completionMask();
    limit = -1;
    posted = 0;
    used = 0;
    postedLarge = 0;
    usedLarge = 0;
    filled = 0;
    lost = 0;
  }

  /** As {@link io.millrace.spi.PortQueue#txBurst}. */
  public int send(Frame[] frames, int from, int to) {
    if (isCut()) {
      return swallow(frames, from, to);
    }
    int i = from;
    while (i < to && put(frames[i])) {
      i++;
    }
    if (i != from) {
      publish();
    }
    return i - from;
  }

  /** Whether nobody is there to receive: what is sent now is swallowed. */
  private boolean isCut() {
    return Bytes.getIntAcquire(closedAt) != 0 && !rebind();
  }

  /**
   * Copies one frame into the lane; the receiver sees it after {@link #publish()}. Takes ownership
   * if it answers true; a lane that drops always does.
   *
   * @param tag 0 to 4095, which the receiver finds on the frame
   */
  public boolean offer(Frame frame, int tag) {
    if (isCut()) {
      frame.release();
      swallowed++;
      return true;
    }
    tagBits = (long) tag << Lane.TAG_SHIFT;
    boolean taken = put(frame);
    tagBits = 0;
    return taken;
  }

  /** Shows the receiver what was put in. */
  public void publish() {
    Bytes.setIntRelease(filledAt, filled);
  }

  /** Wakes the receiver up if it sleeps and has asked for that, to be called after publishing. */
  public void ring() {
    lane.ringBell();
  }

  /** Copies one packet, or says that there is no room for it now. */
  private boolean put(Frame frame) {
    int length = frame.totalLength();
    if (length > limit) {
      return putUnusual(frame, length);
    }
    if (used == posted) {
      posted = Bytes.getIntAcquire(postedAt);
      if (used == posted) {
        return refuse(frame);
      }
    }
    copy(frame, Bytes.i64Native(addresses + (used & mask) * 8L), length);
    used++;
    return true;
  }

  private void copy(Frame frame, long to, long completion) {
    long at = completions + (filled & completionMask) * 16L;
    completion |= tagBits;
    if (vouch || frame.has(Frame.RX_CHECKSUM_OK)) {
      // Memory does not flip bits on the way.
      completion |= (long) Lane.CHECKED << 48;
    }
    if (((frame.flags() & Frame.CHECKSUM_PARTIAL) | frame.segmentSize()) != 0) {
      completion = hints(frame, completion, at);
    }
    frame.gather(to);
    Bytes.put64Native(at, completion);
    filled++;
    frame.release();
  }

  private long hints(Frame frame, long completion, long at) {
    long withHints = completion | (long) frame.segmentSize() << 32;
    if (!frame.has(Frame.CHECKSUM_PARTIAL)) {
      return withHints;
    }
    if (!offload) {
      Checksum.complete(frame);
      return withHints;
    }
    long start = frame.checksumAddress() - frame.address();
    Bytes.put64Native(at + 8, start | (long) frame.checksumOffset() << 32);
    return withHints | (long) Lane.PARTIAL << 48;
  }

  /** A packet that does not fit into a standard frame, or the first one of all. */
  private boolean putUnusual(Frame frame, int length) {
    if (limit < 0) {
      posted = Bytes.getIntAcquire(postedAt);
      if (posted == 0) {
        return refuse(frame);
      }
      limit = lane.limit();
      limitLarge = lane.limitLarge();
      return put(frame);
    }
    int longest = frame.segmentSize() != 0 ? LONGEST : longestUncut;
    if (length > Math.min(longest, limitLarge)) {
      lose(frame);
      return true;
    }
    if (usedLarge == postedLarge) {
      postedLarge = Bytes.getIntAcquire(lane.postedLargeAt());
      if (usedLarge == postedLarge) {
        return refuse(frame);
      }
    }
    long slot = lane.largeAddresses() + (usedLarge & Lane.LARGE_MASK) * 8L;
    usedLarge++;
    copy(frame, Bytes.i64Native(slot), length | (long) Lane.LARGE << 48);
    return true;
  }

  private boolean refuse(Frame frame) {
    if (dropping) {
      lose(frame);
    }
    return dropping;
  }

  private void lose(Frame frame) {
    lost++;
    Bytes.setIntRelease(lane.lostAt(), lost);
    frame.release();
  }

  /** The receiver has gone: looks whether another one has come. */
  private boolean rebind() {
    Lane next = successor.get();
    if (next != null) {
      bind(next);
    }
    return next != null;
  }

  private int swallow(Frame[] frames, int from, int to) {
    for (int i = from; i < to; i++) {
      frames[i].release();
    }
    swallowed += to - from;
    return to - from;
  }

  /** Packets sent to nobody since the last call. */
  public long takeSwallowed() {
    long n = swallowed;
    swallowed = 0;
    return n;
  }
}
