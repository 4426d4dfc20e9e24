package io.millrace.tcp.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The scoreboard against a bitmap of what is acknowledged selectively (RFC 6675 §3). */
class SackScoreboardTest {
  private static final int SPAN = 300;

  @Property(tries = 2_000)
  void itKnowsWhatABitmapKnows(
      @ForAll long seed,
      @ForAll int base,
      @ForAll boolean nearTheWrap,
      @ForAll @IntRange(min = 1, max = 40) int blocks) {
    Random random = new Random(seed);
    int origin = nearTheWrap ? -SPAN / 2 : base;
    SackScoreboard board = new SackScoreboard();
    BitSet sacked = new BitSet();
    int una = 0;
    for (int i = 0; i < blocks; i++) {
      int before = sacked.cardinality();
      int start = random.nextInt(una + 1, SPAN);
      int end = Math.min(SPAN, start + random.nextInt(1, 60));
      sacked.set(start, end);
      assertThat(board.add(origin + start, origin + end)).isEqualTo(sacked.cardinality() - before);
      int range = board.rangeOf(origin + start);
      assertThat(board.start(range) - origin).isEqualTo(sacked.previousClearBit(start) + 1);
      assertThat(board.end(range) - origin).isEqualTo(sacked.nextClearBit(start));
      if (random.nextInt(4) == 0) {
        una = Math.min(SPAN - 2, una + random.nextInt(30));
        sacked.clear(0, una);
        board.advance(origin + una);
      }
      verify(board, sacked, origin, una, random);
    }
  }

  private static void verify(
      SackScoreboard board, BitSet sacked, int origin, int una, Random random) {
    assertThat(board.bytes()).isEqualTo(sacked.cardinality());
    assertThat(board.isEmpty()).isEqualTo(sacked.isEmpty());
    assertThat(board.hasReneged(origin + una)).isEqualTo(sacked.get(una));
    int from = una + random.nextInt(SPAN - una);
    assertThat(board.firstMissing(origin + from) - origin).isEqualTo(sacked.nextClearBit(from));
    int hole = sacked.nextClearBit(from);
    int next = sacked.nextSetBit(hole);
    assertThat(board.holeEnd(origin + hole, origin + SPAN) - origin)
        .isEqualTo(next < 0 ? SPAN : next);
  }
}
