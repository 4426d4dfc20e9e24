package io.millrace.name;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class NameServersTest {
  private static final IpAddress ONE = IpAddress.parse("10.0.0.1");
  private static final IpAddress TWO = IpAddress.parse("2001:db8::2");

  private final NameServers known = new NameServers();
  private final AtomicInteger changes = new AtomicInteger();

  NameServersTest() {
    known.onChange(changes::incrementAndGet);
  }

  @Test
  void whatSeveralSourcesSayIsPutTogetherEachServerOnce() {
    known.put("lease", List.of(ONE), List.of("example.org"));
    known.put("router", List.of(TWO, ONE), List.of("example.org", "example.net"));

    assertThat(known.servers()).containsExactly(ONE, TWO);
    assertThat(known.domains()).containsExactly("example.org", "example.net");
  }

  @Test
  void aSourceReplacesWhatItHasSaid() {
    known.put("lease", List.of(ONE), List.of());
    known.put("lease", List.of(TWO), List.of());
    assertThat(known.servers()).containsExactly(TWO);

    known.put("lease", List.of(), List.of());
    assertThat(known.servers()).isEmpty();
  }

  @Test
  void listenersHearOfChangesAndOfNothingElse() {
    known.put("lease", List.of(ONE), List.of());
    known.put("lease", List.of(ONE), List.of());
    known.remove("nobody");
    assertThat(changes).hasValue(1);

    known.remove("lease");
    assertThat(changes).hasValue(2);
  }

  @Test
  void theNetworkCannotMakeItGrow() {
    for (int i = 0; i < 100; i++) {
      known.put("source " + i, List.of(IpAddress.v4(i + 1)), List.of());
    }
    assertThat(known.servers()).hasSize(NameServers.MOST_SOURCES);

    known.put("source 0", List.of(), Collections.nCopies(100, "example.org"));
    assertThat(known.domains()).hasSize(1);
    assertThat(known.servers()).hasSize(NameServers.MOST_SOURCES - 1);
  }
}
