package io.millrace.port;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.link.Ethernet;
import java.util.SplittableRandom;

/**
 * One direction of a bad link: frames enter, and leave later, changed, twice or not at all.
 *
 * <pre>
 *  enter: lost? - damaged? - copied? -&gt; | ring, in order of arrival      | -&gt; leave
 *                                        | waiting for the rate, the delay |
 *                                                            held back? ---&gt; a few wait until others have passed
 * </pre>
 *
 * <p>Owns the frames between {@link #enter} and {@link #leave}. <b>Thread:</b> the shard's.
 * Allocates nothing.
 */
final class BadLink {
  /** Frames that can be held back at a time; further ones keep their place. */
  private static final int HELD = 32;

  /**
   * A frame is not held back for longer than this, in nanoseconds: nothing may come that could
   * overtake it.
   */
  static final long LONGEST_HOLD = 10_000_000;

  private static final long NANO_BITS = 8_000_000_000L;

  private final Impairment how;
  private final SplittableRandom random;
  private final int most;
  private Counters counters = new Counters();

  private final Frame[] ring;
  private final boolean[] late;
  private final long[] departs;
  private final long[] due;
  private final int mask;
  private int head;
  private int tail;

  /** The first place in the ring whose frame still waits for the rate. */
  private int waiting;

  private long linkFree = Long.MIN_VALUE;
  private long lastDue = Long.MIN_VALUE;

  private final Frame[] held = new Frame[HELD];
  private final int[] heldFor = new int[HELD];
  private final long[] heldUntil = new long[HELD];
  private int heldCount;

  /**
   * Creates a link.
   *
   * @param most the most frames that are on the link at a time
   */
  BadLink(Impairment how, long seed, int most) {
    this.how = how;
    this.random = new SplittableRandom(seed);
    this.most = most;
    int size = Integer.highestOneBit(Math.max(2, most) * 2 - 1);
    ring = new Frame[size];
    late = new boolean[size];
    departs = new long[size];
    due = new long[size];
    mask = size - 1;
  }

  void countInto(Counters newCounters) {
    counters = newCounters;
  }

  /** Takes ownership. */
  void enter(Frame frame, long now) {
    if (how.narrow() != 0 && frame.totalLength() - Ethernet.HEADER_SIZE > how.narrow()) {
      drop(frame, DropReason.IMPAIRED_TOO_LONG);
      return;
    }
    if (happens(how.loss())) {
      drop(frame, DropReason.IMPAIRED_LOSS);
      return;
    }
    Frame packet = happens(how.corrupt()) ? damage(frame) : frame;
    Frame copy = happens(how.duplicate()) ? copy(packet) : null;
    queue(packet, now);
    if (copy != null) {
      queue(copy, now);
    }
  }

  private boolean happens(double share) {
    return share > 0 && random.nextDouble() < share;
  }

  private void drop(Frame frame, DropReason reason) {
    counters.drop(reason);
    frame.release();
  }

  private void queue(Frame frame, long now) {
    long depart = now;
    if (how.rate() > 0) {
      while (waiting != tail && departs[waiting & mask] <= now) {
        waiting++;
      }
      if (tail - waiting >= how.queue()) {
        drop(frame, DropReason.IMPAIRED_QUEUE_FULL);
        return;
      }
    }
    if (tail - head >= most) {
      drop(frame, DropReason.IMPAIRED_QUEUE_FULL);
      return;
    }
    if (how.rate() > 0) {
      depart = Math.max(now, linkFree) + frame.totalLength() * NANO_BITS / how.rate();
      linkFree = depart;
    }
    lastDue = Math.max(lastDue, depart + delay());
    int place = tail & mask;
    ring[place] = frame;
    departs[place] = depart;
    due[place] = lastDue;
    late[place] = happens(how.reorder());
    tail++;
  }

