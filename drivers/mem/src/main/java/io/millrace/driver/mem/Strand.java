package io.millrace.driver.mem;

import io.millrace.lane.Lane;
import io.millrace.lane.LaneConfig;
import io.millrace.lane.LaneSender;

/**
 * One way from a queue of one end to a queue of the other: a lane, its sender, and the lane that
 * takes its place when the receiver's end is opened anew.
 *
 * <p>All methods but the sender's are called under the {@link Wire}'s lock.
 */
final class Strand {
  private final int ring;

  /** The newest lane. */
  private Lane lane;

  /**
   * The lane that the sender writes to: an older one, until it notices that its receiver has gone.
   */
  private Lane inUse;

  /** Outlives the port that uses it, for the next one to go on. */
  private final LaneSender sender;

  /** A new strand; {@code wire}'s class lock guards what is shared. */
  Strand(int ring, LaneConfig config) {
    this.ring = ring;
    lane = new Lane(ring);
    inUse = lane;
    sender = new LaneSender(lane, config, () -> Wire.locked(this::successor));
  }

  LaneSender sender() {
    return sender;
  }

  /** The lane for a receiver that has just been opened. */
  Lane open() {
    if (lane.isClosed()) {
      if (lane != inUse) {
        lane.free();
      }
      lane = new Lane(ring);
    }
    return lane;
  }

  /** For a sender that finds its lane closed: the lane that has taken its place, or null. */
  private Lane successor() {
    if (lane.isClosed()) {
      return null;
    }
    inUse.free();
    inUse = lane;
    return lane;
  }

  void free() {
    if (inUse != lane) {
      inUse.free();
    }
    lane.free();
  }
}
