package io.millrace.ipv4;

import static io.millrace.ipv4.RouterFixture.fromLeft;
import static io.millrace.ipv4.RouterFixture.icmp;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.ForwardingConfig;
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
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IpV4Packet;

/** A router between two links (RFC 1812 §4.2, §5). */
class Ipv4ForwardingTest {
  private static final ForwardingConfig OPEN =
      ForwardingConfig.defaults().withReversePath(ReversePath.OFF);

  @Test
  void aHostForwardsNothing() {
    try (TestHost host = TestHost.start()) {
      host.expectDrop(
          DropReason.IP_NOT_FOR_US, Packets.udp(1, 2, new byte[4]).to("10.9.0.1").build());
    }
  }

  @Test
  void theSameDatagramLeavesWithOneHopLess() {
    try (RouterFixture router = new RouterFixture()) {
      Packets.Ip sent = fromLeft(RouterFixture.RIGHT_HOST).ttl(64).tos(0xb9).id(77);
      byte[] before = sent.datagram();
      router.fromLeft(sent);
      byte[] frame = RouterFixture.frame(router.right);
      EthernetPacket decoded = TestHost.decode(frame);
      assertThat(decoded.getHeader().getDstAddr().toString()).isEqualTo("02:00:00:00:05:02");
      assertThat(decoded.get(IpV4Packet.class).getHeader().hasValidChecksum(false)).isTrue();
      byte[] after = Arrays.copyOfRange(frame, 14, frame.length);
      assertThat(after[8]).isEqualTo((byte) 63);
      after[8] = before[8];
      after[10] = before[10];
      after[11] = before[11];
      assertThat(after).isEqualTo(before);
      assertThat(router.shard.counters().get(Counter.IP_OUT_FORW_DATAGRAMS)).isOne();
    }
  }

  @Test
  void theChecksumIsRightForEveryHeader() {
    // RFC 1624 §3: the corners are sums of 0x0000 and 0xffff.
    try (RouterFixture router = new RouterFixture()) {
      for (int id = 0; id < 65_536; id += 13) {
        router.left.put(fromLeft(RouterFixture.RIGHT_HOST).id(id).ttl(2 + id % 254).build());
        router.step();
        assertThat(RouterFixture.datagrams(router.right)).hasSize(1); // which verifies
      }
    }
  }

