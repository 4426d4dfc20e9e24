package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.name.NameServers;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Floods of router advertisements, redirects and name servers on a host that makes addresses of
 * what routers say: what it remembers stays in the bounds that its configuration names, and it
 * serves.
 */
@Order(62)
class RouterFloodInteropTest {
  /** 16 that are made, the link-local one, and the two that are configured. */
  private static final int MOST_ADDRESSES = 16 + 1 + 2;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "flood_router26 {device}",
        "flood_router26 -s -R {device}",
        "flood_router26 -P -m {device}",
        "flood_router26 -F {device}",
        "flood_router6 {device}",
        "fake_router26 -E o -A 2001:db8:95::/64 -n 3 -i 1 {device}",
        "fake_router26 -A 2001:db8:95::/64 -R 2001:db8:94::/64 -D 2001:db8:93::1 -M 1280 -p high"
            + " -n 3 -i 1 {device}",
        "flood_redir6 {device} {stack} {router}",
      })
  void tables_stay_in_their_bounds(String command) {
    Lab.assume("atk6-flood_router26", "curl", "ip");
    try (DualStackLab lab = DualStackLab.open("", List.of("auto"))) {
      lab.assertServes();
      int free = lab.freeFrames();
      String line =
          command
              .replace("{device}", DualStackLab.DEVICE)
              .replace("{stack}", DualStackLab.STACK)
              .replace("{router}", lab.kernelLinkLocal());
      lab.attempt("sh", "-c", "timeout -s KILL " + (Lab.FULL ? 20 : 3) + " atk6-" + line);
      assertThat(lab.stack().count(Counter.IP_IN_RECEIVES)).isGreaterThan(20);
      int addresses = Await.ask(lab.shard(), () -> lab.shard().ipv6().addresses().size());
      assertThat(addresses).isBetween(2, MOST_ADDRESSES);
      int servers = Await.ask(lab.shard(), () -> lab.shard().nameServers().servers().size());
      assertThat(servers).isLessThanOrEqualTo(NameServers.MOST_SOURCES * NameServers.MOST_EACH);
      assertThat(lab.freeFrames()).isGreaterThan(free - 1_100);
      lab.assertServes();
    }
  }
}
