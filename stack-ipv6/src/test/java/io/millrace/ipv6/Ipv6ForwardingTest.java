package io.millrace.ipv6;

import static io.millrace.ipv6.RouterFixture.fromLeft;
import static io.millrace.ipv6.RouterFixture.icmp;
import static io.millrace.ipv6.RouterFixture.quoted;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpRoute;
import io.millrace.ip.ReversePath;
import io.millrace.spi.PortInfo;
import io.millrace.testkit.host.TestPort;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A router between two links (RFC 8200 §3, RFC 4443 §3, RFC 4861 §8.2). */
class Ipv6ForwardingTest {
  private static final ForwardingConfig OPEN =
      ForwardingConfig.defaults().withReversePath(ReversePath.OFF);
  private static final String BEHIND_ROUTER = "2001:db8:9::1";

  private static RouterFixture open(int rightMtu) {
    return new RouterFixture(rightMtu, OPEN, builder -> {});
  }

  @Test
  void aHostForwardsNothing() {
    try (RouterFixture host = new RouterFixture(1500, null, builder -> {})) {
      host.expectDrop(DropReason.IP_NOT_FOR_US, fromLeft(RouterFixture.RIGHT_HOST));
      assertThat(RouterFixture.frames(host.left)).isEmpty();
    }
  }

  @Test
  @Tag("rfc8200:3-3")
  void theSamePacketLeavesWithOneHopLess() {
    try (RouterFixture router = new RouterFixture()) {
      Packets.Ip sent = fromLeft(RouterFixture.RIGHT_HOST).hops(64).trafficClass(0xb9);
      byte[] expected = sent.datagram();
      expected[7] = 63;
      router.fromLeft(sent);
      byte[] frame = RouterFixture.frame(router.right);
      assertThat(RouterFixture.mac(frame)).isEqualTo(RouterFixture.RIGHT_MAC);
      assertThat(Arrays.copyOfRange(frame, 12, 14)).containsExactly(0x86, 0xdd);
      assertThat(Arrays.copyOfRange(frame, 14, frame.length)).isEqualTo(expected);
      assertThat(router.count(Counter.IP_OUT_FORW_DATAGRAMS)).isOne();
    }
  }

  @Test
  void aRouteLeadsToItsRouter() {
    try (RouterFixture router = new RouterFixture()) {
      router.fromLeft(fromLeft(BEHIND_ROUTER));
      assertThat(RouterFixture.to(router.right)).isEqualTo(RouterFixture.ROUTER_MAC);
    }
  }

  @Test
  void linkPaddingStaysOnItsLink() {
    try (RouterFixture router = new RouterFixture()) {
      byte[] frame = fromLeft(RouterFixture.RIGHT_HOST).build();
      router.left.put(Arrays.copyOf(frame, frame.length + 20));
      router.step();
      assertThat(RouterFixture.frame(router.right)).hasSameSizeAs(frame);
    }
  }

  @Test
  void aPacketWaitsForAHostThatIsNotKnownYet() {
    try (RouterFixture router = new RouterFixture()) {
      router.fromLeft(fromLeft("2001:db8:5::77"));
      assertThat(RouterFixture.frames(router.right)).isEmpty();
      router.right.put(
          Packets.solicitation("2001:db8:5::77", 0x02_00_00_00_05_77L, RouterFixture.RIGHT));
      router.step();
      assertThat(RouterFixture.to(router.right)).isEqualTo(0x02_00_00_00_05_77L);
    }
  }

  @Test
  void hostsThatShareAPlaceInTheCacheAreNotMixedUp() {
    try (RouterFixture router = new RouterFixture()) {
      for (int round = 0; round < 2; round++) {
        for (int host = 16; host < 1300; host++) {
          String address = "2001:db8:5::" + Integer.toHexString(host);
          if (round == 0) {
            router.introduce(router.right, address, 0x02_00_00_00_00_00L + host);
          }
          router.fromLeft(fromLeft(address));
          assertThat(RouterFixture.to(router.right)).isEqualTo(0x02_00_00_00_00_00L + host);
        }
      }
    }
  }

