package io.millrace.tcp.engine;

import io.millrace.buf.Frame;
import io.millrace.transport.RangeSet;
import io.millrace.transport.Serial;

/**
 * Segments that arrived ahead of RCV.NXT, sorted and disjoint, and the ranges they make for SACK
 * (RFC 2018 §4).
 *
 * <p>Bounded in frames and ranges; a place is found in O(log n). Objects are pooled per shard: a
 * connection whose data comes in order has none.
 */
final class OutOfOrderQueue {
  static final int MAX_FRAMES = 4096;
  private static final int MAX_RANGES = 256;
  private static final int RECENT = 4;

  private Frame[] frames = new Frame[64];
  private int count;
  private final RangeSet ranges = new RangeSet(MAX_RANGES);

  /** Numbers inside the ranges that were reported last, most recent first. */
  private final int[] recent = new int[RECENT];

  private int recentCount;

  /** The number of the peer's FIN if it came out of order. */
  private int finSeq;

  private boolean hasFin;

  boolean isEmpty() {
    return count == 0 && !hasFin;
  }

  int frameCount() {
    return count;
  }

  void fin(int seq) {
    finSeq = seq;
    hasFin = true;
  }

  boolean isFinAt(int seq) {
    return hasFin && finSeq == seq;
  }

  /** What became of a segment that was put in. */
  enum Result {
    TAKEN,
    DUPLICATE,
    FULL
  }

  /**
   * Puts in a segment whose first number is the frame's mark. Takes the frame only if the answer is
   * TAKEN; what others already hold is cut off it.
   */
  Result insert(Frame frame) {
    int start = (int) frame.mark();
    int end = start + frame.length();
    if (holds(start, end)) {
      remember(start); // reported first, behind the duplicate itself (RFC 2883 §4)
      return Result.DUPLICATE;
    }
    int at = find(start);
    if (at > 0) {
      int before = end(frames[at - 1]);
      if (Serial.gt(before, start)) {
        frame.pull(before - start);
        start = before;
        frame.mark(start);
      }
    }
    int covered = at;
    while (covered < count && Serial.le(end(frames[covered]), end)) {
      covered++;
    }
    if (covered == at && count == MAX_FRAMES) {
      return Result.FULL;
    }
    if (covered < count && Serial.lt((int) frames[covered].mark(), end)) {
      end = (int) frames[covered].mark();
      frame.trim(end - start);
    }
    if (ranges.add(start, end) == 0 && !ranges.contains(start)) {
      // A range more than the set can hold is not kept at all, so that SACK never says less than we
      // hold.
      return Result.FULL;
    }
    place(frame, at, covered);
    remember(start);
    return Result.TAKEN;
  }

  /** Whether every number in [start, end) is here. */
  private boolean holds(int start, int end) {
    int range = ranges.find(start);
    return range < ranges.count()
        && Serial.le(ranges.start(range), start)
        && Serial.ge(ranges.end(range), end);
  }

  /** The index of the first frame that starts at or behind {@code start}. */
  private int find(int start) {
    if (count > 0 && Serial.lt((int) frames[count - 1].mark(), start)) {
      return count; // the usual case: behind everything
    }
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Serial.lt((int) frames[middle].mark(), start)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Puts {@code frame} where the frames [from, to) were, which it covers. */
  private void place(Frame frame, int from, int to) {
    for (int i = from; i < to; i++) {
      frames[i].release();
    }
    int shift = 1 - (to - from);
    if (count + shift > frames.length) {
      frames = java.util.Arrays.copyOf(frames, frames.length * 2);
    }
    if (shift != 0 && to < count) {
      System.arraycopy(frames, to, frames, to + shift, count - to);
    }
    for (int i = count + shift; i < count; i++) {
      frames[i] = null;
    }
    frames[from] = frame;
    count += shift;
  }

  private static int end(Frame frame) {
    return (int) frame.mark() + frame.length();
  }

  /** Moves the range with {@code seq} to the front of those to report. */
  private void remember(int seq) {
    int i = 0;
    int range = ranges.find(seq);
    while (i < recentCount && ranges.find(recent[i]) != range) {
      i++;
    }
    if (i == recentCount && recentCount < RECENT) {
      recentCount++;
    }
    for (int j = Math.min(i, RECENT - 1); j > 0; j--) {
      recent[j] = recent[j - 1];
    }
    recent[0] = seq;
  }

  /**
   * Takes the first frame out if it starts at or before {@code rcvNxt}, with what lies before it
   * cut off; null if it does not. Frames that are wholly before are released.
   */
  Frame pop(int rcvNxt) {
    while (count > 0 && Serial.le((int) frames[0].mark(), rcvNxt)) {
      Frame frame = frames[0];
      count--;
      System.arraycopy(frames, 1, frames, 0, count);
      frames[count] = null;
      int before = rcvNxt - (int) frame.mark();
      if (before < frame.length()) {
        frame.pull(before);
        return frame;
      }
      frame.release();
    }
    return null;
  }

  /** RCV.NXT has moved: what lies before it is not reported any more. */
  void advance(int rcvNxt) {
    ranges.removeBefore(rcvNxt);
    int kept = 0;
    for (int i = 0; i < recentCount; i++) {
      if (Serial.ge(recent[i], rcvNxt)) {
        recent[kept++] = recent[i];
      }
    }
    recentCount = kept;
  }

  /**
   * Writes up to {@code max} SACK blocks, the most recent first, and returns how many (RFC 2018
   * §4).
   */
  int blocks(int[] starts, int[] ends, int from, int max) {
    int n = 0;
    for (int i = 0; i < recentCount && n < max; i++) {
      int range = ranges.find(recent[i]);
      if (range < ranges.count() && !reported(starts, from, n, ranges.start(range))) {
        starts[from + n] = ranges.start(range);
        ends[from + n] = ranges.end(range);
        n++;
      }
    }
    // As many as there is room for (RFC 2018 §4): those that were pushed off the list of recent
    // ones.
    for (int range = 0; range < ranges.count() && n < max; range++) {
      if (!reported(starts, from, n, ranges.start(range))) {
        starts[from + n] = ranges.start(range);
        ends[from + n] = ranges.end(range);
        n++;
      }
    }
    return n;
  }

  private static boolean reported(int[] starts, int from, int n, int start) {
    for (int i = 0; i < n; i++) {
      if (starts[from + i] == start) {
        return true;
      }
    }
    return false;
  }

  /** Releases everything. */
  void clear() {
    for (int i = 0; i < count; i++) {
      frames[i].release();
      frames[i] = null;
    }
    count = 0;
    ranges.clear();
    recentCount = 0;
    hasFin = false;
  }
}
