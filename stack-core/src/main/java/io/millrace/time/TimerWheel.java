package io.millrace.time;

/**
 * A hierarchical timing wheel: scheduling and cancelling take constant time, whatever the number of
 * timers.
 *
 * <p>Four levels of 256 slots, 2^16 ns (65.5 µs) a tick on the lowest, so about 78 hours ahead;
 * what lies further waits in the last slot and is placed again. A node never fires before its
 * deadline, and fires in the first {@link #advance} whose time has reached it, so a test that jumps
 * the clock to {@link #nextDeadline()} sees exact times.
 *
 * <p><b>Thread:</b> the shard's. Allocates only in its constructor.
 */
public final class TimerWheel {
  private static final int TICK_SHIFT = 16;
  private static final int LEVEL_SHIFT = 8;
  private static final int SLOTS = 1 << LEVEL_SHIFT;
  private static final int MASK = SLOTS - 1;
  private static final int LEVELS = 4;
  private static final long HORIZON = 1L << (LEVELS * LEVEL_SHIFT);

  /**
   * The list of nodes that are firing now, kept behind the slots so that cancelling one of them
   * just works.
   */
  private static final int DUE = LEVELS * SLOTS;

  private final TimerNode[] heads = new TimerNode[DUE + 1];

  /** One bit per slot, four words a level; the last word is for the list of firing nodes. */
  private final long[] occupied = new long[DUE / Long.SIZE + 1];

  /** The tick that has been reached; all ticks before it are empty. */
  private long tick;

  private int size;

  /** Creates an empty wheel that starts at {@code now}. */
  public TimerWheel(long now) {
    tick = now >> TICK_SHIFT;
  }

  /** The number of scheduled nodes. */
  public int size() {
    return size;
  }

  /** Schedules {@code node} for {@code deadline}, moving it if it is scheduled already. */
  public void schedule(TimerNode node, long deadline) {
    if (node.wheelSlot >= 0) {
      unlink(node);
    } else {
      size++;
    }
    node.wheelDeadline = deadline;
    place(node);
  }

  /** Takes {@code node} out; nothing happens if it is not in. */
  public void cancel(TimerNode node) {
    if (node.wheelSlot >= 0) {
      unlink(node);
      size--;
    }
  }

  private void place(TimerNode node) {
    long at = Math.max(node.wheelDeadline >> TICK_SHIFT, tick);
    long distance = at - tick;
    if (distance >= HORIZON) {
      at = tick + HORIZON - 1;
      distance = HORIZON - 1;
    }
    int level = distance < SLOTS ? 0 : (63 - Long.numberOfLeadingZeros(distance)) / LEVEL_SHIFT;
    int slot = level * SLOTS + (int) (at >>> (level * LEVEL_SHIFT) & MASK);
    TimerNode head = heads[slot];
    node.wheelSlot = slot;
    node.wheelPrevious = null;
    node.wheelNext = head;
    if (head != null) {
      head.wheelPrevious = node;
    } else {
      occupied[slot >> 6] |= 1L << slot;
    }
    heads[slot] = node;
  }

  private void unlink(TimerNode node) {
    TimerNode next = node.wheelNext;
    TimerNode previous = node.wheelPrevious;
    int slot = node.wheelSlot;
    if (next != null) {
      next.wheelPrevious = previous;
    }
    if (previous != null) {
      previous.wheelNext = next;
    } else {
      heads[slot] = next;
      if (next == null) {
        occupied[slot >> 6] &= ~(1L << slot);
      }
    }
    node.wheelNext = null;
    node.wheelPrevious = null;
    node.wheelSlot = -1;
  }

  /**
   * Fires what is due at {@code now}, in the order of ticks, and returns how many fired. A node
   * that a callback schedules for {@code now} or earlier fires in the next call, so a callback
   * cannot hold the shard.
   */
  public int advance(long now) {
    long target = now >> TICK_SHIFT;
    int fired = fireDue(now); // those that a throwing callback left behind
    while (true) {
      fired += fireSlot((int) (tick & MASK), now);
      if (tick >= target) {
        return fired;
      }
      if (size == 0) {
        tick = target;
        return fired;
      }
      tick = nextStop(target);
      if ((tick & MASK) == 0) {
        cascade();
      }
    }
  }