  @Test
  void whatRoutesSayNowCounts() {
    try (RouterFixture router = new RouterFixture()) {
      router.fromLeft(fromLeft(BEHIND_ROUTER));
      assertThat(RouterFixture.frames(router.right)).hasSize(1);
      router.stack.removeRoute(IpRoute.of("2001:db8:9::/48", RouterFixture.NEXT_ROUTER, 1));
      router.expectDrop(DropReason.IP_NO_ROUTE, fromLeft(BEHIND_ROUTER));
    }
  }

  @Test
  void fragmentsPassAsTheyAre() {
    try (RouterFixture router = new RouterFixture()) {
      Packets.Ip first = fromLeft(RouterFixture.RIGHT_HOST).fragment(5, 0, true);
      Packets.Ip later = fromLeft(RouterFixture.RIGHT_HOST).fragment(5, 1480, true);
      for (Packets.Ip each : List.of(first, later)) {
        byte[] expected = each.datagram();
        expected[7]--;
        router.fromLeft(each);
        assertThat(RouterFixture.packet(router.right)).isEqualTo(expected);
      }
    }
  }

  @Test
  void aNeighborThatIsAskedAlsoHearsThatWeAreARouter() {
    for (ForwardingConfig config : new ForwardingConfig[] {null, OPEN}) {
      try (RouterFixture router = new RouterFixture(1500, config, builder -> {})) {
        router.left.put(
            Packets.solicitation(RouterFixture.LEFT_HOST, TestHost.PEER_MAC, RouterFixture.LEFT));
        router.step();
        byte[] advertisement = router.left.takeSent().getFirst();
        assertThat(advertisement[14 + 40]).isEqualTo((byte) 136);
        // RFC 4861 §4.4: R is the first bit of the flags.
        assertThat(advertisement[14 + 44] < 0).isEqualTo(config != null);
      }
    }
  }

  /** What is never forwarded: RFC 4291 §2.5.2, §2.5.3, §2.5.6, §2.7. */
  @Nested
  @Tag("rfc4291:2.5.6-1")
  class StaysOnItsLink {
    @Test
    void toAddressesThatAreNobodys() {
      try (RouterFixture router = open(1500)) {
        router.stack.addRoute("::/0", RouterFixture.NEXT_ROUTER, 1);
        for (String to : List.of("::", "::1", "fe80::77", "::ffff:a05:2")) {
          router.expectDrop(DropReason.IP_NOT_FORWARDED, fromLeft(to));
        }
        // Bits behind fe80::/10 that are zero on the wire; a group that nobody here is in.
        router.expectDrop(DropReason.IP_NOT_FORWARDED, fromLeft("fe80:0:0:1::77"));
        router.expectDrop(DropReason.IP_NOT_FORWARDED, fromLeft("ff0e::77"));
        assertThat(RouterFixture.frames(router.left)).isEmpty();
      }
    }

    @Test
    void fromAddressesThatAreNobodys() {
      try (RouterFixture router = open(1500)) {
        for (String from : List.of("::", "::1", "ff02::1", "::ffff:a05:2", "fe80:0:0:1::77")) {
          router.expectDrop(
              DropReason.IP_BAD_SOURCE, fromLeft(RouterFixture.RIGHT_HOST).from(from));
        }
        router.expectDrop(
            DropReason.IP_BAD_SOURCE, fromLeft(RouterFixture.RIGHT_HOST).from(RouterFixture.LEFT));
        assertThat(RouterFixture.frames(router.left)).isEmpty();
      }
    }

    @Test
    void whatCameAsABroadcastOrMulticastOfTheLink() {
      try (RouterFixture router = new RouterFixture()) {
        for (long to : new long[] {0xffff_ffff_ffffL, 0x3333_0000_0001L}) {
          router.expectDrop(
              DropReason.IP_LINK_BROADCAST, fromLeft(RouterFixture.RIGHT_HOST).linkTo(to));
        }
        assertThat(RouterFixture.frames(router.left)).isEmpty();
      }
    }

