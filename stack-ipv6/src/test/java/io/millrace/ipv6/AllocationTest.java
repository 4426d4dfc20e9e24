package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.filter.Verdict;
import io.millrace.ip.ForwardingConfig;
import io.millrace.testkit.Allocations;
import org.junit.jupiter.api.Test;

/** In the steady state a router allocates nothing for a packet. */
class AllocationTest {
  private static final int PACKETS = 200_000;
  private static final int ROUNDS = 12;

  @Test
  void packetsThatAreForwardedAndSeenByAFilter() {
    ForwardingConfig config = ForwardingConfig.defaults().withRedirects(false);
    try (RouterFixture router = new RouterFixture(1500, config, builder -> {})) {
      router.shard.filter((frame, at, hook, time) -> Verdict.ACCEPT);
      router.right.forgetful();
      byte[] onwards = RouterFixture.fromLeft("2001:db8:9::7").build();
      byte[] host =
          RouterFixture.fromLeft(RouterFixture.RIGHT_HOST)
              .with(0, 0, 0, 5, 2, 0, 0, 1, 0)
              .label(0)
              .build();
      long least = Long.MAX_VALUE;
      // The compiler works beside us: once it is done, a run allocates nothing, and until then it
      // may.
      for (int round = 0; round < ROUNDS && least > 0; round++) {
        for (int i = 0; i < PACKETS; i += 2) {
          router.left.put(onwards);
          router.left.put(host);
        }
        long sent = router.right.count();
        least = Math.min(least, Allocations.measure(router::step));
        assertThat(router.right.count()).isEqualTo(sent + PACKETS);
      }
      assertThat(least).isZero();
    }
  }
}
