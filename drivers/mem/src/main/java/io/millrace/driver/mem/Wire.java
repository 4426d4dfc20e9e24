package io.millrace.driver.mem;

import io.millrace.buf.FramePool;
import io.millrace.lane.Lane;
import io.millrace.lane.LaneReceiver;
import io.millrace.lane.LaneSender;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import java.util.HashMap;
import java.util.Map;

/**
 * A wire by its name: two lanes, one towards each end. It exists while at least one end is open.
 *
 * <p>All of this is cold. The threads that open and close ports, and a sender whose receiver has
 * gone, meet in the class's lock.
 */
final class Wire {
  private static final Map<String, Wire> WIRES = new HashMap<>();

  private static final int OFFLOADS =
      PortInfo.TX_CHECKSUM
          | PortInfo.TX_SEGMENT_TCP4
          | PortInfo.TX_SEGMENT_TCP6
          | PortInfo.RX_CHECKSUM
          | PortInfo.RX_LARGE;

  private final String name;
  private final WireOptions options;
  private final boolean[] open = new boolean[2];

  /** The newest lane, by the end that receives from it. */
  private final Lane[] lanes = new Lane[2];

  /**
   * The lane that its sender writes to: an older one, until the sender notices that its receiver
   * has gone.
   */
  private final Lane[] lanesInUse = new Lane[2];

  /**
   * By the end that they send to. They outlive the port that uses them, for the next one to go on.
   */
  private final LaneSender[] senders = new LaneSender[2];

  private Wire(String name, WireOptions options) {
    this.name = name;
    this.options = options;
    for (int end = 0; end < 2; end++) {
      lanes[end] = new Lane(options.ring());
      lanesInUse[end] = lanes[end];
      int to = end;
      senders[end] = new LaneSender(lanes[end], options.lane(), () -> nextLane(to));
    }
  }

  /** Opens a free end of the wire, which is made if it does not exist. */
  static MemPort plug(PortConfig config) {
    synchronized (WIRES) {
      String name = config.target();
      Wire wire = WIRES.get(name);
      int end = wire == null || !wire.open[0] ? 0 : 1;
      if (wire != null) {
        if (wire.open[end]) {
          throw new PortException(
              "the wire mem:" + name + " has both its ends in use; choose another name");
        }
        wire.options.requireSame(config);
      }
      long mac = config.mac("mac", defaultMac(name, end));
      if (wire == null) {
        wire = new Wire(name, WireOptions.of(config));
        WIRES.put(name, wire);
      }
      wire.open[end] = true;
      return new MemPort(
          wire,
          end,
          new PortInfo(
              "mem:" + name, mac, wire.options.mtu(), 1, wire.options.offload() ? OFFLOADS : 0));
    }
  }

  /**
   * Locally administered: 02:4d, four bytes of the name's hash, of which the last bit says which
   * end.
   */
  private static long defaultMac(String name, int end) {
    return 0x024d_0000_0000L | (name.hashCode() & 0xffff_fffeL) | end;
  }

  /** Makes the queue of an end that has been opened. */
  MemQueue attach(int end, FramePool pool) {
    synchronized (WIRES) {
      if (lanes[end].isClosed()) {
        if (lanes[end] != lanesInUse[end]) {
          lanes[end].free();
        }
        lanes[end] = new Lane(options.ring());
      }
      return new MemQueue(new LaneReceiver(lanes[end], pool, options.lane()), senders[1 - end]);
    }
  }

  /** For a sender that finds its lane closed: the lane that has taken its place, or null. */
  private Lane nextLane(int end) {
    synchronized (WIRES) {
      if (lanes[end].isClosed()) {
        return null;
      }
      lanesInUse[end].free();
      lanesInUse[end] = lanes[end];
      return lanes[end];
    }
  }

  /** Closes an end. */
  void unplug(int end) {
    synchronized (WIRES) {
      open[end] = false;
      if (open[1 - end]) {
        return;
      }
      WIRES.remove(name);
      for (int each = 0; each < 2; each++) {
        if (lanesInUse[each] != lanes[each]) {
          lanesInUse[each].free();
        }
        lanes[each].free();
      }
    }
  }
}
