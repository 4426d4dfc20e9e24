package io.millrace.driver.mem;

import io.millrace.buf.Bytes;
import io.millrace.buf.FramePool;
import io.millrace.buf.Region;
import io.millrace.flow.Toeplitz;
import io.millrace.lane.Lane;
import io.millrace.lane.LaneConfig;
import io.millrace.lane.LaneReceiver;
import io.millrace.lane.LaneSender;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/**
 * A wire by its name: lanes from each queue of an end to each of the other. It exists while at
 * least one end is open.
 *
 * <p>All of this is cold. The threads that open and close ports, and a sender whose receiver has
 * gone, meet in the class's lock.
 */
final class Wire {
  private static final Map<String, Wire> WIRES = new HashMap<>();

  /** Each count has two cache lines of its own. */
  private static final long COUNT_SIZE = 128;

  private static final int OFFLOADS =
      PortInfo.TX_CHECKSUM
          | PortInfo.TX_SEGMENT_TCP4
          | PortInfo.TX_SEGMENT_TCP6
          | PortInfo.TX_SEGMENT_UDP4
          | PortInfo.TX_SEGMENT_UDP6
          | PortInfo.RX_CHECKSUM
          | PortInfo.RX_LARGE;

  private final String name;
  private final WireOptions options;
  private final boolean[] open = new boolean[2];

  /** By the end that receives, its queue, and the queue that sends. */
  private final Strand[][][] strands;

  /** Where each end's number of open queues is, for the senders of the other end. */
  private final Region counts = Region.allocate(2 * COUNT_SIZE, false);

  /** By which all senders choose the receiving queue. */
  private final Toeplitz hash;

  private Wire(String name, WireOptions options) {
    this.name = name;
    this.options = options;
    this.hash = hash(name, options.queues());
    this.strands = new Strand[2][options.queues()][options.queues()];
    for (int end = 0; end < 2; end++) {
      Bytes.setIntRelease(countAt(end), 1);
      for (Strand[] row : strands[end]) {
        Arrays.setAll(row, queue -> new Strand(options.ring(), options.lane()));
      }
    }
  }

  /** A network card's key is fixed while it runs; this one's depends on the wire's name alone. */
  private static Toeplitz hash(String name, int queues) {
    byte[] key = new byte[Toeplitz.KEY_SIZE];
    new Random(name.hashCode()).nextBytes(key);
    return new Toeplitz(key, queues);
  }

  private long countAt(int end) {
    return counts.address() + end * COUNT_SIZE;
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
      int queues = Math.min(config.queues(), wire.options.queues());
      Bytes.setIntRelease(wire.countAt(end), queues);
      return new MemPort(
          wire,
          end,
          new PortInfo(
              "mem:" + name,
              mac,
              wire.options.mtu(),
              queues,
              wire.options.offload() ? OFFLOADS : 0,
              0,
              new Toeplitz(wire.hash.key(), queues)));
    }
  }

  /**
   * Locally administered: 02:4d, four bytes of the name's hash, of which the last bit says which
   * end.
   */
  private static long defaultMac(String name, int end) {
    return 0x024d_0000_0000L | (name.hashCode() & 0xffff_fffeL) | end;
  }

  /** Makes a queue of an end that has been opened. */
  Attached attach(int end, int queue, FramePool pool) {
    synchronized (WIRES) {
      int peers = options.queues();
      LaneConfig config = options.lane(pool);
      LaneReceiver[] receivers = new LaneReceiver[peers];
      LaneSender[] senders = new LaneSender[peers];
      for (int peer = 0; peer < peers; peer++) {
        Lane lane = strands[end][queue][peer].open();
        receivers[peer] = new LaneReceiver(lane, pool, config);
        senders[peer] = strands[1 - end][peer][queue].sender();
      }
      PortQueue lanes =
          peers == 1
              ? new MemQueue(receivers[0], senders[0])
              : new SpreadQueue(receivers, senders, hash, countAt(1 - end));
      return new Attached(lanes, List.of(receivers));
    }
  }

  /** What senders ask while ports are opened and closed by other threads. */
  static Lane locked(Supplier<Lane> question) {
    synchronized (WIRES) {
      return question.get();
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
      for (Strand[][] rows : strands) {
        for (Strand[] row : rows) {
          for (Strand strand : row) {
            strand.free();
          }
        }
      }
      counts.close();
    }
  }
}