  private long delay() {
    long jitter = how.jitter();
    return jitter == 0
        ? how.delay()
        : how.delay() - jitter + (long) (random.nextDouble() * (2 * jitter + 1));
  }

  /** Gives up to {@code max} frames that are due; ownership moves to the caller. */
  int leave(Frame[] out, int max, long now) {
    int n = 0;
    while (n < max) {
      Frame frame = heldCount > 0 ? takeHeld(now) : null;
      if (frame == null) {
        if (head == tail || due[head & mask] > now) {
          break;
        }
        frame = takeFirst(now);
      }
      if (frame != null) {
        out[n++] = frame;
      }
    }
    return n;
  }

  /** The first frame of the ring, or null if it is held back. */
  private Frame takeFirst(long now) {
    int place = head & mask;
    Frame frame = ring[place];
    ring[place] = null;
    if (waiting == head) {
      waiting++;
    }
    head++;
    if (late[place] && heldCount < HELD) {
      held[heldCount] = frame;
      heldFor[heldCount] = how.reorderGap();
      heldUntil[heldCount] = now + LONGEST_HOLD;
      heldCount++;
      return null;
    }
    for (int i = 0; i < heldCount; i++) {
      if (--heldFor[i] == 0) {
        heldUntil[i] = now;
      }
    }
    return frame;
  }

  private Frame takeHeld(long now) {
    for (int i = 0; i < heldCount; i++) {
      if (heldUntil[i] <= now) {
        Frame frame = held[i];
        heldCount--;
        for (int j = i; j < heldCount; j++) {
          held[j] = held[j + 1];
          heldFor[j] = heldFor[j + 1];
          heldUntil[j] = heldUntil[j + 1];
        }
        held[heldCount] = null;
        return frame;
      }
    }
    return null;
  }

  /** When the next frame can leave; {@code Long.MAX_VALUE} if there is none. */
  long nextDeadline() {
    long earliest = head == tail ? Long.MAX_VALUE : due[head & mask];
    for (int i = 0; i < heldCount; i++) {
      earliest = Math.min(earliest, heldUntil[i]);
    }
    return earliest;
  }

  /** The frame with one bit flipped; another frame if others also read this one's bytes. */
  private Frame damage(Frame frame) {
    if (frame.totalLength() == 0) {
      return frame;
    }
    int bit = random.nextInt(frame.totalLength() * 8);
    Frame own = frame;
    if (frame.tailLength() != 0 || frame.references() > 1) {
      own = copy(frame);
      if (own == null) {
        return frame;
      }
      frame.release();
    }
    long at = own.address() + (bit >>> 3);
    Bytes.put8(at, Bytes.u8(at) ^ 1 << (bit & 7));
    // Nobody vouches for these bytes any more.
    own.clear(Frame.RX_CHECKSUM_OK | Frame.CHECKSUM_PARTIAL);
    return own;
  }

  /** A copy in one piece with the same hints, or null if there is no frame for it. */
  private static Frame copy(Frame frame) {
    FramePool pool = frame.pool();
    int length = frame.totalLength();
    Frame copy =
        FramePool.HEADROOM + length <= pool.frameSize() ? pool.allocate() : pool.allocateLarge();
    if (copy == null) {
      return null;
    }
    frame.gather(copy.append(length));
    copy.set(frame.flags());
    copy.segmentSize(frame.segmentSize());
    copy.vlan(frame.vlan());
    copy.receiveTime(frame.receiveTime());
    if (frame.has(Frame.CHECKSUM_PARTIAL)) {
      copy.requestChecksum(
          copy.address() + (frame.checksumAddress() - frame.address()), frame.checksumOffset());
    }
    return copy;
  }

  /** Gives back every frame. */
  void releaseAll() {
    while (head != tail) {
      ring[head & mask].release();
      ring[head & mask] = null;
      head++;
    }
    waiting = tail;
    for (int i = 0; i < heldCount; i++) {
      held[i].release();
      held[i] = null;
    }
    heldCount = 0;
  }
}
