package io.millrace.lane;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;

/** The receiving end of a {@link Lane}. <b>Thread:</b> that of the shard that receives. */
public final class LaneReceiver extends CacheLinePad {
  private final Lane lane;
  private final FramePool pool;
  private final boolean offload;
  private final long filledAt;
  private final long postedAt;
  private final long addresses;
  private final long completions;
  private final int mask;
  private final int completionMask;
  private final Frame[] frames;
  private final Frame[] largeFrames;

  /** Frames of either size that are kept posted while the pool has some. */
  private final int depth;

  private final int depthLarge;

  /** Completions written, as last seen. */
  private int filled;

  /** Completions read. */
  private int taken;

  private int posted;
  private int used;
  private int postedLarge;
  private int usedLarge;
  private int lostReported;

  /** Posts the first frames of {@code pool}, and holds its memory until the lane is freed. */
  public LaneReceiver(Lane lane, FramePool pool, LaneConfig config) {
    this.lane = lane;
    this.pool = pool;
    offload = config.offload();
    filledAt = lane.filledAt();
    postedAt = lane.postedAt();
    addresses = lane.addresses();
    completions = lane.completions();
    mask = lane.ring() - 1;
    completionMask = lane.completionMask();
    frames = new Frame[lane.ring()];
    largeFrames = new Frame[Lane.LARGE_RING];
    // The other half is for sending, and for what the application keeps.
    depth = Math.max(1, Math.min(Math.min(lane.ring(), config.depth()), pool.frames() / 2));
    int large = Math.min(config.depthLarge(), pool.largeFrames() / 2);
    depthLarge = offload ? Math.min(Lane.LARGE_RING, large) : 0;
    lane.hold(pool.region());
    lane.limits(
        Math.min(pool.frameSize() - FramePool.HEADROOM, config.longest()),
        depthLarge == 0 ? 0 : FramePool.LARGE_SIZE - FramePool.HEADROOM);
    post();
  }

  /** As {@link io.millrace.spi.PortQueue#rxBurst}; each frame's sender's tag is on it. */
  public int receive(Frame[] out, int max, long now) {
    int ready = filled - taken;
    if (ready == 0) {
      filled = Bytes.getIntAcquire(filledAt);
      ready = filled - taken;
    }
    int n = Math.min(ready, max);
    for (int i = 0; i < n; i++) {
      out[i] = take(now);
    }
    if (posted - used < depth || postedLarge - usedLarge < depthLarge) {
      post();
    }
    return n;
  }

  /** What wakes this shard up, for the sender to run when it rings; any thread may run it. */
  public void bell(Runnable wakeUp) {
    lane.bell(wakeUp);
  }

  /** Whether {@link #receive} would receive something. */
  public boolean hasArrivals() {
    return Bytes.getIntAcquire(filledAt) != taken;
  }

  private Frame take(long now) {
    long at = completions + (taken & completionMask) * 16L;
    long completion = Bytes.i64Native(at);
    taken++;
    Frame frame;
    if ((completion >>> 48 & Lane.LARGE) == 0) {
      frame = frames[used & mask];
      used++;
    } else {
      frame = largeFrames[usedLarge & Lane.LARGE_MASK];
      usedLarge++;
    }
    frame.window(FramePool.HEADROOM, (int) completion);
    frame.receiveTime(now);
    frame.laneTag((int) (completion >>> Lane.TAG_SHIFT));
    if ((completion >>> 48 & Lane.CHECKED) != 0) {
      frame.set(Frame.RX_CHECKSUM_OK);
    }
    if (offload) {
      hints(frame, completion, at);
    }
    return frame;
  }

  private static void hints(Frame frame, long completion, long at) {
    frame.segmentSize((int) (completion >>> 32) & 0xffff);
    if ((completion >>> 48 & Lane.PARTIAL) != 0) {
      long where = Bytes.i64Native(at + 8);
      frame.requestChecksum(frame.address() + (int) where, (int) (where >>> 32));
    }
  }

  /** Makes the frames up that are missing, as far as there are any, and says so in one store. */
  private void post() {
    if (depthLarge != 0) {
      postLarge();
    }
    int at = posted;
    int end = at + Math.min(used + depth - at, pool.available());
    if (at == end) {
      return;
    }
    while (at != end) {
      Frame frame = pool.allocate();
      frames[at & mask] = frame;
      Bytes.put64Native(addresses + (at & mask) * 8L, frame.address());
      at++;
    }
    posted = at;
    Bytes.setIntRelease(postedAt, at);
  }

  private void postLarge() {
    int missing = depthLarge - (postedLarge - usedLarge);
    for (int n = Math.min(missing, pool.availableLarge()); n > 0; n--) {
      Frame frame = pool.allocateLarge();
      int slot = postedLarge & Lane.LARGE_MASK;
      largeFrames[slot] = frame;
      Bytes.put64Native(lane.largeAddresses() + slot * 8L, frame.address());
      postedLarge++;
    }
    Bytes.setIntRelease(lane.postedLargeAt(), postedLarge);
  }

  /** As {@link io.millrace.spi.PortQueue#takeReceiveDrops}. */
  public long takeLost() {
    int lost = Bytes.getIntAcquire(lane.lostAt());
    int n = lost - lostReported;
    lostReported = lost;
    return Integer.toUnsignedLong(n);
  }

  /** Gives the posted frames back to the pool, filled or not. */
  public void close() {
    lane.close();
    for (; used != posted; used++) {
      frames[used & mask].release();
    }
    for (; usedLarge != postedLarge; usedLarge++) {
      largeFrames[usedLarge & Lane.LARGE_MASK].release();
    }
  }
}
