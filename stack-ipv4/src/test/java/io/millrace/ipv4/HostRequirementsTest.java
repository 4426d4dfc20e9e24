package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.diag.DropReason;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.host.TestPort;
import io.millrace.time.ShardClock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pcap4j.packet.IpV4Packet;

/** What RFC 1122 §3 asks of a host beyond what its parts' own tests show. */
class HostRequirementsTest {
  private static final byte[] DATA = Packets.random(1, 24);

  /** A protocol that nobody speaks: whatever may be answered is. */
  private static Packets.Ip unknown() {
    return Packets.ip(200, DATA);
  }

  @Tag("rfc1122:3.1-3")
  @Test
  void aHostWithTwoInterfacesIsNoRouter() {
    TestPort left = new TestPort(1500, 0);
    TestPort right = new TestPort(1500, 0);
    try (NetStack stack =
        NetStack.builder()
            .driven(ShardClock.of(() -> TestHost.SECOND))
            .port(left, "10.0.0.1/24")
            .port(right, "10.5.0.1/24")
            .start()) {
      Shard shard = stack.shard(0);
      shard.step();
      right.put(Packets.arp(1, TestHost.PEER_MAC, "10.5.0.9", 0, "10.5.0.1"));
      shard.step();
      left.takeSent();
      right.takeSent();
      left.put(unknown().to("10.5.0.9").build());
      left.put(unknown().to("10.5.0.255").build());
      left.put(unknown().to("255.255.255.255").linkBroadcast().build());
      shard.step();
      assertThat(left.takeSent()).isEmpty();
      assertThat(right.takeSent()).isEmpty();
      assertThat(shard.counters().get(DropReason.IP_NOT_FOR_US)).isEqualTo(1);
    }
  }

  @Tag("rfc791:3.1-7")
  @Tag("rfc1122:3.2.1.8-2")
  @Tag("rfc1122:3.2.1.8-3")
  @Tag("rfc1122:3.2.1.8-4")
  @Test
  void aTransportSeesTheOptionsAsTheyCame() {
    int[][] all = {
      {136, 4, 0x12, 0x34}, // stream identifier
      {7, 7, 4, 0, 0, 0, 0, 0}, // record route with room for one address
      {68, 8, 5, 0, 0, 0, 0, 0}, // time stamp
      {0x9e, 4, 0xaa, 0xbb}, // an experiment of RFC 4727
    };
    try (TestHost host = TestHost.start()) {
      List<byte[]> headers = new ArrayList<>();
      host.udp.taker =
          frame -> {
            byte[] header = new byte[(int) (frame.address() - frame.l3Address())];
            Bytes.copyOut(frame.l3Address(), header, 0, header.length);
            headers.add(header);
            frame.release();
          };
      for (int[] options : all) {
        byte[] datagram = Packets.udp(1, 2, DATA).options(options).datagram();
        host.receive(Packets.udp(1, 2, DATA).options(options).build());
        assertThat(headers.getLast()).isEqualTo(Arrays.copyOf(datagram, 20 + options.length));
      }
      assertThat(headers).hasSize(all.length);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc791:3.1-4")
  @Test
  void theReservedFlagIsSentAsZeroAndNotLookedAt() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.send(host.routeTo(TestHost.PEER), Packets.udpPacket(1, 2, DATA), true);
      host.send(host.routeTo(TestHost.PEER), Packets.udpPacket(1, 2, new byte[1600]), false);
      assertThat(host.sentDatagrams())
          .hasSize(3)
          .allSatisfy(each -> assertThat(each.getHeader().getReservedFlag()).isFalse());
      byte[] frame = Packets.udp(1, 2, DATA).build();
      frame[20] |= (byte) 0x80;
      frame[24] = 0;
      frame[25] = 0;
      int checksum = Packets.checksum(frame, 14, 20);
      frame[24] = (byte) (checksum >>> 8);
      frame[25] = (byte) checksum;
      host.receive(frame);
      assertThat(host.udp.received).hasSize(1);
    }
  }

  @Tag("rfc791:3.1-5")
  @Tag("rfc791:3.2-2")
  @Test
  void fragmentsAreCutAtMultiplesOfEightBytes() {
    try (TestHost host =
        TestHost.start(577, 0, Ipv4Config.defaults(), TestHost.OURS + "/24").introducePeer()) {
      host.send(host.routeTo(TestHost.PEER), Packets.udpPacket(1, 2, new byte[1200]), false);
      List<IpV4Packet> fragments = host.sentDatagrams();
      assertThat(fragments)
          .extracting(each -> (int) each.getHeader().getFragmentOffset())
          .containsExactly(0, 69, 138);
      assertThat(fragments)
          .extracting(each -> each.getHeader().getMoreFragmentFlag())
          .containsExactly(true, true, false);
      assertThat(fragments)
          .extracting(IpV4Packet::length)
          .containsExactly(20 + 69 * 8, 20 + 69 * 8, 20 + 1208 - 138 * 8);
    }
  }

