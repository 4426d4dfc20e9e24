package io.millrace.ip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class RouteTableTest {
  /** A prefix of 128 bits, and what to do with it. */
  record Change(long hi, long lo, int length, int value) {
    boolean covers(long otherHi, long otherLo) {
      return bits(hi, lo, length).equals(bits(otherHi, otherLo, length));
    }

    boolean isSamePrefix(Change other) {
      return length == other.length && covers(other.hi, other.lo);
    }

    /** By the slowest way there is, so that it shares no mistake. */
    private static String bits(long hi, long lo, int length) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < length; i++) {
        long word = i < 64 ? hi : lo;
        text.append((word >>> (63 - i % 64)) & 1);
      }
      return text.toString();
    }
  }

  /** A list that is searched from end to end. */
  private static final class Model {
    private final List<Change> prefixes = new ArrayList<>();

    int put(Change change) {
      int before = remove(change);
      prefixes.add(change);
      return before;
    }

    int remove(Change change) {
      for (Change each : prefixes) {
        if (each.isSamePrefix(change)) {
          prefixes.remove(each);
          return each.value;
        }
      }
      return RouteTable.NONE;
    }

    int lookup(long hi, long lo) {
      Change best = null;
      for (Change each : prefixes) {
        if (each.covers(hi, lo) && (best == null || each.length > best.length)) {
          best = each;
        }
      }
      return best == null ? RouteTable.NONE : best.value;
    }
  }

  @Provide
  Arbitrary<List<Change>> v4Changes() {
    // Few different bits, so that prefixes nest and meet again.
    Arbitrary<Integer> addresses =
        Arbitraries.oneOf(
            Arbitraries.integers(),
            Arbitraries.of(0x0a00_0000, 0x0a00_0001, 0x0a01_ffff, -1, 0, 0xc0a8_0101));
    return Combinators.combine(addresses, Arbitraries.integers().between(0, 32), values())
        .as((address, length, v) -> new Change(0, IpAddress.v4Lo(address), 96 + length, v))
        .list()
        .ofMaxSize(120);
  }

  @Provide
  Arbitrary<List<Change>> v6Changes() {
    Arbitrary<Long> words = Arbitraries.oneOf(Arbitraries.longs(), Arbitraries.of(0L, -1L, 1L));
    return Combinators.combine(words, words, Arbitraries.integers().between(0, 128), values())
        .as(Change::new)
        .list()
        .ofMaxSize(80);
  }

  /** -1 takes the prefix out. */
  private static Arbitrary<Integer> values() {
    return Arbitraries.integers().between(-1, 5);
  }

  @Property(tries = 400)
  void findsWhatALinearSearchFindsForIpv4(@ForAll("v4Changes") List<Change> changes) {
    check(new RouteTable(96), changes);
  }

  @Property(tries = 400)
  void findsWhatALinearSearchFindsForIpv6(@ForAll("v6Changes") List<Change> changes) {
    check(new RouteTable(0), changes);
  }

  private static void check(RouteTable table, List<Change> changes) {
    Model model = new Model();
    for (Change change : changes) {
      if (change.value < 0) {
        assertThat(table.remove(change.hi, change.lo, change.length))
            .isEqualTo(model.remove(change));
      } else {
        assertThat(table.put(change.hi, change.lo, change.length, change.value))
            .isEqualTo(model.put(change));
      }
      assertThat(table.size()).isEqualTo(model.prefixes.size());
    }
    for (Change each : model.prefixes) {
      assertThat(table.get(each.hi, each.lo, each.length)).isEqualTo(each.value);
    }
    for (Change change : changes) {
      // The address itself, its neighbors, and those just outside the prefix.
      for (int bit = 96; bit < 128; bit += 5) {
        long lo = change.lo ^ (1L << (127 - bit));
        assertThat(table.lookup(change.hi, lo)).isEqualTo(model.lookup(change.hi, lo));
      }
      assertThat(table.lookup(change.hi, change.lo)).isEqualTo(model.lookup(change.hi, change.lo));
    }
    findsTheSameForManyAtOnce(table, changes);
  }

  private static void findsTheSameForManyAtOnce(RouteTable table, List<Change> changes) {
    int count = Math.min(changes.size(), RouteTable.BATCH);
    long[] addresses = new long[2 * count];
    int[] found = new int[count];
    for (int i = 0; i < count; i++) {
      addresses[2 * i] = changes.get(i).hi;
      addresses[2 * i + 1] = changes.get(i).lo ^ i % 3;
    }
    table.lookup(addresses, count, found);
    for (int i = 0; i < count; i++) {
      assertThat(found[i]).isEqualTo(table.lookup(addresses[2 * i], addresses[2 * i + 1]));
    }
  }

  @Test
  void theDefaultRouteCoversEverythingAndTheLongestPrefixWins() {
    RouteTable table = new RouteTable(96);
    assertThat(table.lookup(0, IpAddress.v4Lo(0x0102_0304))).isEqualTo(RouteTable.NONE);
    table.put(0, IpAddress.v4Lo(0), 96, 1);
    table.put(0, IpAddress.v4Lo(0x0a00_0000), 96 + 8, 2);
    table.put(0, IpAddress.v4Lo(0x0a00_0001), 96 + 32, 3);
    assertThat(table.lookup(0, IpAddress.v4Lo(0x0102_0304))).isEqualTo(1);
    assertThat(table.lookup(0, IpAddress.v4Lo(0x0aff_ffff))).isEqualTo(2);
    assertThat(table.lookup(0, IpAddress.v4Lo(0x0a00_0001))).isEqualTo(3);
  }

  @Test
  void memoryIsUsedAgainHoweverOftenRoutesComeAndGo() {
    RouteTable table = new RouteTable(96);
    Random random = new Random(7);
    long after = 0;
    for (int round = 0; round < 20; round++) {
      List<Integer> addresses = random.ints(2_000).distinct().boxed().toList();
      for (int address : addresses) {
        table.put(0, IpAddress.v4Lo(address), 128, 1);
      }
      for (int address : addresses) {
        assertThat(table.remove(0, IpAddress.v4Lo(address), 128)).isEqualTo(1);
      }
      assertThat(table.size()).isZero();
      after = round == 9 ? table.memory() : after;
    }
    assertThat(table.memory()).isLessThanOrEqualTo(after + after / 4);
  }

  @Test
  void holdsAMillionRoutesInBoundedMemory() {
    RouteTable table = new RouteTable(96);
    Random random = new Random(1);
    // The worst there is: no two share more than chance wants.
    for (int i = 0; i < 1_000_000; i++) {
      table.put(0, IpAddress.v4Lo(random.nextInt()), 96 + 32, i & 0xff);
    }
    assertThat(table.size()).isGreaterThan(999_000);
    assertThat(table.memory()).isLessThan(128L << 20);
    random = new Random(1);
    for (int i = 0; i < 1_000_000; i++) {
      assertThat(table.lookup(0, IpAddress.v4Lo(random.nextInt()))).isNotEqualTo(RouteTable.NONE);
    }
  }

  @Test
  void refusesWhatItCannotHold() {
    RouteTable table = new RouteTable(96);
    assertThatThrownBy(() -> table.put(0, 0, 95, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> table.put(0, 0, 129, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> table.put(0, 0, 96, -1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RouteTable(123)).isInstanceOf(IllegalArgumentException.class);
  }
}
