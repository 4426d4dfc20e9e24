package io.millrace.transport;

/**
 * A bounded set of serial-number ranges [start, end), kept sorted and disjoint: what a peer has
 * selectively acknowledged. All members lie within 2^31 of each other. Allocates only in its
 * constructor.
 */
public final class RangeSet {
  private final int[] starts;
  private final int[] ends;
  private int count;
  private int bytes;

  /** Creates a set of at most {@code capacity} ranges. */
  public RangeSet(int capacity) {
    starts = new int[capacity];
    ends = new int[capacity];
  }

  /** The number of ranges. */
  public int count() {
    return count;
  }

  /** The sum of the ranges' lengths. */
  public int bytes() {
    return bytes;
  }

  /** The first number of range {@code i}, ranges in ascending order. */
  public int start(int i) {
    return starts[i];
  }

  /** The number behind range {@code i}. */
  public int end(int i) {
    return ends[i];
  }

  /** Empties the set. */
  public void clear() {
    count = 0;
    bytes = 0;
  }

  /** The first range that ends behind {@code value}; {@link #count()} if none does. O(log n). */
  public int find(int value) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Serial.gt(ends[middle], value)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** Whether {@code value} is in a range. */
  public boolean contains(int value) {
    int i = find(value);
    return i < count && Serial.le(starts[i], value);
  }

  /**
   * Adds [start, end), merging what it touches.
   *
   * @return the number of values that were not in the set before; 0 also if the set is full and the
   *     range touches none
   */
  public int add(int start, int end) {
    int first = find(start - 1); // also a range that ends exactly at start is merged
    int last = first;
    int mergedStart = start;
    int mergedEnd = end;
    int had = 0;
    while (last < count && Serial.le(starts[last], end)) {
      mergedStart = Serial.min(mergedStart, starts[last]);
      mergedEnd = Serial.max(mergedEnd, ends[last]);
      had += ends[last] - starts[last];
      last++;
    }
    int removed = last - first;
    if (removed == 0) {
      if (count == starts.length) {
        return 0;
      }
      shift(first, 1);
    } else if (removed > 1) {
      shift(last, 1 - removed);
    }
    starts[first] = mergedStart;
    ends[first] = mergedEnd;
    int added = mergedEnd - mergedStart - had;
    bytes += added;
    return added;
  }

  /** Removes everything before {@code value}. */
  public void removeBefore(int value) {
    int keep = find(value);
    for (int i = 0; i < keep; i++) {
      bytes -= ends[i] - starts[i];
    }
    if (keep != 0) {
      shift(keep, -keep);
    }
    if (count > 0 && Serial.lt(starts[0], value)) {
      bytes -= value - starts[0];
      starts[0] = value;
    }
  }

  private void shift(int from, int by) {
    System.arraycopy(starts, from, starts, from + by, count - from);
    System.arraycopy(ends, from, ends, from + by, count - from);
    count += by;
  }
}