  @Tag("rfc1122:3.3.2-6")
  @Test
  void aTimeToLiveThatIsUsedUpDoesNotShortenTheWaitForFragments() {
    try (TestHost host = TestHost.start()) {
      host.receive(Packets.ip(17, DATA).id(5).ttl(1).fragment(0, true).build());
      host.advance(29 * TestHost.SECOND);
      host.receive(Packets.ip(17, DATA).id(5).ttl(1).fragment(24, false).build());
      assertThat(host.udp.received).hasSize(1);
    }
  }

  // ---- ICMP ----

  @Tag("rfc1122:3.2.2-4")
  @Test
  void errorsHaveATypeOfServiceOfZero() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.receive(unknown().tos(0xb8).build());
      assertThat(host.sentDatagrams().getFirst().getHeader().getTos().value()).isZero();
    }
  }

  @Tag("rfc1812:4.3.2.2-1")
  @Test
  void anAnswersTimeToLiveIsItsOwn() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.receive(unknown().ttl(1).build());
      host.receive(Packets.echo(1, 1, DATA).ttl(1).build());
      assertThat(host.sentDatagrams())
          .hasSize(2)
          .allSatisfy(each -> assertThat(each.getHeader().getTtlAsInt()).isEqualTo(64));
    }
  }

  @Tag("rfc1122:3.2.2-6")
  @Tag("rfc1812:4.3.2.7-3")
  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.255", "10.0.0.0", "255.255.255.255", "224.0.0.1"})
  void nothingIsSaidAboutWhatWentToMany(String group) {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.expectDrop(DropReason.IP_PROTOCOL_UNKNOWN, unknown().to(group).build());
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc1122:3.2.2-7")
  @Tag("rfc1812:4.3.2.7-4")
  @ParameterizedTest
  @ValueSource(longs = {0xffff_ffff_ffffL, 0x0100_5e00_0001L, 0x0300_0000_0001L})
  void nothingIsSaidAboutWhatTheLinkBroughtToMany(long destination) {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.receive(Packets.ethernet(destination, TestHost.PEER_MAC, 0x800, unknown().datagram()));
      assertThat(host.shard.counters().totalDrops()).isEqualTo(1);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc1122:3.2.2-9")
  @Tag("rfc1812:4.3.2.7-5")
  @ParameterizedTest
  @ValueSource(
      strings = {"0.0.0.0", "0.0.0.9", "127.0.0.1", "224.0.0.1", "240.0.0.1", "10.0.0.255"})
  void nothingIsSaidToWhomNoHostCanBe(String source) {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.receive(unknown().from(source).build());
      host.receive(Packets.echo(1, 1, DATA).from(source).build());
      assertThat(host.drops(DropReason.IP_BAD_SOURCE)).isEqualTo(2);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc1122:3.2.2.6-3")
  @Tag("rfc1122:3.3.4.2-1")
  @Test
  void answersComeFromTheAddressThatWasAsked() {
    try (TestHost host =
        TestHost.start(1500, 0, Ipv4Config.defaults(), "10.0.0.1/24", "10.0.0.5/24")
            .introducePeer()) {
      for (String asked : List.of("10.0.0.5", "10.0.0.1")) {
        host.receive(Packets.echo(1, 1, DATA).to(asked).build());
        host.receive(unknown().to(asked).build());
        assertThat(host.sentDatagrams())
            .hasSize(2)
            .extracting(each -> each.getHeader().getSrcAddr().getHostAddress())
            .containsOnly(asked);
      }
    }
  }

  @Tag("rfc792:Redirect-1")
  @Tag("rfc1122:3.2.2.2-1")
  @Test
  void aHostSendsNoRedirects() {
    // What a router would pass on, and tell the sender of a better way.
    try (TestHost host =
        TestHost.start().introducePeer().introduce(TestHost.ROUTER, TestHost.PEER_MAC + 1)) {
      host.expectDrop(DropReason.IP_NOT_FOR_US, unknown().to("192.0.2.1").build());
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc1122:3.3.1.4-2")
  @Test
  void aRouterIsNotAskedForWhileNothingIsSentToIt() {
    try (TestHost host = TestHost.start().introduce(TestHost.ROUTER, TestHost.PEER_MAC)) {
      host.advance(3 * TestHost.SECOND);
      host.send(host.routeTo("192.0.2.1"), Packets.udpPacket(1, 2, DATA), true);
      // It is asked once more for what was sent, and that is all.
      host.advance(120 * TestHost.SECOND);
      host.sent();
      host.advance(3_600 * TestHost.SECOND);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc1122:3.3.1.2-3")
  @Tag("rfc1122:3.3.1.5-1")
  @Test
  void whereADefaultRouterIsGoneAnotherTakesItsPlace() {
    try (TestHost host = TestHost.start()) {
      host.stack.addRoute("0.0.0.0/0", "10.0.0.253", 0);
      host.advance(3 * TestHost.SECOND);
      host.sent();
      Ipv4Route route = host.routeTo("192.0.2.1");
      host.send(route, Packets.udpPacket(1, 2, DATA), true);
      String first = asked(host);
      String second = first.equals(TestHost.ROUTER) ? "10.0.0.253" : TestHost.ROUTER;
      assertThat(second).isNotEqualTo(first);
      // The first one answers, and then no more.
      host.receive(Packets.arp(2, TestHost.PEER_MAC, first, TestPort.MAC, TestHost.OURS));
      assertThat(host.sentDatagrams()).hasSize(1);
      host.advance(60 * TestHost.SECOND);
      for (int i = 0; i < 12; i++) {
        host.send(route, Packets.udpPacket(1, 2, DATA), true);
        host.advance(TestHost.SECOND);
      }
      assertThat(host.sentArp())
          .extracting(each -> each.getHeader().getDstProtocolAddr().getHostAddress())
          .contains(second);
      host.receive(Packets.arp(2, TestHost.PEER_MAC + 1, second, TestPort.MAC, TestHost.OURS));
      host.sent();
      host.send(route, Packets.udpPacket(1, 2, DATA), true);
      assertThat(host.sentOne().getHeader().getDstAddr().toString()).isEqualTo("02:00:00:00:00:03");
    }
  }

  @Tag("rfc1122:3.3.1.5-1")
  @Test
  void aRouterThatIsGoneIsPassedOverUntilItAnswersAgain() {
    try (TestHost host = TestHost.start()) {
      host.stack.addRoute("0.0.0.0/0", "10.0.0.253", 0);
      host.advance(3 * TestHost.SECOND);
      host.sent();
      host.send(host.routeTo("192.0.2.1"), Packets.udpPacket(1, 2, DATA), true);
      String gone = asked(host);
      String other = gone.equals(TestHost.ROUTER) ? "10.0.0.253" : TestHost.ROUTER;
      host.advance(4 * TestHost.SECOND);
      host.sent();
      host.send(host.routeTo("192.0.2.1"), Packets.udpPacket(1, 2, DATA), true);
      assertThat(asked(host)).isEqualTo(other);
      host.receive(Packets.arp(2, TestHost.PEER_MAC + 1, other, TestPort.MAC, TestHost.OURS));
      assertThat(host.sentDatagrams()).hasSize(1);
      // No new flow waits for the one that is gone, of 100 that start over a minute.
      int asked = 0;
      for (int i = 0; i < 100; i++) {
        host.send(host.routeTo("198.51.100." + i), Packets.udpPacket(1, 2, DATA), true);
        List<byte[]> sent = host.sent();
        assertThat(sent.stream().filter(HostRequirementsTest::isIp)).hasSize(1);
        host.advance(TestHost.SECOND / 2);
        asked += host.sentArp().size();
        host.receive(Packets.arp(2, TestHost.PEER_MAC + 1, other, TestPort.MAC, TestHost.OURS));
      }
      assertThat(asked).isBetween(8, 20);
      // It is back, and has its share again.
      host.receive(Packets.arp(2, TestHost.PEER_MAC, gone, TestPort.MAC, TestHost.OURS));
      host.sent();
      int back = 0;
      for (int i = 0; i < 100; i++) {
        host.send(host.routeTo("203.0.113." + i), Packets.udpPacket(1, 2, DATA), true);
        String to = host.sentOne().getHeader().getDstAddr().toString();
        back += to.equals("02:00:00:00:00:02") ? 1 : 0;
      }
      assertThat(back).isBetween(20, 80);
    }
  }

  private static boolean isIp(byte[] frame) {
    return frame[12] == 8 && frame[13] == 0;
  }

  private static String asked(TestHost host) {
    return host.sentArp().getFirst().getHeader().getDstProtocolAddr().getHostAddress();
  }
}
