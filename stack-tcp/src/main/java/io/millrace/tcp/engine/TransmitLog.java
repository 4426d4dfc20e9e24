package io.millrace.tcp.engine;

import io.millrace.transport.Serial;
import java.util.Arrays;

/**
 * When each segment in flight was last sent, and what is known of it (RFC 8985 §5.2): a ring in the
 * order of the numbers, which for segments that were sent once is the order of time too. Segments
 * sent again are in a second ring, in the order of time; what has become of one since makes its
 * place there void, and it is skipped when it comes to the front.
 *
 * <pre>
 *   first            oldest                      last
 *     |  a  S  r  L  |  S  .  .  .  S  .  .  .  .  |       S selectively acknowledged
 *     |              |                             |       L lost, to be sent again
 *     |  judged      |  sent once, not judged      |       r sent again: in the second ring
 * </pre>
 *
 * <p>A connection has one while it uses SACK and something is in flight. Objects are pooled per
 * shard; arrays grow to the largest flight and are given up when they have become very large.
 * Indices count up from 0 and are valid from {@link #first()} to {@link #last()}.
 */
final class TransmitLog {
  /** With this many segments in flight no new data is sent. */
  static final int MAX_SEGMENTS = 1 << 17;

  private static final int INITIAL = 64;
  private static final int KEPT = 2_048;

  private static final int SACKED = 1;
  private static final int LOST = 1 << 1;
  private static final int RETRANSMITTED = 1 << 2;

  /** Two for each segment: the time, and its end in the high half with the flags in the low one. */
  private long[] ring = new long[2 * INITIAL];

  private int first;
  private int last;

  /** SND.UNA: where the first segment begins, as far as it is not acknowledged. */
  private int base;

  /** The first segment sent once whose loss has not been decided on. */
  private int oldest;

  /** No segment before this one is marked as lost. */
  private int lostFrom;

  /** Of a lost segment too large to be sent again as one: where the rest of it begins. */
  private int resume;

  private int sackedSegments;
  private int lostSegments;
  private int lostBytes;
  private int resentSegments;

  /** Two for each retransmission: the time, and the index of the segment. */
  private long[] resent = new long[2 * INITIAL];

  private int resentFirst;
  private int resentLast;

  /** Nothing is in flight; the first segment will begin at {@code sndUna}. */
  void begin(int sndUna) {
    base = sndUna;
    resume = sndUna;
    first = 0;
    last = 0;
    oldest = 0;
    lostFrom = 0;
    resentFirst = 0;
    resentLast = 0;
    sackedSegments = 0;
    lostSegments = 0;
    lostBytes = 0;
    resentSegments = 0;
  }

  /** Gives very large arrays up, before the object goes back to its pool. */
  void clear() {
    if (ring.length > 2 * KEPT) {
      ring = new long[2 * INITIAL];
    }
    if (resent.length > 2 * KEPT) {
      resent = new long[2 * INITIAL];
    }
  }

  // ---- what is in flight ----

  int first() {
    return first;
  }

  /** The index behind the last segment. */
  int last() {
    return last;
  }

  int count() {
    return last - first;
  }

  boolean isFull() {
    return last - first >= MAX_SEGMENTS;
  }

  /** Everything before {@code end} has now been sent, in segments of {@code size} bytes. */
  void sent(int end, int size, long now) {
    int at = last == first ? base : end(last - 1);
    while (end - at > size) {
      at += size;
      push(at, now);
    }
    push(end, now);
  }

  private void push(int end, long now) {
    if (2 * (last - first) == ring.length) {
      growRing();
    }
    int at = slot(last);
    ring[at] = now;
    ring[at + 1] = (long) end << 32;
    last++;
  }

  private void growRing() {
    long[] larger = new long[2 * ring.length];
    for (int i = first; i != last; i++) {
      int from = slot(i);
      int to = 2 * i & larger.length - 1;
      larger[to] = ring[from];
      larger[to + 1] = ring[from + 1];
    }
    ring = larger;
  }

  private int slot(int i) {
    return 2 * i & ring.length - 1;
  }

  /** When the segment was sent last. */
  long time(int i) {
    return ring[slot(i)];
  }

  /** The number behind the segment. */
  int end(int i) {
    return (int) (ring[slot(i) + 1] >> 32);
  }

  /** The segment's first number that is not acknowledged. */
  int start(int i) {
    return i == first ? base : end(i - 1);
  }

  private int flags(int i) {
    return (int) ring[slot(i) + 1];
  }

  private void flags(int i, int flags) {
    int at = slot(i) + 1;
    ring[at] = ring[at] & 0xffff_ffff_0000_0000L | flags;
  }

  boolean isSacked(int i) {
    return (flags(i) & SACKED) != 0;
  }

  boolean isLost(int i) {
    return (flags(i) & LOST) != 0;
  }

  boolean isRetransmitted(int i) {
    return (flags(i) & RETRANSMITTED) != 0;
  }

  /** Whether it was sent once, and neither acknowledged nor found lost. */
  boolean isPending(int i) {
    return flags(i) == 0;
  }

  /** Whether nothing is known of any segment but when it was sent. */
  boolean isPlain() {
    return (sackedSegments | lostSegments | resentSegments) == 0;
  }