    @Test
    @Tag("rfc4443:3.1-5")
    void fromALinkLocalAddressBeyondItsScope() {
      try (RouterFixture router = new RouterFixture()) {
        router.introduce(router.left, "fe80::2", TestHost.PEER_MAC);
        Packets.Ip packet = fromLeft(RouterFixture.RIGHT_HOST).from("fe80::2");
        router.expectDrop(DropReason.IP_NOT_FORWARDED, packet);
        byte[] error = icmp(router.left);
        assertThat(error).startsWith(1, 2);
        assertThat(quoted(error)).isEqualTo(packet.datagram());
      }
    }
  }

  @Nested
  class Errors {
    @Test
    @Tag("rfc8200:3-4")
    @Tag("rfc4443:3.3-2")
    void timeExceededWhenTheHopsAreUsedUp() {
      try (RouterFixture router = new RouterFixture()) {
        for (int hops = 0; hops < 2; hops++) {
          Packets.Ip packet = fromLeft(RouterFixture.RIGHT_HOST).hops(hops);
          router.expectDrop(DropReason.IP_HOPS_EXCEEDED, packet);
          byte[] frame = RouterFixture.packet(router.left);
          assertThat(Packets.addressAt(frame, 8)).isEqualTo(IpAddress.parse(RouterFixture.LEFT));
          assertThat(frame[40]).isEqualTo((byte) 3);
          assertThat(frame[41]).isZero();
          assertThat(Arrays.copyOfRange(frame, 48, frame.length)).isEqualTo(packet.datagram());
        }
      }
    }

    @Test
    @Tag("rfc4443:3.1-4")
    void noRoute() {
      try (RouterFixture router = new RouterFixture()) {
        router.expectDrop(DropReason.IP_NO_ROUTE, fromLeft("2001:db8:ff::1"));
        assertThat(icmp(router.left)).startsWith(1, 0);
      }
    }

    @Test
    @Tag("rfc4443:3.1-6")
    void theAddressWhenNobodyAnswers() {
      try (RouterFixture router = new RouterFixture()) {
        router.fromLeft(fromLeft("2001:db8:5::77"));
        router.advance(10 * TestHost.SECOND);
        byte[] error = icmp(router.left);
        assertThat(error).startsWith(1, 3);
        assertThat(quoted(error)[39]).isEqualTo((byte) 0x77);
      }
    }

    @Test
    @Tag("rfc4443:3.2-2")
    @Tag("rfc8200:4.5-1")
    void theMtuOfALinkThatIsTooNarrow() {
      try (RouterFixture router = open(1280)) {
        Packets.Ip packet =
            Packets.udp(1, 2, new byte[1300])
                .from(RouterFixture.LEFT_HOST)
                .to(RouterFixture.RIGHT_HOST);
        router.expectDrop(DropReason.IP_TOO_BIG, packet);
        byte[] error = icmp(router.left);
        assertThat(error).startsWith(2, 0).hasSize(1240);
        assertThat(ByteBuffer.wrap(error).getInt(4)).isEqualTo(1280);
        assertThat(packet.datagram()).startsWith(quoted(error));
      }
    }

    @Test
    @Tag("rfc4443:2.4-5")
    void noneAboutErrors() {
      try (RouterFixture router = new RouterFixture()) {
        byte[] error = Packets.icmp(1, 4, 0, new byte[48]);
        router.expectDrop(
            DropReason.IP_HOPS_EXCEEDED,
            Packets.ip(Packets.ICMPV6, error)
                .from(RouterFixture.LEFT_HOST)
                .to(RouterFixture.RIGHT_HOST)
                .hops(1));
        assertThat(RouterFixture.frames(router.left)).isEmpty();
      }
    }

    @Test
    @Tag("rfc4443:2.4-10")
    void notMoreThanTheirRate() {
      try (RouterFixture router =
          new RouterFixture(
              1500, OPEN, builder -> builder.with(Ipv6Config.defaults().withIcmpLimit(10, 5)))) {
        for (int i = 0; i < 20; i++) {
          router.fromLeft(fromLeft(RouterFixture.RIGHT_HOST).hops(1));
        }
        assertThat(RouterFixture.frames(router.left)).hasSize(5);
        assertThat(router.shard.counters().get(DropReason.ICMP_RATE_LIMITED)).isEqualTo(15);
      }
    }
  }

