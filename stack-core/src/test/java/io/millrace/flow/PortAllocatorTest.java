package io.millrace.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.transport.SipHash;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** RFC 6056 §3.3.4: every port has its turn, and only who has the key knows which is next. */
class PortAllocatorTest {
  private static List<Integer> starts(PortAllocator ports, long remote, int n) {
    List<Integer> starts = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      starts.add(ports.start(0, 1, 0, remote, 80, 6));
    }
    return starts;
  }

  @Property(tries = 100)
  void walkingCoversTheWholeRangeOnce(
      @ForAll long k0,
      @ForAll @IntRange(min = 1, max = 65_535) int a,
      @ForAll @IntRange(min = 1, max = 65_535) int b) {
    int first = Math.min(a, b);
    int last = Math.max(a, b);
    PortAllocator ports = new PortAllocator(new SipHash(k0, 2), first, last);
    int port = ports.start(0, 1, 2, 3, 4, 5);
    boolean[] seen = new boolean[65_536];
    for (int i = 0; i < ports.count(); i++) {
      assertThat(port).isBetween(first, last);
      assertThat(seen[port]).isFalse();
      seen[port] = true;
      port = ports.next(port);
    }
    assertThat(ports.count()).isEqualTo(last - first + 1);
  }

  @Test
  void flowsToOneDestinationGetOnePortAfterTheOther() {
    PortAllocator ports =
        new PortAllocator(new SipHash(1, 2), PortAllocator.FIRST, PortAllocator.LAST);
    List<Integer> starts = starts(ports, 9, ports.count());
    assertThat(starts).doesNotHaveDuplicates();
    for (int i = 1; i < starts.size(); i++) {
      assertThat(starts.get(i)).isEqualTo(ports.next(starts.get(i - 1)));
    }
  }

  @Test
  void isDeterministicPerKeyAndDiffersBetweenKeysAndDestinations() {
    List<Integer> one = starts(new PortAllocator(new SipHash(1, 2), 1, 65_535), 9, 100);
    assertThat(starts(new PortAllocator(new SipHash(1, 2), 1, 65_535), 9, 100)).isEqualTo(one);
    assertThat(starts(new PortAllocator(new SipHash(1, 3), 1, 65_535), 9, 100)).isNotEqualTo(one);
    assertThat(starts(new PortAllocator(new SipHash(1, 2), 1, 65_535), 8, 100)).isNotEqualTo(one);
  }

  @Test
  void startsAreSpreadOverTheRange() {
    PortAllocator ports = new PortAllocator(new SipHash(5, 6), 49_152, 65_535);
    long[] quarters = new long[4];
    IntStream.range(0, 4_000)
        .forEach(i -> quarters[(ports.start(0, 1, 0, i, 80, 6) - 49_152) / 4_096]++);
    for (long quarter : quarters) {
      assertThat(quarter).isBetween(850L, 1_150L);
    }
  }

  @Test
  void impossibleRangesAreRefused() {
    SipHash hash = new SipHash(0, 0);
    assertThatThrownBy(() -> new PortAllocator(hash, 0, 5)).hasMessageContaining("0 to 5");
    assertThatThrownBy(() -> new PortAllocator(hash, 5, 4)).hasMessageContaining("5 to 4");
    assertThatThrownBy(() -> new PortAllocator(hash, 5, 65_536))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
