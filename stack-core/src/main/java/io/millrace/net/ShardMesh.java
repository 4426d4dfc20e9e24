package io.millrace.net;

import io.millrace.buf.FramePool;
import io.millrace.buf.Region;
import io.millrace.lane.Lane;
import io.millrace.lane.LaneConfig;
import io.millrace.lane.LaneReceiver;
import io.millrace.lane.LaneSender;
import io.millrace.transport.SipHash;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;

/**
 * What lies between the shards of a stack: a ring and a lane from each to each, and a row of bells
 * for each. Made and closed by the threads that start and close the stack.
 */
final class ShardMesh implements AutoCloseable {
  private static final int RING = 1024;
  private static final int LANE = 256;

  /** The part of its frames that a shard keeps posted in its lanes at most: one in this many. */
  private static final int SHARE = 8;

  /** A row of bells has two cache lines of its own, because adjacent ones are fetched in pairs. */
  private static final int ROW = 128;

  /** Large frames that a lane keeps posted, if the pool has them. */
  static final int LARGE_PER_LANE = 2;

  private static final int LONGEST = FramePool.LARGE_SIZE;

  private final List<ShardGroup> groups = new ArrayList<>();
  private final List<Lane> lanes = new ArrayList<>();
  private final Region bells;

  ShardMesh(List<Shard> shards) {
    int size = shards.size();
    bells = Region.allocate((long) size * ROW, false);
    Inlet[][] inlets = new Inlet[size][size];
    Outlet[][] outlets = new Outlet[size][size];
    for (int from = 0; from < size; from++) {
      for (int to = 0; to < size; to++) {
        Shard target = shards.get(to);
        if (from == to) {
          outlets[from][to] = new Outlet(target, null, null, 0);
          continue;
        }
        OneToOneConcurrentArrayQueue<Runnable> ring = new OneToOneConcurrentArrayQueue<>(RING);
        Lane lane = new Lane(LANE);
        lanes.add(lane);
        LaneConfig config = lane(target.pool(), size);
        long bell = bells.address() + (long) to * ROW + from;
        inlets[to][from] = new Inlet(ring, new LaneReceiver(lane, target.pool(), config), bell);
        outlets[from][to] =
            new Outlet(target, ring, new LaneSender(lane, config, () -> null), bell);
      }
    }
    SipHash secret = new SipHash(shards.getFirst().random());
    for (int i = 0; i < size; i++) {
      long row = bells.address() + (long) i * ROW;
      groups.add(new ShardGroup(shards.get(i), outlets[i], inlets[i], row, secret));
    }
  }

  /**
   * A full lane loses packets, as a network does, and a shard's lanes together take a bounded part
   * of its frames.
   */
  private static LaneConfig lane(FramePool pool, int shards) {
    int depth = Math.clamp(pool.frames() / SHARE / (shards - 1), 1, LANE);
    int depthLarge = Math.min(LARGE_PER_LANE, pool.largeFrames() / 2 / (shards - 1));
    return new LaneConfig(LONGEST, true, true, false, depth, depthLarge);
  }

  ShardGroup group(int shard) {
    return groups.get(shard);
  }

  /** All shards have stopped, and their frames are still there. */
  @Override
  public void close() {
    groups.forEach(ShardGroup::close);
    lanes.forEach(Lane::free);
    bells.close();
  }
}