  /** RFC 8200 §4.3. */
  @Nested
  class HopByHopOptions {
    @Test
    @Tag("rfc8200:4.3-1")
    void aRouterAlertAndOptionsThatMayBePassedOverPass() {
      try (RouterFixture router = new RouterFixture()) {
        for (int[] header : new int[][] {{0, 0, 5, 2, 0, 1, 1, 0}, {0, 0, 0x1e, 4, 1, 2, 3, 4}}) {
          Packets.Ip packet = fromLeft(RouterFixture.RIGHT_HOST).with(0, header);
          byte[] expected = packet.datagram();
          expected[7]--;
          router.fromLeft(packet);
          assertThat(RouterFixture.packet(router.right)).isEqualTo(expected);
        }
      }
    }

    @Test
    @Tag("rfc8200:4.2-1")
    void othersAreRefusedAsTheirHighBitsSay() {
      try (RouterFixture router = new RouterFixture()) {
        Packets.Ip silent = fromLeft(RouterFixture.RIGHT_HOST).with(0, 0, 0, 0x5e, 4, 1, 2, 3, 4);
        router.expectDrop(DropReason.IP_BAD_EXTENSION, silent);
        assertThat(RouterFixture.frames(router.left)).isEmpty();
        for (int type : new int[] {0x9e, 0xde}) {
          Packets.Ip told = fromLeft(RouterFixture.RIGHT_HOST).with(0, 0, 0, type, 4, 1, 2, 3, 4);
          router.expectDrop(DropReason.IP_BAD_EXTENSION, told);
          byte[] error = icmp(router.left);
          assertThat(error).startsWith(4, 2);
          assertThat(ByteBuffer.wrap(error).getInt(4)).isEqualTo(42);
        }
      }
    }

    @Test
    void aHeaderThatIsCutOffGoesNoFurther() {
      try (RouterFixture router = new RouterFixture()) {
        router.expectDrop(
            DropReason.IP_TRUNCATED, fromLeft(RouterFixture.RIGHT_HOST).with(0, 0, 200, 0, 0));
      }
    }

    @Test
    @Tag("rfc8200:4-4")
    void headersBehindThemAreNotLookedAt() {
      try (RouterFixture router = new RouterFixture()) {
        // Destination options that a destination refuses; a routing header with a segment left.
        router.fromLeft(fromLeft(RouterFixture.RIGHT_HOST).with(60, 0, 0, 0xde, 4, 1, 2, 3, 4));
        router.fromLeft(fromLeft(RouterFixture.RIGHT_HOST).with(43, 0, 0, 0, 1, 0, 0, 0, 0));
        assertThat(RouterFixture.frames(router.right)).hasSize(2);
      }
    }
  }

  /** RFC 3704 §2. */
  @Nested
  class ReversePaths {
    private final Packets.Ip otherLink = fromLeft(BEHIND_ROUTER).from("2001:db8:5::77");
    private final Packets.Ip nowhere = fromLeft(BEHIND_ROUTER).from("2001:db8:ff::1");

    @Test
    @Tag("rfc4443:3.1-7")
    void strict() {
      try (RouterFixture router = new RouterFixture()) {
        router.expectDrop(DropReason.IP_REVERSE_PATH, nowhere);
        assertThat(RouterFixture.frames(router.left)).isEmpty();
        // There is a way back to this one, on another link than it says: it hears of it there.
        router.introduce(router.right, "2001:db8:5::77", 0x02_00_00_00_05_77L);
        long before = router.shard.counters().get(DropReason.IP_REVERSE_PATH);
        router.fromLeft(otherLink);
        assertThat(router.shard.counters().get(DropReason.IP_REVERSE_PATH)).isEqualTo(before + 1);
        assertThat(icmp(router.right)).startsWith(1, 5);
        // A worse way back counts as well.
        router.stack.addRoute(IpRoute.of("2001:db8:5::40/122", "fe80::9", 1).withMetric(1));
        router.stack.addRoute(IpRoute.of("2001:db8:5::40/122", "fe80::2", 0).withMetric(2));
        router.fromLeft(otherLink);
        assertThat(RouterFixture.frames(router.right)).hasSize(1);
      }
    }

