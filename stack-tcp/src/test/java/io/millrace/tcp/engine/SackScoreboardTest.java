package io.millrace.tcp.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The scoreboard against a bitmap of what is acknowledged selectively (RFC 6675 §3 and §4). */
class SackScoreboardTest {
  private static final int SPAN = 300;

  @Property(tries = 2_000)
  void itKnowsWhatABitmapKnows(
      @ForAll long seed,
      @ForAll int base,
      @ForAll boolean nearTheWrap,
      @ForAll @IntRange(min = 1, max = 40) int acks,
      @ForAll @IntRange(min = 1, max = 40) int smss) {
    Random random = new Random(seed);
    int origin = nearTheWrap ? -SPAN / 2 : base;
    SackScoreboard board = new SackScoreboard();
    BitSet sacked = new BitSet();
    SegmentIn s = new SegmentIn();
    int una = 0;
    for (int i = 0; i < acks; i++) {
      int before = sacked.cardinality();
      s.sackCount = 1 + random.nextInt(4);
      for (int k = 0; k < s.sackCount; k++) {
        int start = random.nextInt(-20, SPAN + 20);
        int end = start + random.nextInt(-5, 60);
        s.sackStart[k] = origin + start;
        s.sackEnd[k] = origin + end;
        if (start < end && start > una && end <= SPAN) {
          sacked.set(start, end);
        }
      }
      assertThat(board.update(s, origin + una, origin + SPAN))
          .isEqualTo(sacked.cardinality() - before);
      if (random.nextInt(4) == 0) {
        una = Math.min(SPAN - 1, una + random.nextInt(30));
        sacked.clear(0, una);
        board.advance(origin + una);
      }
      verify(board, sacked, origin, una, smss, random);
    }
  }

  private static void verify(
      SackScoreboard board, BitSet sacked, int origin, int una, int smss, Random random) {
    assertThat(board.bytes()).isEqualTo(sacked.cardinality());
    assertThat(board.isEmpty()).isEqualTo(sacked.isEmpty());
    assertThat(board.hasReneged(origin + una)).isEqualTo(sacked.get(una));
    int edge = board.lossEdge(origin + una, smss) - origin;
    for (int i = una; i < SPAN; i++) {
      if (!sacked.get(i)) {
        assertThat(i < edge).as("loss of %d, edge %d", i, edge).isEqualTo(isLost(sacked, i, smss));
      }
    }
    int from = una + random.nextInt(SPAN - una);
    int to = una + random.nextInt(SPAN - una);
    int missing = from >= to ? 0 : to - from - sacked.get(from, to).cardinality();
    assertThat(board.missing(origin + from, origin + to)).isEqualTo(missing);
    assertThat(board.firstMissing(origin + from) - origin).isEqualTo(sacked.nextClearBit(from));
    int hole = sacked.nextClearBit(from);
    int next = sacked.nextSetBit(hole);
    assertThat(board.holeEnd(origin + hole, origin + SPAN) - origin)
        .isEqualTo(next < 0 ? SPAN : next);
  }

  /** IsLost() as RFC 6675 §4 words it, one number at a time. */
  private static boolean isLost(BitSet sacked, int number, int smss) {
    int bytes = 0;
    int sequences = 0;
    for (int start = sacked.nextSetBit(number + 1); start >= 0; ) {
      int end = sacked.nextClearBit(start);
      bytes += end - start;
      sequences++;
      start = sacked.nextSetBit(end);
    }
    return sequences >= SackScoreboard.DUP_THRESH || bytes > (SackScoreboard.DUP_THRESH - 1) * smss;
  }
}
