package io.millrace.apps.iperf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** What is said of numbered datagrams (RFC 1889 §6.3.1 and A.3). */
class ArrivalsTest {
  private final Arrivals arrivals = new Arrivals();

  private void arrive(long... numbers) {
    for (long number : numbers) {
      arrivals.add(number, 0, 0);
    }
  }

  @Test
  void allOfThem() {
    arrive(1, 2, 3, 4);
    assertThat(arrivals.expected()).isEqualTo(4);
    assertThat(arrivals.lost()).isZero();
    assertThat(arrivals.outOfOrder()).isZero();
  }

  @Test
  void gapsAreLosses() {
    arrive(2, 3, 7);
    assertThat(arrivals.expected()).isEqualTo(7);
    assertThat(arrivals.lost()).isEqualTo(4);
  }

  @Test
  void lateIsNotLost() {
    arrive(1, 3, 2, 4);
    assertThat(arrivals.lost()).isZero();
    assertThat(arrivals.outOfOrder()).isEqualTo(1);
  }

  @Test
  void whatCameBeforeTheRestartDoesNotCount() {
    arrive(1, 2, 5);
    arrivals.restart();
    arrive(6, 8);
    assertThat(arrivals.expected()).isEqualTo(3);
    assertThat(arrivals.lost()).isEqualTo(1);
  }

  @Test
  void jitterIsASixteenthOfEachChange() {
    arrivals.add(1, 0, 1_000_000);
    assertThat(arrivals.jitterNanos()).isZero();
    arrivals.add(2, 5_000_000, 6_160_000);
    assertThat(arrivals.jitterNanos()).isEqualTo(10_000);
    // What the clocks differ by cancels out, and a steady transit time lets the jitter fall.
    arrivals.add(3, 9_000_000, 10_160_000);
    assertThat(arrivals.jitterNanos()).isEqualTo(9_375);
  }

  @Property
  void whateverTheOrderTheLostAreThoseThatDidNotCome(
      @ForAll @IntRange(min = 1, max = 200) int sent, @ForAll long seed) {
    Random random = new Random(seed);
    List<Integer> coming = new ArrayList<>();
    for (int i = 1; i < sent; i++) {
      if (random.nextInt(4) != 0) {
        coming.add(i);
      }
    }
    // The last one comes: nobody can know of what was sent behind the last one that did.
    coming.add(sent);
    Collections.shuffle(coming, random);
    Arrivals all = new Arrivals();
    coming.forEach(number -> all.add(number, 0, 0));
    assertThat(all.expected()).isEqualTo(sent);
    assertThat(all.lost()).isEqualTo(sent - coming.size());
  }
}
