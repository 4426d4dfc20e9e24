package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.ReversePath;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IpV4Packet;

/** A router with more destinations than it remembers looks up those of a burst together. */
class LookaheadTest {
  private static final int BURSTS = 40;
  private static final int BURST = 64;

  private final Random random = new Random(4);

  @ParameterizedTest
  @EnumSource(ReversePath.class)
  void everyDatagramOfABurstTakesItsOwnWay(ReversePath check) {
    ForwardingConfig config = new ForwardingConfig(check, true, 10);
    try (RouterFixture router =
        new RouterFixture(
            1500, config, b -> b.route("10.10.0.0/16", RouterFixture.RIGHT_HOST, 1))) {
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

  /** One of those that go to a router or another, nowhere, or that are broken. */
  private void putOne(RouterFixture router, ReversePath check, List<String> wanted) {
    int low = random.nextInt(1 << 16);
    String host = (low >>> 8) + "." + (low & 0xff);
    switch (random.nextInt(8)) {
      case 0 -> router.left.put(new byte[14 + random.nextInt(20)]);
      case 1 -> router.left.put(RouterFixture.fromLeft("192.168." + host).ttl(1).build());
      case 2 -> {
        // From an address that the answer would not go back to by the way that it came.
        router.left.put(RouterFixture.fromLeft("10.9." + host).from("10.10." + host).build());
        if (check != ReversePath.STRICT) {
          wanted.add("10.9." + host + " by 02:00:00:00:05:09");
        }
      }
      case 3, 4 -> {
        router.left.put(RouterFixture.fromLeft("10.10." + host).build());
        wanted.add("10.10." + host + " by 02:00:00:00:05:02");
      }
      default -> {
        router.left.put(RouterFixture.fromLeft("10.9." + host).build());
        wanted.add("10.9." + host + " by 02:00:00:00:05:09");
      }
    }
  }

  private static List<String> ways(RouterFixture router) {
    List<String> ways = new ArrayList<>();
    for (byte[] frame : router.right.takeSent()) {
      EthernetPacket packet = TestHost.decode(frame);
      IpV4Packet.IpV4Header ip = packet.get(IpV4Packet.class).getHeader();
      ways.add(ip.getDstAddr().getHostAddress() + " by " + packet.getHeader().getDstAddr());
    }
    return ways;
  }
}
