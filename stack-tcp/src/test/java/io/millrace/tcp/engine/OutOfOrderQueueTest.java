package io.millrace.tcp.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * The queue against a bitmap: whatever overlaps, it holds each number once, reports exactly what it
 * holds, and gives it back in order; wherever in the 32 bits the numbers lie.
 */
class OutOfOrderQueueTest {
  private static final int SPAN = 400;

  private final BitSet held = new BitSet();
  private final OutOfOrderQueue queue = new OutOfOrderQueue();

  private static byte at(int position) {
    return (byte) (position * 7 + 1);
  }

  @Property(tries = 2_000)
  void itHoldsWhatABitmapHolds(
      @ForAll long seed,
      @ForAll int base,
      @ForAll boolean nearTheWrap,
      @ForAll @IntRange(min = 1, max = 60) int operations,
      @ForAll @IntRange(min = 1, max = 100) int longest) {
    held.clear(); // the instance is the same for all tries
    Random random = new Random(seed);
    int origin = nearTheWrap ? -SPAN / 2 : base;
    try (FramePool pool = new FramePool(300, 512, 0, false)) {
      int next = 0; // RCV.NXT, counted from the origin
      for (int i = 0; i < operations; i++) {
        if (random.nextInt(6) == 0) {
          next = advance(pool, origin, next, next + random.nextInt(30));
        } else {
          int start = next + 1 + random.nextInt(SPAN - Math.min(next, SPAN - 1));
          insert(pool, origin, start, start + 1 + random.nextInt(longest));
        }
        assertThat(reported(origin)).isEqualTo(ranges());
      }
      queue.clear();
      assertThat(queue.isEmpty()).isTrue();
      assertThat(pool.available()).isEqualTo(300);
    }
  }

  private void insert(FramePool pool, int origin, int start, int end) {
    Frame frame = pool.allocate();
    long to = frame.append(end - start);
    for (int i = start; i < end; i++) {
      Bytes.put8(to + i - start, at(i));
    }
    frame.mark(origin + start);
    boolean known = held.nextClearBit(start) >= end;
    OutOfOrderQueue.Result result = queue.insert(frame);
    assertThat(result)
        .isEqualTo(known ? OutOfOrderQueue.Result.DUPLICATE : OutOfOrderQueue.Result.TAKEN);
    if (known) {
      frame.release();
    }
    held.set(start, end);
    int[] starts = new int[1];
    int[] ends = new int[1];
    // The latest is reported first, whole (RFC 2018 §4).
    assertThat(queue.blocks(starts, ends, 0, 1)).isEqualTo(1);
    assertThat(starts[0] - origin).isLessThanOrEqualTo(start);
    assertThat(ends[0] - origin).isGreaterThanOrEqualTo(end);
  }

  /** RCV.NXT comes to {@code to}: what lies there and follows is given back. */
  private int advance(FramePool pool, int origin, int from, int to) {
    int next = to;
    Frame frame;
    while ((frame = queue.pop(origin + next)) != null) {
      assertThat(held.get(next)).isTrue();
      for (int i = 0; i < frame.length(); i++) {
        assertThat(frame.getByte(i)).isEqualTo(at(next + i));
      }
      next += frame.length();
      frame.release();
    }
    assertThat(held.get(next)).as("%d is held but not given, from %d", next, from).isFalse();
    queue.advance(origin + next);
    held.clear(0, next);
    return next;
  }

  private List<List<Integer>> ranges() {
    List<List<Integer>> all = new ArrayList<>();
    for (int start = held.nextSetBit(0); start >= 0; ) {
      int end = held.nextClearBit(start);
      all.add(List.of(start, end));
      start = held.nextSetBit(end);
    }
    return all;
  }

  private List<List<Integer>> reported(int origin) {
    int[] starts = new int[256];
    int[] ends = new int[256];
    int n = queue.blocks(starts, ends, 0, 256);
    List<List<Integer>> all = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      all.add(List.of(starts[i] - origin, ends[i] - origin));
    }
    all.sort((a, b) -> a.getFirst() - b.getFirst());
    return all;
  }
}
