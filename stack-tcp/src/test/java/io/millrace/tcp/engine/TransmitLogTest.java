package io.millrace.tcp.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The log of what is in flight against a list of segments (RFC 8985 §5.2). */
class TransmitLogTest {
  /** A segment as a model. */
  private static final class Segment {
    final int end;
    int start;
    long time;
    boolean sacked;
    boolean lost;
    boolean resent;

    Segment(int start, int end, long time) {
      this.start = start;
      this.end = end;
      this.time = time;
    }
  }

  @Property(tries = 1_000)
  void itKnowsWhatAListKnows(
      @ForAll long seed, @ForAll int origin, @ForAll @IntRange(min = 1, max = 400) int steps) {
    Random random = new Random(seed);
    TransmitLog log = new TransmitLog();
    log.begin(origin);
    List<Segment> model = new ArrayList<>();
    int next = origin;
    for (long now = 1; now <= steps; now++) {
      switch (random.nextInt(7)) {
        case 0, 1, 2 -> {
          int length = random.nextInt(1, 400);
          log.sent(next + length, 100, now);
          for (int done = 0; done < length; done += 100) {
            model.add(new Segment(next + done, next + Math.min(length, done + 100), now));
          }
          next += length;
        }
        case 3 -> acknowledge(log, model, random);
        case 4 -> {
          int k = pick(model, random);
          if (k >= 0 && !model.get(k).sacked) {
            log.markSacked(log.first() + k);
            model.get(k).sacked = true;
            model.get(k).lost = false;
          }
        }
        case 5 -> {
          int k = pick(model, random);
          if (k >= 0 && !model.get(k).sacked && !model.get(k).lost) {
            log.markLost(log.first() + k);
            model.get(k).lost = true;
          }
        }
        default -> {
          if (log.hasLost()) {
            int i = log.firstLost();
            Segment segment = model.get(i - log.first());
            assertThat(model.stream().filter(each -> each.lost).findFirst()).hasValue(segment);
            log.markResent(i, now);
            segment.lost = false;
            segment.resent = true;
            segment.time = now;
          }
        }
      }
      verify(log, model);
    }
  }

  private static int pick(List<Segment> model, Random random) {
    return model.isEmpty() ? -1 : random.nextInt(model.size());
  }

  private static void acknowledge(TransmitLog log, List<Segment> model, Random random) {
    int whole = random.nextInt(model.size() + 1);
    for (int k = 0; k < whole; k++) {
      log.removeFirst();
      model.removeFirst();
    }
    if (!model.isEmpty()) {
      Segment first = model.getFirst();
      first.start += random.nextInt(first.end - first.start);
      log.advance(first.start);
    }
  }

  private static void verify(TransmitLog log, List<Segment> model) {
    assertThat(log.count()).isEqualTo(model.size());
    int lostBytes = 0;
    int sacked = 0;
    for (int k = 0; k < model.size(); k++) {
      Segment segment = model.get(k);
      int i = log.first() + k;
      assertThat(log.start(i)).isEqualTo(segment.start);
      assertThat(log.end(i)).isEqualTo(segment.end);
      assertThat(log.time(i)).isEqualTo(segment.time);
      assertThat(log.isLost(i)).isEqualTo(segment.lost);
      assertThat(log.isSacked(i)).isEqualTo(segment.sacked);
      assertThat(log.isRetransmitted(i)).isEqualTo(segment.resent);
      assertThat(log.find(segment.start)).isEqualTo(i);
      assertThat(log.find(segment.end - 1)).isEqualTo(i);
      lostBytes += segment.lost ? segment.end - segment.start : 0;
      sacked += segment.sacked ? 1 : 0;
    }
    assertThat(log.lostBytes()).isEqualTo(lostBytes);
    assertThat(log.sackedSegments()).isEqualTo(sacked);
    Segment oldest = null;
    for (Segment each : model) {
      if (each.resent
          && !each.lost
          && !each.sacked
          && (oldest == null || each.time < oldest.time)) {
        oldest = each;
      }
    }
    int i = log.oldestResent();
    if (oldest == null) {
      assertThat(i).isEqualTo(log.last());
    } else {
      assertThat(log.time(i)).isEqualTo(oldest.time);
    }
  }

  @Test
  void aVeryLargeFlightIsRememberedAndItsMemoryGivenUp() {
    TransmitLog log = new TransmitLog();
    log.begin(0);
    int before = log.capacity();
    log.sent(10_000_000, 100, 1);
    assertThat(log.count()).isEqualTo(100_000);
    assertThat(log.isFull()).isFalse();
    log.sent(20_000_000, 100, 2);
    assertThat(log.isFull()).isTrue();
    log.markAllLost();
    assertThat(log.lostBytes()).isEqualTo(20_000_000);
    log.clear();
    assertThat(log.capacity()).isEqualTo(before);
  }
}
