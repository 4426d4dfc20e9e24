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

  private final RangeSet ranges = new RangeSet(MAX_RANGES);

  /** Takes a block in; returns the bytes that are newly acknowledged by it. */
  int add(int start, int end) {
    return ranges.add(start, end);
  }

  /** The range that {@code seq} is in, which has been added. */
  int rangeOf(int seq) {
    return ranges.find(seq);
  }

  int start(int range) {
    return ranges.start(range);
  }

  int end(int range) {
    return ranges.end(range);
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