  @Test
  void aRouteLeadsToItsRouter() {
    try (RouterFixture router = new RouterFixture()) {
      router.fromLeft(fromLeft("10.9.1.2"));
      assertThat(RouterFixture.decoded(router.right).getHeader().getDstAddr().toString())
          .isEqualTo("02:00:00:00:05:09");
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
  void aDatagramWaitsForAHostThatIsNotKnownYet() {
    try (RouterFixture router = new RouterFixture()) {
      router.fromLeft(fromLeft("10.5.0.77"));
      assertThat(RouterFixture.datagrams(router.right)).isEmpty();
      byte[] reply = Packets.arp(2, 0x02_00_00_00_05_77L, "10.5.0.77", TestPort.MAC, "10.5.0.1");
      router.right.put(reply);
      router.step();
      assertThat(RouterFixture.datagrams(router.right)).hasSize(1);
    }
  }

  @Test
  void hostsThatShareAPlaceInTheCacheAreNotMixedUp() {
    try (RouterFixture router = new RouterFixture()) {
      for (int round = 0; round < 2; round++) {
        for (int host = 10; host < 250; host++) {
          String address = "10.5.0." + host;
          router.fromLeft(fromLeft(address));
          if (round == 0) {
            router.right.takeSent();
            long mac = 0x02_00_00_00_99_00L + host;
            router.right.put(Packets.arp(2, mac, address, TestPort.MAC, "10.5.0.1"));
            router.step();
          }
          byte[] frame = RouterFixture.frame(router.right);
          assertThat(frame[5] & 0xff).isEqualTo(host);
        }
      }
    }
  }

  @Test
  void fragmentsPassAsTheyAre() {
    try (RouterFixture router = new RouterFixture()) {
      router.fromLeft(fromLeft(RouterFixture.RIGHT_HOST).id(5).fragment(1480, true));
      IpV4Packet passed = RouterFixture.datagrams(router.right).getFirst();
      assertThat(passed.getHeader().getFragmentOffset()).isEqualTo((short) (1480 / 8));
      assertThat(passed.getHeader().getMoreFragmentFlag()).isTrue();
    }
  }

  /** What is never forwarded: RFC 1812 §5.3.4, §5.3.5, §5.3.7; RFC 3927 §7. */
  @Nested
  class StaysOnItsLink {
    @Test
    void martiansAndLinkLocalAddresses() {
      try (RouterFixture router = new RouterFixture(1500, OPEN, builder -> {})) {
        for (String to : List.of("127.0.0.1", "0.1.2.3", "240.1.2.3", "169.254.7.7", "224.0.1.7")) {
          router.expectDrop(DropReason.IP_NOT_FORWARDED, fromLeft(to));
        }
        router.expectDrop(
            DropReason.IP_NOT_FORWARDED, fromLeft(RouterFixture.RIGHT_HOST).from("169.254.1.1"));
        router.expectDrop(
            DropReason.IP_BAD_SOURCE, fromLeft(RouterFixture.RIGHT_HOST).from("127.0.0.1"));
        router.expectDrop(
            DropReason.IP_BAD_SOURCE, fromLeft(RouterFixture.RIGHT_HOST).from("10.5.0.255"));
        assertThat(router.left.takeSent()).isEmpty();
      }
    }

    @Test
    void broadcasts() {
      try (RouterFixture router = new RouterFixture()) {
        router.expectDrop(
            DropReason.IP_LINK_BROADCAST, fromLeft(RouterFixture.RIGHT_HOST).linkBroadcast());
        // RFC 2644: a broadcast to another link of ours is heard by us, and goes no further.
        router.fromLeft(fromLeft("10.5.0.255"));
        router.fromLeft(fromLeft("255.255.255.255"));
        assertThat(router.right.takeSent()).isEmpty();
      }
    }
  }

  @Nested
  class Errors {
    @Test
    void timeExceededWhenTheHopsAreUsedUp() {
      try (RouterFixture router = new RouterFixture()) {
        for (int ttl = 0; ttl < 2; ttl++) {
          Packets.Ip datagram = fromLeft(RouterFixture.RIGHT_HOST).ttl(ttl);
          router.expectDrop(DropReason.IP_HOPS_EXCEEDED, datagram);
          byte[] error = icmp(router.left);
          assertThat(error).startsWith(11, 0);
          assertThat(RouterFixture.quoted(error)).isEqualTo(datagram.datagram());
        }
      }
    }

    @Test
    void netUnreachableWithoutARoute() {
      try (RouterFixture router = new RouterFixture()) {
        router.expectDrop(DropReason.IP_NO_ROUTE, fromLeft("192.0.2.1"));
        assertThat(icmp(router.left)).startsWith(3, 0);
      }
    }

    @Test
    void hostUnreachableWhenNobodyAnswers() {
      try (RouterFixture router = new RouterFixture()) {
        router.fromLeft(fromLeft("10.5.0.77"));
        router.advance(10 * TestHost.SECOND);
        byte[] error = icmp(router.left);
        assertThat(error).startsWith(3, 1);
        assertThat(RouterFixture.quoted(error)[19]).isEqualTo((byte) 77);
      }
    }

    @Test
    void theMtuOfALinkThatIsTooNarrow() {
      try (RouterFixture router = new RouterFixture(1280, OPEN, builder -> {})) {
        byte[] long1300 = Packets.udpPacket(1, 2, new byte[1300]);
        Packets.Ip datagram =
            Packets.ip(17, long1300).from("10.0.0.2").to("10.5.0.2").dontFragment();
        router.expectDrop(DropReason.IP_TOO_BIG, datagram);
        byte[] error = icmp(router.left);
        assertThat(error).startsWith(3, 4);
        assertThat(ByteBuffer.wrap(error).getShort(6)).isEqualTo((short) 1280);
      }
    }

    @Test
    void noneAboutErrorsAndLaterFragments() {
      try (RouterFixture router = new RouterFixture()) {
        byte[] error = Packets.icmp(3, 1, 0, new byte[28]);
        router.fromLeft(Packets.ip(1, error).from("10.0.0.2").to("10.5.0.2").ttl(1));
        router.fromLeft(fromLeft(RouterFixture.RIGHT_HOST).ttl(1).fragment(8, false));
        assertThat(router.left.takeSent()).isEmpty();
      }
    }
  }

  @Nested
  class Fragmentation {
    private byte[] reassembled(List<IpV4Packet> pieces, int mtu) {
      byte[] whole = new byte[65_535];
      int end = 0;
      for (IpV4Packet piece : pieces) {
        IpV4Packet.IpV4Header header = piece.getHeader();
        assertThat(header.getTotalLengthAsInt()).isLessThanOrEqualTo(mtu);
        byte[] data =
            Arrays.copyOfRange(piece.getRawData(), header.length(), header.getTotalLengthAsInt());
        int at = header.getFragmentOffset() * 8;
        System.arraycopy(data, 0, whole, at, data.length);
        end = Math.max(end, at + data.length);
        assertThat(header.getTtlAsInt()).isEqualTo(63);
        assertThat(header.getIdentificationAsInt()).isEqualTo(99);
      }
      return Arrays.copyOf(whole, end);
    }

    @Test
    void aDatagramIsCutForALinkThatIsTooNarrow() {
      try (RouterFixture router = new RouterFixture(600, OPEN, builder -> {})) {
        byte[] data = Packets.udpPacket(1, 2, Packets.random(3, 1400));
        router.fromLeft(Packets.ip(17, data).from("10.0.0.2").to("10.5.0.2").id(99));
        List<IpV4Packet> pieces = RouterFixture.datagrams(router.right);
        assertThat(pieces).hasSize(3);
        assertThat(pieces.getLast().getHeader().getMoreFragmentFlag()).isFalse();
        assertThat(reassembled(pieces, 600)).isEqualTo(data);
        assertThat(router.shard.counters().get(Counter.IP_FRAG_OKS)).isOne();
      }
    }

    @Test
    void aFragmentIsCutAgainInItsPlace() {
      try (RouterFixture router = new RouterFixture(600, OPEN, builder -> {})) {
        byte[] data = Packets.random(4, 1200);
        router.fromLeft(
            Packets.ip(17, data).from("10.0.0.2").to("10.5.0.2").id(99).fragment(800, true));
        List<IpV4Packet> pieces = RouterFixture.datagrams(router.right);
        assertThat(pieces).allMatch(piece -> piece.getHeader().getMoreFragmentFlag());
        byte[] whole = reassembled(pieces, 600);
        assertThat(Arrays.copyOfRange(whole, 800, 2000)).isEqualTo(data);
      }
    }

    @Test
    void onlyOptionsThatAreToBeCopiedAreInLaterFragments() {
      try (RouterFixture router = new RouterFixture(600, OPEN, builder -> {})) {
        byte[] data = Packets.random(5, 1200);
        // Timestamp, not copied, of 8 bytes; router alert, copied, of 4.
        router.fromLeft(
            Packets.ip(17, data)
                .from("10.0.0.2")
                .to("10.5.0.2")
                .id(99)
                .options(68, 8, 9, 0, 0, 0, 0, 0, 148, 4, 0, 0));
        List<IpV4Packet> pieces = RouterFixture.datagrams(router.right);
        assertThat(pieces.getFirst().getHeader().length()).isEqualTo(32);
        assertThat(pieces.get(1).getHeader().length()).isEqualTo(24);
        assertThat(pieces.get(1).getRawData()[20]).isEqualTo((byte) 148);
        assertThat(reassembled(pieces, 600)).isEqualTo(data);
      }
    }
  }

  /** RFC 1812 §5.3.13, RFC 7126. */
  @Nested
  class Options {
    @Test
    void ourAddressIsRecorded() {
      try (RouterFixture router = new RouterFixture()) {
        router.fromLeft(fromLeft("10.9.0.1").options(1, 7, 11, 8, 9, 9, 9, 9, 0, 0, 0, 0));
        byte[] ip = RouterFixture.datagrams(router.right).getFirst().getRawData();
        assertThat(Arrays.copyOfRange(ip, 20, 32))
            .isEqualTo(new byte[] {1, 7, 11, 12, 9, 9, 9, 9, 10, 5, 0, 1});
      }
    }

    @Test
    void aFullRecordIsLeftAlone() {
      try (RouterFixture router = new RouterFixture()) {
        router.fromLeft(fromLeft("10.9.0.1").options(7, 7, 8, 9, 9, 9, 9, 0));
        byte[] ip = RouterFixture.datagrams(router.right).getFirst().getRawData();
        assertThat(Arrays.copyOfRange(ip, 20, 28)).isEqualTo(new byte[] {7, 7, 8, 9, 9, 9, 9, 0});
      }
    }

    @Test
    void sourceRoutesAreRefused() {
      try (RouterFixture router = new RouterFixture()) {
        router.expectDrop(
            DropReason.IP_BAD_OPTION, fromLeft("10.9.0.1").options(131, 7, 4, 10, 5, 0, 2, 0));
        router.expectDrop(
            DropReason.IP_BAD_OPTION, fromLeft("10.9.0.1").options(137, 7, 4, 10, 5, 0, 2, 0));
      }
    }

    @Test
    void aRouterAlertPasses() {
      try (RouterFixture router = new RouterFixture()) {
        router.fromLeft(fromLeft("10.9.0.1").options(148, 4, 0, 0));
        assertThat(RouterFixture.datagrams(router.right)).hasSize(1);
      }
    }
  }

  /** RFC 3704 §2. */
  @Nested
  class ReversePaths {
    private final Packets.Ip otherLink = fromLeft("10.9.0.1").from("10.5.0.77");
    private final Packets.Ip nowhere = fromLeft("10.9.0.1").from("192.0.2.1");

    @Test
    void strict() {
      try (RouterFixture router = new RouterFixture()) {
        router.expectDrop(DropReason.IP_REVERSE_PATH, otherLink);
        router.expectDrop(DropReason.IP_REVERSE_PATH, nowhere);
        assertThat(router.left.takeSent()).isEmpty();
        // A worse way back counts as well.
        router.stack.addRoute(IpRoute.of("10.5.0.64/26", "10.5.0.9", 1).withMetric(1));
        router.stack.addRoute(IpRoute.of("10.5.0.64/26", "10.0.0.2", 0).withMetric(2));
        router.fromLeft(otherLink);
        assertThat(RouterFixture.datagrams(router.right)).hasSize(1);
      }
    }

    @Test
    void loose() {
      ForwardingConfig loose = OPEN.withReversePath(ReversePath.LOOSE);
      try (RouterFixture router = new RouterFixture(1500, loose, builder -> {})) {
        router.expectDrop(DropReason.IP_REVERSE_PATH, nowhere);
        router.fromLeft(otherLink);
        assertThat(RouterFixture.datagrams(router.right)).hasSize(1);
      }
    }

    @Test
    void off() {
      try (RouterFixture router = new RouterFixture(1500, OPEN, builder -> {})) {
        router.fromLeft(nowhere);
        assertThat(RouterFixture.datagrams(router.right)).hasSize(1);
      }
    }
  }

  /** RFC 1812 §5.2.7.2. */
  @Nested
  class Redirects {
    @Test
    void aHostIsToldOfABetterRouterAndItsDatagramGoesOn() {
      try (RouterFixture router = new RouterFixture()) {
        router.stack.addRoute("10.8.0.0/16", "10.0.0.77", 0);
        router.left.put(Packets.arp(1, 0x02_00_00_00_00_77L, "10.0.0.77", 0, "10.0.0.1"));
        router.step();
        router.left.takeSent();
        router.fromLeft(fromLeft("10.8.0.1"));
        List<byte[]> sent = router.left.takeSent();
        assertThat(sent).hasSize(2);
        byte[] redirect = Arrays.copyOfRange(sent.get(0), 34, sent.get(0).length);
        assertThat(redirect).startsWith(5, 1, redirect[2], redirect[3], 10, 0, 0, 77);
        assertThat(sent.get(1)[5]).isEqualTo((byte) 0x77);
      }
    }

    @Test
    void notMoreThanARateOfThem() {
      try (RouterFixture router = new RouterFixture()) {
        router.stack.addRoute("10.8.0.0/16", RouterFixture.LEFT_HOST, 0);
        for (int i = 0; i < 100; i++) {
          router.fromLeft(fromLeft("10.8.0.1"));
        }
        // Each datagram goes back; ten redirects go with them.
        assertThat(RouterFixture.datagrams(router.left)).hasSize(110);
      }
    }
  }

  /** Frames that a port has put together of several datagrams. */
  @Nested
  class Merged {
    private Packets.Ip segment() {
      ByteBuffer tcp = ByteBuffer.allocate(9020);
      tcp.putShort((short) 1).putShort((short) 2).putLong(0).putShort((short) 0x5010);
      return Packets.ip(6, tcp.array()).from("10.0.0.2").to("10.5.0.2").dontFragment();
    }

    private RouterFixture router(int offloads, int mtu) {
      RouterFixture router = new RouterFixture(new TestPort(mtu, offloads), OPEN, builder -> {});
      router.left.large();
      router.left.merged(1460);
      return router;
    }

    @Test
    void areCutByAPortThatCan() {
      try (RouterFixture router = router(PortInfo.TX_SEGMENT_TCP4, 1500)) {
        router.fromLeft(segment());
        assertThat(RouterFixture.frame(router.right)).hasSize(14 + 20 + 9020);
      }
    }

    @Test
    void areDroppedWhereNobodyCuts() {
      try (RouterFixture router = router(0, 1500)) {
        router.expectDrop(DropReason.IP_TOO_BIG, segment());
        assertThat(router.left.takeSent()).isEmpty();
      }
    }

    @Test
    void areTooBigIfTheirDatagramsAre() {
      try (RouterFixture router = router(PortInfo.TX_SEGMENT_TCP4, 1499)) {
        router.expectDrop(DropReason.IP_TOO_BIG, segment());
        byte[] error = icmp(router.left);
        assertThat(error).startsWith(3, 4);
        assertThat(ByteBuffer.wrap(error).getShort(6)).isEqualTo((short) 1499);
      }
    }
  }

  /** Equal-cost multipath: RFC 2991, RFC 2992. */
  @Nested
  class Multipath {
    private static final int ROUTERS = 4;

    private RouterFixture fourRouters() {
      RouterFixture router = new RouterFixture(1500, OPEN, builder -> {});
      for (int i = 0; i < ROUTERS; i++) {
        long mac = 0x02_00_00_00_07_00L + i;
        router.right.put(Packets.arp(1, mac, "10.5.0.20" + i, 0, "10.5.0.1"));
        router.stack.addRoute("10.7.0.0/16", "10.5.0.20" + i, 1);
      }
      router.stack.addRoute(IpRoute.of("10.7.0.0/16", RouterFixture.NEXT_ROUTER, 1).withMetric(5));
      router.step();
      router.right.takeSent();
      return router;
    }

    private Map<Integer, Integer> ways(RouterFixture router, int flows) {
      Map<Integer, Integer> ways = new HashMap<>();
      for (int port = 1; port <= flows; port++) {
        router.left.put(Packets.udp(port, 9, new byte[4]).from("10.0.0.2").to("10.7.0.1").build());
        router.step();
        byte[] frame = RouterFixture.frame(router.right);
        ways.put(port, (int) frame[5]);
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
    void flowsAreSpreadAndKeepTheirWay() {
      try (RouterFixture router = fourRouters()) {
        Map<Integer, Integer> ways = ways(router, 1000);
        assertThat(shares(ways)).allMatch(share -> share > 180 && share < 330);
        assertThat(ways(router, 1000)).isEqualTo(ways);
      }
    }

    @Test
    void onlyTheFlowsOfARouterThatGoesMove() {
      try (RouterFixture router = fourRouters()) {
        Map<Integer, Integer> before = ways(router, 1000);
        router.stack.removeRoute(IpRoute.of("10.7.0.0/16", "10.5.0.202", 1));
        Map<Integer, Integer> after = ways(router, 1000);
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
    void aWorseWayIsForWhenNoBetterOneIsLeft() {
      try (RouterFixture router = fourRouters()) {
        for (int i = 0; i < ROUTERS; i++) {
          router.stack.removeRoute(IpRoute.of("10.7.0.0/16", "10.5.0.20" + i, 1));
        }
        assertThat(ways(router, 20).values()).containsOnly(9);
        router.stack.removeRoute(IpRoute.of("10.7.0.0/16", RouterFixture.NEXT_ROUTER, 1));
        router.expectDrop(DropReason.IP_NO_ROUTE, fromLeft("10.7.0.1"));
      }
    }
  }
}
