package io.millrace.tcp.engine;

import io.millrace.transport.RangeSet;
import io.millrace.transport.Serial;

/**
 * What the peer has selectively acknowledged of what we sent (RFC 6675 §3). Bounded; a block for
 * which there is no room is forgotten, which costs a retransmission and nothing else. Objects are
 * pooled per shard.
 */
final class SackScoreboard {
  private static final int MAX_RANGES = 256;

  /** DupThresh (RFC 6675 §2). */
  static final int DUP_THRESH = 3;

  private final RangeSet ranges = new RangeSet(MAX_RANGES);

  /**
   * Update(): takes a segment's blocks in; returns the bytes that are newly acknowledged by them.
   */
  int update(SegmentIn s, int sndUna, int sndNxt) {
    int added = 0;
    for (int i = 0; i < s.sackCount; i++) {
      int start = s.sackStart[i];
      int end = s.sackEnd[i];
      // A block outside of what is outstanding is a DSACK, old, or a lie (RFC 2883 §4, RFC 2018
      // §5).
      if (Serial.lt(start, end) && Serial.gt(start, sndUna) && Serial.le(end, sndNxt)) {
        added += ranges.add(start, end);
      }
    }
    return added;
  }

  /** SND.UNA has moved. */
  void advance(int sndUna) {
    ranges.removeBefore(sndUna);
  }

  boolean isEmpty() {
    return ranges.count() == 0;
  }

  int bytes() {
    return ranges.bytes();
  }

  /** Whether the peer asks for what it had acknowledged selectively (RFC 2018 §8). */
  boolean hasReneged(int sndUna) {
    return ranges.contains(sndUna);
  }

  /** The number behind the highest one that is selectively acknowledged. */
  int highest(int sndUna) {
    return ranges.count() == 0 ? sndUna : ranges.end(ranges.count() - 1);
  }

  /**
   * IsLost() for all numbers at once: whatever is not acknowledged below the answer is lost,
   * because DupThresh ranges, or more than (DupThresh - 1) * SMSS bytes, above it are acknowledged
   * (RFC 6675 §4).
   */
  int lossEdge(int sndUna, int smss) {
    int above = 0;
    int n = ranges.count();
    for (int i = n - 1; i >= 0; i--) {
      above += ranges.end(i) - ranges.start(i);
      if (n - i >= DUP_THRESH || above > (DUP_THRESH - 1) * smss) {
        return ranges.start(i);
      }
    }
    return sndUna;
  }

  /** Bytes in [from, to) that are not acknowledged. */
  int missing(int from, int to) {
    if (Serial.ge(from, to)) {
      return 0;
    }
    int missing = to - from;
    for (int i = ranges.find(from); i < ranges.count(); i++) {
      int start = Serial.max(ranges.start(i), from);
      int end = Serial.min(ranges.end(i), to);
      if (Serial.ge(start, to)) {
        break;
      }
      missing -= end - start;
    }
    return missing;
  }

  /** The first number at or behind {@code seq} that is not acknowledged. */
  int firstMissing(int seq) {
    int i = ranges.find(seq);
    return i < ranges.count() && Serial.le(ranges.start(i), seq) ? ranges.end(i) : seq;
  }

  /** The end of the hole that {@code seq} lies in: the next range's start, or {@code limit}. */
  int holeEnd(int seq, int limit) {
    int i = ranges.find(seq);
    return i < ranges.count() ? Serial.min(ranges.start(i), limit) : limit;
  }

  void clear() {
    ranges.clear();
  }
}