    @Test
    void loose() {
      ForwardingConfig loose = OPEN.withReversePath(ReversePath.LOOSE);
      try (RouterFixture router = new RouterFixture(1500, loose, builder -> {})) {
        router.expectDrop(DropReason.IP_REVERSE_PATH, nowhere);
        router.fromLeft(otherLink);
        assertThat(RouterFixture.frames(router.right)).hasSize(1);
      }
    }

    @Test
    void off() {
      try (RouterFixture router = open(1500)) {
        router.fromLeft(nowhere);
        assertThat(RouterFixture.frames(router.right)).hasSize(1);
      }
    }
  }

  /** RFC 4861 §8.2. */
  @Nested
  class Redirects {
    private static final String BETTER = "fe80::77";

    private RouterFixture withBetterRouter() {
      RouterFixture router = new RouterFixture();
      router.stack.addRoute("2001:db8:8::/48", BETTER, 0);
      router.introduce(router.left, BETTER, 0x02_00_00_00_00_77L);
      return router;
    }

    @Test
    @Tag("rfc4861:8.2-3")
    void aHostIsToldOfABetterRouterAndItsPacketGoesOn() {
      try (RouterFixture router = withBetterRouter()) {
        Packets.Ip packet = fromLeft("2001:db8:8::1");
        router.fromLeft(packet);
        List<byte[]> sent = RouterFixture.frames(router.left);
        assertThat(sent).hasSize(2);
        byte[] redirect = Arrays.copyOfRange(sent.get(0), 14, sent.get(0).length);
        assertThat(redirect[7]).isEqualTo((byte) 255);
        assertThat(Packets.addressAt(redirect, 8).hi()).isEqualTo(0xfe80L << 48);
        assertThat(Packets.addressAt(redirect, 24))
            .isEqualTo(IpAddress.parse(RouterFixture.LEFT_HOST));
        assertThat(redirect[40]).isEqualTo((byte) 137);
        assertThat(Packets.addressAt(redirect, 48)).isEqualTo(IpAddress.parse(BETTER));
        assertThat(Packets.addressAt(redirect, 64)).isEqualTo(IpAddress.parse("2001:db8:8::1"));
        // The target's link address, and the packet as it came.
        assertThat(Arrays.copyOfRange(redirect, 80, 88)).containsExactly(2, 1, 2, 0, 0, 0, 0, 0x77);
        assertThat(redirect[88]).isEqualTo((byte) 4);
        assertThat(packet.datagram()).startsWith(Arrays.copyOfRange(redirect, 96, redirect.length));
        assertThat(RouterFixture.mac(sent.get(1))).isEqualTo(0x02_00_00_00_00_77L);
      }
    }

    @Test
    void aHostOnTheLinkIsToldThatItsDestinationIsThereToo() {
      try (RouterFixture router = new RouterFixture()) {
        router.introduce(router.left, "2001:db8::3", 0x02_00_00_00_00_03L);
        router.fromLeft(fromLeft("2001:db8::3"));
        List<byte[]> sent = RouterFixture.frames(router.left);
        assertThat(sent).hasSize(2);
        assertThat(Packets.addressAt(sent.get(0), 14 + 48))
            .isEqualTo(IpAddress.parse("2001:db8::3"));
        assertThat(Packets.addressAt(sent.get(0), 14 + 64))
            .isEqualTo(IpAddress.parse("2001:db8::3"));
      }
    }