  /** The segment that {@code seq} belongs to; {@link #last()} if it has not been sent. O(log n). */
  int find(int seq) {
    int low = first;
    int high = last;
    while (low != high) {
      int middle = low + (high - low >>> 1);
      if (Serial.gt(end(middle), seq)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  // ---- what becomes of it ----

  /** The first segment is acknowledged as a whole. */
  void removeFirst() {
    int flags = flags(first);
    if (flags != 0) {
      forget(first, flags);
    }
    base = end(first);
    first++;
    oldest = Serial.max(oldest, first);
    lostFrom = Serial.max(lostFrom, first);
  }

  private void forget(int i, int flags) {
    if ((flags & SACKED) != 0) {
      sackedSegments--;
    }
    if ((flags & LOST) != 0) {
      lostSegments--;
      lostBytes -= end(i) - start(i);
    }
    if ((flags & RETRANSMITTED) != 0) {
      resentSegments--;
    }
  }

  /** SND.UNA is inside of the first segment, or before it. */
  void advance(int sndUna) {
    if (last != first && isLost(first)) {
      lostBytes -= sndUna - base;
    }
    base = sndUna;
  }

  void markSacked(int i) {
    int flags = flags(i);
    if ((flags & LOST) != 0) {
      lostSegments--;
      lostBytes -= end(i) - start(i);
    }
    flags(i, flags & ~LOST | SACKED);
    sackedSegments++;
  }

  void markLost(int i) {
    flags(i, flags(i) | LOST);
    lostSegments++;
    lostBytes += end(i) - start(i);
    lostFrom = Serial.min(lostFrom, i);
  }

  /** All that the peer has not acknowledged selectively counts as lost. */
  void markAllLost() {
    for (int i = first; i != last; i++) {
      if ((flags(i) & (SACKED | LOST)) == 0) {
        markLost(i);
      }
    }
    oldest = last;
    resentFirst = resentLast;
  }

  /** What was acknowledged selectively is not any more (RFC 2018 §8). */
  void forgetSacked() {
    for (int i = first; i != last; i++) {
      flags(i, flags(i) & ~SACKED);
    }
    sackedSegments = 0;
    oldest = first;
  }

  /** Nothing is lost after all: what was thought so is judged anew. */
  void forgetLost() {
    for (int i = first; i != last; i++) {
      flags(i, flags(i) & ~LOST);
    }
    lostSegments = 0;
    lostBytes = 0;
    oldest = first;
  }

  int sackedSegments() {
    return sackedSegments;
  }

  /** Bytes of the segments that are lost and have not been sent again. */
  int lostBytes() {
    return lostBytes;
  }

  boolean hasLost() {
    return lostSegments != 0;
  }

  /** The first segment that is lost; call only if there is one. */
  int firstLost() {
    int i = lostFrom;
    while (!isLost(i)) {
      i++;
    }
    lostFrom = i;
    return i;
  }

  /** Where what is to be sent again of the lost segment {@code i} begins. */
  int resendFrom(int i) {
    int start = start(i);
    return Serial.gt(resume, start) && Serial.lt(resume, end(i)) ? resume : start;
  }

  /** The lost segment is sent again only up to {@code seq} for now. */
  void resendLaterFrom(int seq) {
    resume = seq;
  }

  /** The segment is sent again now. */
  void markResent(int i, long now) {
    int flags = flags(i);
    if ((flags & LOST) != 0) {
      lostSegments--;
      lostBytes -= end(i) - start(i);
    }
    if ((flags & RETRANSMITTED) == 0) {
      resentSegments++;
    }
    if (resendFrom(i) != start(i)) {
      resume = end(i); // if it is lost once more, all of it is sent
    }
    ring[slot(i)] = now;
    flags(i, flags & ~LOST | RETRANSMITTED);
    if (2 * (resentLast - resentFirst) == resent.length) {
      growResent();
    }
    int at = 2 * resentLast & resent.length - 1;
    resent[at] = now;
    resent[at + 1] = i;
    resentLast++;
  }

  /** Makes room by leaving out what is void, or else by growing. */
  private void growResent() {
    int live = 0;
    for (int k = resentFirst; k != resentLast; k++) {
      live += isLive(2 * k & resent.length - 1) ? 1 : 0;
    }
    long[] to = new long[live > resent.length / 4 ? 2 * resent.length : resent.length];
    int n = 0;
    for (int k = resentFirst; k != resentLast; k++) {
      int from = 2 * k & resent.length - 1;
      if (isLive(from)) {
        to[n++] = resent[from];
        to[n++] = resent[from + 1];
      }
    }
    resent = to;
    resentFirst = 0;
    resentLast = n / 2;
  }

  private boolean isLive(int at) {
    int i = (int) resent[at + 1];
    return i - first >= 0 && time(i) == resent[at] && (flags(i) & (SACKED | LOST)) == 0;
  }

  // ---- in the order of time ----

  /** Where judging goes on among the segments that were sent once. */
  int oldest() {
    return oldest;
  }

  void oldest(int i) {
    oldest = i;
  }

  /** The segment whose retransmission is the oldest; {@link #last()} if there is none. */
  int oldestResent() {
    while (resentFirst != resentLast) {
      int at = 2 * resentFirst & resent.length - 1;
      if (isLive(at)) {
        return (int) resent[at + 1];
      }
      resentFirst++;
    }
    return last;
  }

  boolean hasResent() {
    return resentFirst != resentLast;
  }

  /** The one that {@link #oldestResent} has answered with is dealt with. */
  void removeOldestResent() {
    resentFirst++;
  }

  /** Whether the arrays would be given up by {@link #clear}, for tests. */
  int capacity() {
    return ring.length / 2;
  }

  @Override
  public String toString() {
    return "TransmitLog[" + count() + " segments, " + Arrays.toString(states()) + "]";
  }

  private String[] states() {
    String[] states = new String[count()];
    for (int i = first; i != last; i++) {
      states[i - first] =
          start(i)
              + ".."
              + end(i)
              + (isSacked(i) ? "S" : "")
              + (isLost(i) ? "L" : "")
              + (isRetransmitted(i) ? "r" : "");
    }
    return states;
  }
}
