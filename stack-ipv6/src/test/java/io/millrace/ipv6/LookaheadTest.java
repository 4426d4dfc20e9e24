package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.ReversePath;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A router with more destinations than it remembers looks up those of a burst together. */
class LookaheadTest {
  private static final int BURSTS = 40;
  private static final int BURST = 64;

  private final Random random = new Random(6);

  @ParameterizedTest
  @EnumSource(ReversePath.class)
  void everyPacketOfABurstTakesItsOwnWay(ReversePath check) {
    ForwardingConfig config = new ForwardingConfig(check, true, 10);
    try (RouterFixture router =
        new RouterFixture(
            1500, config, b -> b.route("2001:db8:a::/48", RouterFixture.RIGHT_HOST, 1))) {
      for (int i = 0; i < BURSTS; i++) {
        List<String> wanted = new ArrayList<>();
        for (int k = 0; k < BURST; k++) {
          putOne(router, check, wanted);
        }
        router.step();
        assertThat(ways(router)).isEqualTo(wanted);
      }
      if (check == ReversePath.STRICT) {
        assertThat(router.shard.counters().get(DropReason.IP_REVERSE_PATH)).isPositive();
      }
    }
  }

  /** One of those that go to a router or another, or that are broken. */
  private void putOne(RouterFixture router, ReversePath check, List<String> wanted) {
    String host = Integer.toHexString(1 + random.nextInt(0xffff));
    switch (random.nextInt(8)) {
      case 0 -> router.left.put(new byte[14 + random.nextInt(40)]);
      case 1 -> {
        // From an address that the answer would not go back to by the way that it came.
        Packets.Ip packet = RouterFixture.fromLeft("2001:db8:9::" + host);
        router.left.put(packet.from("2001:db8:a::" + host).build());
        if (check != ReversePath.STRICT) {
          wanted.add(way("2001:db8:9::" + host, RouterFixture.ROUTER_MAC));
        }
      }
      case 2, 3, 4 -> {
        router.left.put(RouterFixture.fromLeft("2001:db8:a::" + host).build());
        wanted.add(way("2001:db8:a::" + host, RouterFixture.RIGHT_MAC));
      }
      default -> {
        router.left.put(RouterFixture.fromLeft("2001:db8:9::" + host).build());
        wanted.add(way("2001:db8:9::" + host, RouterFixture.ROUTER_MAC));
      }
    }
  }

  private static String way(String destination, long mac) {
    return HexFormat.of().formatHex(Packets.address(destination)) + " by " + mac;
  }

  private static List<String> ways(RouterFixture router) {
    List<String> ways = new ArrayList<>();
    for (byte[] frame : router.right.takeSent()) {
      if (frame[20] == 17) { // the others are errors to those whose address is not from there
        ways.add(HexFormat.of().formatHex(frame, 38, 54) + " by " + RouterFixture.mac(frame));
      }
    }
    return ways;
  }
}