    @Test
    void nobodyIsToldWhoIsNotOnTheLinkOrOfARouterWithoutLinkLocalAddress() {
      try (RouterFixture router = withBetterRouter()) {
        router.stack.addRoute("2001:db8:6::/48", RouterFixture.LEFT_HOST, 0);
        router.fromLeft(fromLeft("2001:db8:8::1").from("2001:db8:6::1"));
        assertThat(RouterFixture.frames(router.left)).hasSize(1);
        router.fromLeft(fromLeft("2001:db8:6::1"));
        assertThat(RouterFixture.frames(router.left)).hasSize(1);
      }
    }

    @Test
    @Tag("rfc4861:8.2-4")
    void notMoreThanARateOfThem() {
      try (RouterFixture router = withBetterRouter()) {
        for (int i = 0; i < 100; i++) {
          router.fromLeft(fromLeft("2001:db8:8::1"));
        }
        // Each packet goes back; ten redirects go with them.
        assertThat(RouterFixture.frames(router.left)).hasSize(110);
      }
    }

    @Test
    @Tag("rfc4861:8.2-1")
    void whoForwardsTakesNone() {
      try (RouterFixture router = new RouterFixture()) {
        ByteBuffer data = ByteBuffer.allocate(32);
        data.put(Packets.address("fe80::55")).put(Packets.address(BEHIND_ROUTER));
        byte[] redirect = Packets.icmp(137, 0, 0, data.array());
        router.right.put(
            Packets.ip(Packets.ICMPV6, redirect)
                .from(RouterFixture.NEXT_ROUTER)
                .to(RouterFixture.RIGHT)
                .hops(255)
                .build());
        router.step();
        assertThat(router.shard.counters().get(DropReason.ND_IGNORED)).isOne();
        router.fromLeft(fromLeft(BEHIND_ROUTER));
        assertThat(RouterFixture.to(router.right)).isEqualTo(RouterFixture.ROUTER_MAC);
      }
    }
  }

  /** Equal-cost multipath: RFC 2991, RFC 2992, RFC 6438. */
  @Nested
  class Multipath {
    private static final int ROUTERS = 4;
    private static final String NETWORK = "2001:db8:7::/48";

    private RouterFixture fourRouters() {
      RouterFixture router = open(1500);
      for (int i = 0; i < ROUTERS; i++) {
        router.introduce(router.right, "fe80::20" + i, 0x02_00_00_00_07_00L + i);
        router.stack.addRoute(NETWORK, "fe80::20" + i, 1);
      }
      router.stack.addRoute(IpRoute.of(NETWORK, RouterFixture.NEXT_ROUTER, 1).withMetric(5));
      router.step();
      return router;
    }

    private Map<Integer, Integer> ways(RouterFixture router, int flows, boolean labels) {
      Map<Integer, Integer> ways = new HashMap<>();
      for (int flow = 1; flow <= flows; flow++) {
        Packets.Ip packet = Packets.udp(labels ? 1 : flow, 9, new byte[4]);
        router.left.put(
            packet
                .from(RouterFixture.LEFT_HOST)
                .to("2001:db8:7::1")
                .label(labels ? flow : 0)
                .build());
        router.step();
        ways.put(flow, (int) RouterFixture.to(router.right) & 0xff);
      }
      return ways;
    }

    private List<Long> shares(Map<Integer, Integer> ways) {
      List<Long> shares = new ArrayList<>();
      for (int i = 0; i < ROUTERS; i++) {
        int way = i;
        shares.add(ways.values().stream().filter(each -> each == way).count());
      }
      return shares;
    }

    @Test
    void flowsAreSpreadByLabelOrByPortsAndKeepTheirWay() {
      try (RouterFixture router = fourRouters()) {
        for (boolean labels : new boolean[] {true, false}) {
          Map<Integer, Integer> ways = ways(router, 1000, labels);
          assertThat(shares(ways)).allMatch(share -> share > 180 && share < 330);
          assertThat(ways(router, 1000, labels)).isEqualTo(ways);
        }
      }
    }

