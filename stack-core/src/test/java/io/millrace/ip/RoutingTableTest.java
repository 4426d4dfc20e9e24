package io.millrace.ip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.net.NetInterface;
import io.millrace.net.TestInterfaces;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class RoutingTableTest {
  private static final NetInterface LEFT = TestInterfaces.of(0);
  private static final NetInterface RIGHT = TestInterfaces.of(1);

  private final RoutingTable table = new RoutingTable(96);

  private static NextHop via(String router, int metric) {
    return new NextHop(LEFT, IpAddress.parse(router), metric, null);
  }

  private static long lo(String address) {
    return IpAddress.parse(address).lo();
  }

  private void add(String prefix, NextHop hop) {
    IpPrefix to = IpPrefix.parse(prefix);
    table.add(0, to.address().lo(), 96 + to.length(), hop);
  }

  private boolean remove(String prefix, NextHop hop) {
    IpPrefix from = IpPrefix.parse(prefix);
    return table.remove(0, from.address().lo(), 96 + from.length(), hop);
  }

  @Test
  void theLongestPrefixWins() {
    add("0.0.0.0/0", via("10.0.0.1", 0));
    add("10.9.0.0/16", via("10.0.0.2", 7));
    assertThat(table.lookup(0, lo("10.9.1.1")).first()).isEqualTo(via("10.0.0.2", 7));
    assertThat(table.lookup(0, lo("10.8.1.1")).first()).isEqualTo(via("10.0.0.1", 0));
  }

  @Test
  void theSmallestMetricWinsAndTheOthersWait() {
    add("10.9.0.0/16", via("10.0.0.1", 20));
    add("10.9.0.0/16", via("10.0.0.2", 10));
    assertThat(table.lookup(0, lo("10.9.0.1")).isSingle()).isTrue();
    assertThat(table.lookup(0, lo("10.9.0.1")).first()).isEqualTo(via("10.0.0.2", 10));
    assertThat(remove("10.9.0.0/16", via("10.0.0.2", 0))).isTrue();
    assertThat(table.lookup(0, lo("10.9.0.1")).first()).isEqualTo(via("10.0.0.1", 20));
    assertThat(remove("10.9.0.0/16", via("10.0.0.1", 0))).isTrue();
    assertThat(table.lookup(0, lo("10.9.0.1"))).isNull();
    assertThat(table.size()).isZero();
    assertThat(remove("10.9.0.0/16", via("10.0.0.1", 0))).isFalse();
  }

  @Test
  void theSameWayIsReplacedAndOneThroughAnotherPortIsAnother() {
    add("10.9.0.0/16", via("10.0.0.1", 1));
    add("10.9.0.0/16", via("10.0.0.1", 3));
    assertThat(table.lookup(0, lo("10.9.0.1")).all()).containsExactly(via("10.0.0.1", 3));
    NextHop right = new NextHop(RIGHT, IpAddress.parse("10.0.0.1"), 3, null);
    add("10.9.0.0/16", right);
    assertThat(table.lookup(0, lo("10.9.0.1")).all()).hasSize(2);
    assertThat(table.lookup(0, lo("10.9.0.1")).leadsThrough(1)).isTrue();
  }

  @Test
  void aDestinationHasABoundedNumberOfWays() {
    for (int i = 0; i < NextHops.MOST; i++) {
      add("10.9.0.0/16", via("10.0.0." + i, 0));
    }
    assertThatThrownBy(() -> add("10.9.0.0/16", via("10.0.1.1", 0)))
        .hasMessageContaining("at most 64 ways");
    assertThat(table.lookup(0, lo("10.9.0.1")).all()).hasSize(NextHops.MOST);
  }

  @Test
  void prefixesWithTheSameWaysShareThem() {
    for (int i = 0; i < 100; i++) {
      add("10." + i + ".0.0/16", via("10.0.0.1", 0));
    }
    NextHops first = table.lookup(0, lo("10.0.0.9"));
    assertThat(table.lookup(0, lo("10.99.0.9"))).isSameAs(first);
    assertThat(remove("10.0.0.0/16", via("10.0.0.1", 0))).isTrue();
    assertThat(table.lookup(0, lo("10.99.0.9"))).isSameAs(first);
  }

  /** Against a list that is searched from end to end. */
  @Property
  void findsWhatANaiveTableFinds(@ForAll long seed) {
    Random random = new Random(seed);
    record Entry(int network, int length, NextHop hop) {
      boolean covers(int address) {
        return length == 0 || (address ^ network) >>> (32 - length) == 0;
      }
    }
    List<Entry> naive = new ArrayList<>();
    RoutingTable own = new RoutingTable(96);
    for (int i = 0; i < 300; i++) {
      int length = random.nextInt(33);
      // Few bits, so that prefixes nest and meet again.
      int bits = random.nextInt() & 0xc000_c003;
      int network = length == 0 ? 0 : bits >>> (32 - length) << (32 - length);
      NextHop hop = via("10.0.0." + random.nextInt(4), random.nextInt(3));
      Entry entry = new Entry(network, length, hop);
      boolean there =
          naive.removeIf(
              each -> each.network == network && each.length == length && each.hop.isSameWay(hop));
      if (random.nextInt(3) == 0) {
        assertThat(own.remove(0, IpAddress.v4Lo(bits), 96 + length, hop)).isEqualTo(there);
      } else {
        naive.add(entry);
        own.add(0, IpAddress.v4Lo(bits), 96 + length, hop);
      }
      int address = random.nextInt() & 0xc000_c003;
      int longest =
          naive.stream()
              .filter(each -> each.covers(address))
              .mapToInt(Entry::length)
              .max()
              .orElse(-1);
      List<NextHop> expected =
          naive.stream()
              .filter(each -> each.length == longest && each.covers(address))
              .map(Entry::hop)
              .toList();
      NextHops found = own.lookup(0, IpAddress.v4Lo(address));
      assertThat(found == null ? List.of() : found.all())
          .containsExactlyInAnyOrderElementsOf(expected);
    }
  }

  @Test
  void aMillionRoutesTakeAStatedAmountOfMemory() {
    Random random = new Random(1);
    // As in the Internet's table: most are /24, the rest shorter.
    int i = 0;
    while (table.size() < 1_000_000) {
      int length = i++ % 10 < 6 ? 24 : 16 + i % 8;
      NextHop hop = via("10.0.0." + i % 16, 0);
      table.add(0, IpAddress.v4Lo(random.nextInt()), 96 + length, hop);
    }
    assertThat(table.memory() / table.size()).isLessThan(64);
  }
}
