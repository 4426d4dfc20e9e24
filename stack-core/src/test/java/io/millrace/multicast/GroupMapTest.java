package io.millrace.multicast;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class GroupMapTest {
  @Property(tries = 200)
  void isAMap(@ForAll long seed) {
    Random random = new Random(seed);
    GroupMap<Integer> map = new GroupMap<>();
    Map<List<Long>, Integer> model = new HashMap<>();
    for (int i = 0; i < 200; i++) {
      int on = random.nextInt(3);
      long hi = random.nextInt(2);
      long lo = random.nextInt(8);
      List<Long> key = List.of((long) on, hi, lo);
      if (random.nextBoolean()) {
        map.put(on, hi, lo, i);
        model.put(key, i);
      } else {
        map.remove(on, hi, lo);
        model.remove(key);
      }
      assertThat(map.size()).isEqualTo(model.size());
      assertThat(map.get(on, hi, lo)).isEqualTo(model.get(key));
    }
    Map<List<Long>, Integer> visited = new HashMap<>();
    map.forEach((on, hi, lo, value) -> visited.put(List.of((long) on, hi, lo), value));
    assertThat(visited).isEqualTo(model);
  }
}