    @Test
    void fragmentsOfALabelledFlowKeepItsWay() {
      try (RouterFixture router = fourRouters()) {
        Map<Integer, Integer> ways = ways(router, 20, true);
        ways.forEach(
            (label, way) -> {
              router.fromLeft(fromLeft("2001:db8:7::1").label(label).fragment(1, 80, false));
              assertThat((int) RouterFixture.to(router.right) & 0xff).isEqualTo(way);
            });
      }
    }

    @Test
    void onlyTheFlowsOfARouterThatGoesMove() {
      try (RouterFixture router = fourRouters()) {
        Map<Integer, Integer> before = ways(router, 1000, true);
        router.stack.removeRoute(IpRoute.of(NETWORK, "fe80::202", 1));
        Map<Integer, Integer> after = ways(router, 1000, true);
        before.forEach(
            (flow, way) -> {
              if (way != 2) {
                assertThat(after.get(flow)).isEqualTo(way);
              }
            });
        assertThat(shares(after).get(2)).isZero();
      }
    }

    @Test
    void aRouterThatDoesNotAnswerIsPassedOver() {
      try (RouterFixture router = open(1500)) {
        router.introduce(router.right, "fe80::200", 0x02_00_00_00_07_00L);
        router.stack.addRoute(NETWORK, "fe80::200", 1);
        router.stack.addRoute(NETWORK, "fe80::201", 1);
        router.step();
        for (int flow = 1; flow <= 50; flow++) {
          router.fromLeft(fromLeft("2001:db8:7::1").label(flow));
        }
        router.advance(4 * TestHost.SECOND);
        router.right.takeSent();
        for (int flow = 1; flow <= 50; flow++) {
          router.fromLeft(fromLeft("2001:db8:7::1").label(flow));
        }
        assertThat(RouterFixture.frames(router.right)).hasSize(50);
      }
    }

    @Test
    void aWorseWayIsForWhenNoBetterOneIsLeft() {
      try (RouterFixture router = fourRouters()) {
        for (int i = 0; i < ROUTERS; i++) {
          router.stack.removeRoute(IpRoute.of(NETWORK, "fe80::20" + i, 1));
        }
        assertThat(ways(router, 20, true).values()).containsOnly(9);
        router.stack.removeRoute(IpRoute.of(NETWORK, RouterFixture.NEXT_ROUTER, 1));
        router.expectDrop(DropReason.IP_NO_ROUTE, fromLeft("2001:db8:7::1"));
      }
    }
  }

  /** Frames that a port has put together of several packets. */
  @Nested
  class Merged {
    private Packets.Ip segment(int data) {
      ByteBuffer tcp = ByteBuffer.allocate(20 + data);
      tcp.putShort((short) 1).putShort((short) 2).putLong(0).putShort((short) 0x5010);
      return Packets.ip(6, tcp.array()).from(RouterFixture.LEFT_HOST).to(RouterFixture.RIGHT_HOST);
    }

    private RouterFixture router(int offloads, int mtu, int segmentSize) {
      RouterFixture router = new RouterFixture(new TestPort(mtu, offloads), OPEN, builder -> {});
      router.left.large();
      router.left.merged(segmentSize);
      return router;
    }

    @Test
    void areCutByAPortThatCan() {
      try (RouterFixture router = router(PortInfo.TX_SEGMENT_TCP6, 1500, 1440)) {
        router.fromLeft(segment(9000));
        assertThat(RouterFixture.packet(router.right)).hasSize(9060);
      }
    }

    @Test
    void areDroppedWhereNobodyCuts() {
      try (RouterFixture router = router(0, 1500, 1440)) {
        router.expectDrop(DropReason.IP_TOO_BIG, segment(9000));
        assertThat(RouterFixture.frames(router.left)).isEmpty();
      }
    }

    @Test
    void areTooBigIfTheirPacketsAre() {
      try (RouterFixture router = router(PortInfo.TX_SEGMENT_TCP6, 1499, 1440)) {
        router.expectDrop(DropReason.IP_TOO_BIG, segment(9000));
        byte[] error = icmp(router.left);
        assertThat(error).startsWith(2, 0);
        assertThat(ByteBuffer.wrap(error).getInt(4)).isEqualTo(1499);
      }
    }
  }
}
