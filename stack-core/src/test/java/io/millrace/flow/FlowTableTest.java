package io.millrace.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The table against a HashMap, with as many collisions as can be had. */
class FlowTableTest {
  private record Key(long lHi, long lLo, long rHi, long rLo, int ports) {}

  private static final class TestFlow extends Flow {
    TestFlow(Key key) {
      super(key.lHi, key.lLo, key.rHi, key.rLo, key.ports);
    }
  }

  /** A source of the same number again and again: keys that are no keys. */
  private static final class Constant extends SecureRandom {
    private static final long serialVersionUID = 1L;
    private final long value;

    Constant(long value) {
      this.value = value;
    }

    @Override
    public long nextLong() {
      return value;
    }
  }

  private static TestFlow find(FlowTable<TestFlow> table, Key key) {
    return table.find(key.lHi, key.lLo, key.rHi, key.rLo, key.ports);
  }

  @Property(tries = 300)
  void agreesWithAHashMap(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 60) int keys,
      @ForAll @IntRange(min = 0, max = 3) int secrets) {
    Random random = new Random(seed);
    List<Key> pool = new ArrayList<>();
    for (int i = 0; i < keys; i++) {
      // Few distinct values, so that keys differ in one field only, and some are equal.
      pool.add(
          new Key(
              random.nextInt(2),
              0xffff_0000_0000L | random.nextInt(3),
              -random.nextInt(2),
              0xffff_0000_0000L | random.nextInt(5),
              Flow.ports(random.nextInt(3) * 32_768, 65_535 - random.nextInt(4))));
    }
    SecureRandom secret = secrets == 3 ? new SecureRandom() : new Constant(secrets - 1);
    FlowTable<TestFlow> table = new FlowTable<>(random.nextInt(20), secret);
    Map<Key, TestFlow> model = new HashMap<>();
    for (int i = 0; i < 400; i++) {
      Key key = pool.get(random.nextInt(keys));
      TestFlow known = model.get(key);
      switch (random.nextInt(3)) {
        case 0 -> {
          if (known == null) {
            TestFlow flow = new TestFlow(key);
            table.add(flow);
            model.put(key, flow);
          } else {
            TestFlow other = new TestFlow(key);
            table.replace(known, other);
            model.put(key, other);
          }
        }
        case 1 -> {
          if (known != null) {
            assertThat(table.remove(known)).isTrue();
            assertThat(table.remove(known)).as("twice").isFalse();
            model.remove(key);
          }
        }
        default -> assertThat(table.remove(new TestFlow(key))).as("a stranger").isFalse();
      }
      assertThat(table.size()).isEqualTo(model.size());
      for (Key each : pool) {
        assertThat(find(table, each)).isSameAs(model.get(each));
      }
    }
    List<TestFlow> all = new ArrayList<>();
    table.forEach(all::add);
    assertThat(all).containsExactlyInAnyOrderElementsOf(model.values());
  }

  @Test
  void growsAndShrinksThroughAHundredThousand() {
    FlowTable<TestFlow> table = new FlowTable<>(1, new SecureRandom());
    List<TestFlow> flows = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      TestFlow flow = new TestFlow(key(i));
      table.add(flow);
      flows.add(flow);
    }
    for (int i = 0; i < 100_000; i += 2) {
      assertThat(table.remove(flows.get(i))).isTrue();
    }
    assertThat(table.size()).isEqualTo(50_000);
    for (int i = 0; i < 100_000; i++) {
      assertThat(find(table, key(i))).isSameAs(i % 2 == 0 ? null : flows.get(i));
    }
  }

  private static Key key(int i) {
    return new Key(
        0, 0xffff_0a00_0001L, 0, 0xffff_0a00_0000L | (i >>> 10), Flow.ports(80, i & 0x3ff));
  }

  @Test
  void aFlowKnowsItsAddressesAndPorts() {
    TestFlow flow = new TestFlow(new Key(1, 2, 3, 4, Flow.ports(65_535, 1)));
    assertThat(flow.localHi()).isEqualTo(1);
    assertThat(flow.localLo()).isEqualTo(2);
    assertThat(flow.remoteHi()).isEqualTo(3);
    assertThat(flow.remoteLo()).isEqualTo(4);
    assertThat(flow.localPort()).isEqualTo(65_535);
    assertThat(flow.remotePort()).isEqualTo(1);
    assertThat(flow.ports()).isEqualTo(0xffff_0001);
  }

  @Test
  void lookingUpAllocatesNothing() {
    FlowTable<TestFlow> table = new FlowTable<>(1_000, new SecureRandom());
    for (int i = 0; i < 1_000; i++) {
      table.add(new TestFlow(key(i)));
    }
    var threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    int found = 0;
    for (int round = 0; round < 5; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 100_000; i++) {
        TestFlow hit =
            table.find(0, 0xffff_0a00_0001L, 0, 0xffff_0a00_0000L, Flow.ports(80, i & 0x7ff));
        found += hit == null ? 0 : 1;
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(found).isPositive();
    assertThat(least).isZero();
  }
}
