package io.millrace.driver.mem;

import io.millrace.buf.FramePool;
import io.millrace.lane.LaneConfig;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.util.ArrayList;
import java.util.List;

/** What a wire is made of; see {@link MemDriver}. */
record WireOptions(int mtu, int ring, int queues, boolean drop, boolean offload) {
  /** An Ethernet header and one 802.1Q tag: what a packet may be longer than the MTU. */
  private static final int LINK_HEADER = 18;

  private static final int MAX_QUEUES = 64;

  private static final WireOptions DEFAULTS = new WireOptions(1500, 512, 1, false, false);

  /** The options of the end that is opened first. */
  static WireOptions of(PortConfig config) {
    return of(config, DEFAULTS);
  }

  private static WireOptions of(PortConfig config, WireOptions otherwise) {
    int ring = (int) config.number("ring", otherwise.ring, 2, 32_768);
    if (Integer.bitCount(ring) != 1) {
      throw new PortException("option ring=" + ring + ": give a power of two from 2 to 32768");
    }
    return new WireOptions(
        (int) config.number("mtu", otherwise.mtu, 68, 65_535),
        ring,
        (int) config.number("queues", otherwise.queues, 1, MAX_QUEUES),
        config.flag("drop", otherwise.drop),
        config.flag("offload", otherwise.offload) && config.offload());
  }

  /** The lanes that the wire is made of. */
  LaneConfig lane() {
    int depth = Math.max(4, ring / queues);
    return new LaneConfig(mtu + LINK_HEADER, drop, offload, offload, depth, depth);
  }

  /**
   * The lanes that a queue receives by, one from each queue of the other end: together they keep at
   * most half of its pool ready. The other half is for sending, and for what applications keep.
   */
  LaneConfig lane(FramePool pool) {
    LaneConfig lane = lane();
    return new LaneConfig(
        lane.longest(),
        lane.drop(),
        lane.offload(),
        lane.vouch(),
        Math.clamp(pool.frames() / 2 / queues, 1, lane.depth()),
        Math.clamp(pool.largeFrames() / 2 / queues, 1, lane.depthLarge()));
  }

  /** Refuses a second end that wants the wire to be another one. */
  void requireSame(PortConfig config) {
    if (!of(config, this).equals(this)) {
      throw new PortException(
          "the wire mem:"
              + config.target()
              + " exists already with "
              + this
              + "; its other end must say the same or nothing");
    }
  }

  @Override
  public String toString() {
    List<String> parts = new ArrayList<>(List.of("mtu=" + mtu, "ring=" + ring));
    parts.add("queues=" + queues);
    parts.add("drop=" + (drop ? "on" : "off"));
    parts.add("offload=" + (offload ? "on" : "off"));
    return String.join(",", parts);
  }
}