  /**
   * The next tick at which level 0 has something or a higher level must be brought down, at most
   * {@code target}.
   */
  private long nextStop(long target) {
    long boundary = (tick | MASK) + 1;
    int from = (int) (tick & MASK) + 1;
    int slot = from == SLOTS ? -1 : nextOccupied(0, from);
    long stop = slot < 0 ? boundary : (tick & ~(long) MASK) + slot;
    return Math.min(stop, target);
  }

  private void cascade() {
    for (int level = 1; level < LEVELS; level++) {
      int slot = (int) (tick >>> (level * LEVEL_SHIFT) & MASK);
      replace(level * SLOTS + slot);
      if (slot != 0) {
        return;
      }
    }
  }

  private void replace(int slot) {
    TimerNode node = heads[slot];
    heads[slot] = null;
    occupied[slot >> 6] &= ~(1L << slot);
    while (node != null) {
      TimerNode next = node.wheelNext;
      place(node);
      node = next;
    }
  }

  private int fireSlot(int slot, long now) {
    TimerNode node = heads[slot];
    if (node == null) {
      return 0;
    }
    // Due nodes move to a list of their own first: a callback may cancel or reschedule any node.
    TimerNode due = null;
    while (node != null) {
      TimerNode next = node.wheelNext;
      if (node.wheelDeadline <= now) {
        unlink(node);
        node.wheelNext = due;
        if (due != null) {
          due.wheelPrevious = node;
        }
        node.wheelSlot = DUE;
        due = node;
      }
      node = next;
    }
    heads[DUE] = due;
    return fireDue(now);
  }

  private int fireDue(long now) {
    int fired = 0;
    TimerNode node;
    while ((node = heads[DUE]) != null) {
      unlink(node);
      size--;
      fired++;
      node.onTimer(now);
    }
    return fired;
  }

  /**
   * A time at or before which nothing fires: the earliest deadline, or {@code Long.MAX_VALUE} if
   * there is none.
   */
  public long nextDeadline() {
    if (size == 0) {
      return Long.MAX_VALUE;
    }
    long earliest = Math.min(earliestIn(DUE), earliestOnTop());
    for (int level = 0; level < LEVELS - 1; level++) {
      int here = (int) (tick >>> (level * LEVEL_SHIFT) & MASK);
      int slot = nextOccupied(level, here);
      if (slot < 0) {
        slot = nextOccupied(level, 0);
      }
      if (slot >= 0) {
        earliest = Math.min(earliest, earliestIn(level * SLOTS + slot));
        // The slot under the cursor of a higher level holds what lies a whole turn ahead: look
        // behind it, too.
        if (level > 0 && slot == here) {
          int later = here == MASK ? -1 : nextOccupied(level, here + 1);
          later = later < 0 ? nextOccupied(level, 0) : later;
          earliest = Math.min(earliest, earliestIn(level * SLOTS + later));
        }
      }
    }
    return earliest;
  }

  /**
   * The earliest deadline on the highest level. Its slots also hold what lies beyond the horizon,
   * so the first one that is occupied need not have it: walks on until a slot begins later.
   */
  private long earliestOnTop() {
    int level = LEVELS - 1;
    int shift = level * LEVEL_SHIFT;
    if (nextOccupied(level, 0) < 0) {
      return Long.MAX_VALUE;
    }
    long turn = tick >> shift;
    long earliest = Long.MAX_VALUE;
    for (int ahead = 1; ahead <= SLOTS; ahead++) {
      long start = (turn + ahead) << (shift + TICK_SHIFT);
      if (earliest <= start) {
        break;
      }
      earliest = Math.min(earliest, earliestIn(level * SLOTS + (int) (turn + ahead & MASK)));
    }
    return earliest;
  }

  private long earliestIn(int slot) {
    long earliest = Long.MAX_VALUE;
    for (TimerNode node = heads[slot]; node != null; node = node.wheelNext) {
      earliest = Math.min(earliest, node.wheelDeadline);
    }
    return earliest;
  }

  /** The first occupied slot of {@code level} at or after {@code from}, or -1. */
  private int nextOccupied(int level, int from) {
    int base = level * (SLOTS / Long.SIZE);
    int word = from >> 6;
    long bits = occupied[base + word] & (-1L << from);
    while (bits == 0) {
      if (++word == SLOTS / Long.SIZE) {
        return -1;
      }
      bits = occupied[base + word];
    }
    return (word << 6) + Long.numberOfTrailingZeros(bits);
  }
}
