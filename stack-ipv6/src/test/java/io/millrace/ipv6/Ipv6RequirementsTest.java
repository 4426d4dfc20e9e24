package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What RFC 8200 and RFC 8201 demand beyond what the other tests show. */
class Ipv6RequirementsTest {
  private static final byte[] DATA = Packets.random(1, 2_000);
  private static final int FRAGMENT = 44;

  private static Packets.Ip piece(int from, int to, boolean more) {
    return Packets.ip(Packets.UDP, Arrays.copyOfRange(DATA, from, to)).fragment(77, from, more);
  }

  private static void expectProblem(TestHost host, Packets.Ip packet, int code, int pointer) {
    host.expectDrop(DropReason.FRAGMENT_MALFORMED, packet);
    TestHost.Problem told = host.sentError();
    assertThat(told.type()).isEqualTo(4);
    assertThat(told.code()).isEqualTo(code);
    assertThat(told.rest()).as("pointer").isEqualTo(pointer);
  }

  // ---- the header ----

  @Tag("rfc8200:3-2")
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void hopsThatAreUsedUpDoNotMatterToTheDestination(int hops) {
    try (TestHost host = TestHost.start()) {
      host.receive(Packets.udp(9, 7, new byte[4]).hops(hops).build());
      assertThat(host.udp.received).hasSize(1);
    }
  }

  @Tag("rfc8200:3-1")
  @Tag("rfc8200:7-1")
  @Test
  void theHeaderIsWhatTheTransportAskedFor() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] udp = Packets.udpPacket(1, 2, new byte[100]);
      host.routeTo(TestHost.PEER).send(host.frame(udp), IpProtocol.UDP, 0xb9, 33, true, host.now());
      ByteBuffer sent = ByteBuffer.wrap(host.sentOne());
      assertThat(sent.getInt(0) >>> 20).isEqualTo(0x6b9);
      assertThat(sent.getShort(4)).isEqualTo((short) udp.length);
      assertThat(sent.get(6)).isEqualTo((byte) 17);
      assertThat(sent.get(7)).isEqualTo((byte) 33);
      assertThat(address(sent, 8)).isEqualTo(IpAddress.parse(TestHost.OURS));
      assertThat(address(sent, 24)).isEqualTo(IpAddress.parse(TestHost.PEER));
    }
  }

  private static IpAddress address(ByteBuffer bytes, int at) {
    return new IpAddress(bytes.getLong(at), bytes.getLong(at + 8));
  }

  @Tag("rfc8200:5-2")
  @Test
  void aPacketAsLargeAsTheLinkAllowsIsTaken() {
    try (TestHost host = TestHost.start()) {
      host.receive(Packets.udp(9, 7, new byte[1_452]).build());
      assertThat(host.udp.received).hasSize(1);
    }
  }

  @Tag("rfc8200:8.4-1")
  @Test
  void anAnswerDoesNotTurnTheRouteRound() {
    try (TestHost host = TestHost.start().introducePeer()) {
      int[] over = new int[24];
      over[1] = 2;
      host.receive(Packets.echo(1, 1, new byte[8]).with(43, over).build());
      assertThat(host.sentOne()[6]).as("no header in between").isEqualTo((byte) 58);
    }
  }

  // ---- fragments that come in, §4.5 ----

  @Tag("rfc8200:5-3")
  @Tag("rfc8200:4.5-5")
  @Test
  void fragmentsMakeThePacketInWhateverOrder() {
    try (TestHost host = TestHost.start()) {
      host.receive(piece(1_600, 2_000, false).build());
      host.receive(piece(0, 800, true).build());
      host.receive(piece(800, 1_600, true).build());
      assertThat(host.udp.received).hasSize(1);
      assertThat(host.udp.received.getFirst().bytes()).isEqualTo(DATA);
    }
  }

  @Tag("rfc8200:4.5-6")
  @Test
  void aPieceThatIsNoMultipleOfEightIsRefused() {
    try (TestHost host = TestHost.start().introducePeer()) {
      expectProblem(host, piece(0, 801, true), 0, 4);
    }
  }

  @Tag("rfc8200:4.5-7")
  @Test
  void aPacketThatWouldBecomeTooLongIsRefused() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.expectDrop(
          DropReason.FRAGMENT_MALFORMED,
          Packets.ip(Packets.UDP, new byte[24]).fragment(1, 65_512, false));
      assertThat(host.family.reassembly().datagrams()).isZero();
    }
  }

  @Tag("rfc8200:4.5-8")
  @Test
  void anOverlapEndsThePacketSilently() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.receive(piece(0, 800, true).build());
      host.receive(piece(792, 1_600, true).build());
      host.receive(piece(800, 1_600, true).build());
      host.receive(piece(1_600, 2_000, false).build());
      host.advance(70 * TestHost.SECOND);
      assertThat(host.udp.received).isEmpty();
      assertThat(host.sentErrors()).isEmpty();
    }
  }

  @Tag("rfc8200:4.5-9")
  @Test
  void whatIsNotWholeInAMinuteIsDiscardedAndItsSenderTold() {
    try (TestHost host = TestHost.start()) {
      Packets.Ip first = piece(0, 800, true);
      host.receive(first.build());
      host.receive(piece(800, 1_600, true).fragment(78, 800, true).build());
      host.advance(59 * TestHost.SECOND);
      host.introducePeer();
      assertThat(host.sentErrors()).isEmpty();
      host.advance(2 * TestHost.SECOND);
      TestHost.Problem told = host.sentError();
      assertThat(told.type()).isEqualTo(3);
      assertThat(told.code()).isEqualTo(1);
      assertThat(told.quote()).isEqualTo(first.datagram());
      host.receive(piece(1_600, 2_000, false).build());
      assertThat(host.udp.received).isEmpty();
    }
  }

  @Tag("rfc8200:4.5-4")
  @Test
  void aFirstFragmentWithoutItsTransportsHeaderIsRefused() {
    try (TestHost host = TestHost.start().introducePeer()) {
      expectProblem(host, Packets.ip(IpProtocol.TCP, new byte[16]).fragment(1, 0, true), 3, 0);
    }
  }

  @Tag("rfc8200:4.5-10")
  @Test
  void aFragmentThatIsAllOfItsPacketStandsForItself() {
    try (TestHost host = TestHost.start()) {
      host.receive(piece(0, 800, true).build());
      // The same name, and yet apart from the one that waits for its rest.
      host.receive(Packets.udp(9, 7, new byte[4]).fragment(77, 0, false).build());
      assertThat(host.udp.received).hasSize(1);
      host.receive(piece(800, 2_000, false).build());
      assertThat(host.udp.received).hasSize(2);
    }
  }

  // ---- fragments that are sent, §4.5 and §5 ----

  @Tag("rfc8200:4.5-1")
  @Tag("rfc8200:4.5-3")
  @Tag("rfc8200:5-1")
  @Test
  void whatDoesNotFitIsCutByTheSource() {
    try (TestHost host =
        TestHost.start(1280, 0, Ipv6Config.defaults(), TestHost.OURS + "/64").introducePeer()) {
      host.send(host.routeTo(TestHost.PEER), Packets.udpPacket(1, 2, new byte[1_500]), false);
      List<byte[]> sent = host.sent();
      assertThat(sent).hasSize(2);
      int offset = 0;
      Set<Integer> names = new HashSet<>();
      for (int i = 0; i < 2; i++) {
        ByteBuffer packet = ByteBuffer.wrap(sent.get(i), 14, sent.get(i).length - 14).slice();
        assertThat(packet.limit()).isLessThanOrEqualTo(1280);
        assertThat(packet.get(6)).isEqualTo((byte) FRAGMENT);
        assertThat(packet.get(40)).isEqualTo((byte) 17);
        assertThat(packet.getShort(42)).isEqualTo((short) (offset | (i == 0 ? 1 : 0)));
        names.add(packet.getInt(44));
        offset += packet.limit() - 48;
      }
      assertThat(names).hasSize(1);
      assertThat(offset).isEqualTo(1_508);
    }
  }

  @Tag("rfc8200:4.5-2")
  @Test
  void namesOfFragmentedPacketsDoNotRepeatSoon() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Set<Integer> names = new HashSet<>();
      for (int i = 0; i < 200; i++) {
        host.send(host.routeTo(TestHost.PEER), Packets.udpPacket(1, 2, new byte[1_500]), false);
        names.add(ByteBuffer.wrap(host.sent().getFirst()).getInt(14 + 44));
      }
      assertThat(names).hasSize(200);
    }
  }

  // ---- path MTU, RFC 8201 ----

  @Tag("rfc8201:4-1")
  @Tag("rfc8201:4-4")
  @Tag("rfc8201:5.1-1")
  @Test
  void whatIsLearnedIsKeptToAndNeverRaisedByAMessage() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Ipv6Route route = host.routeTo(TestHost.PEER);
      route.learnPathMtu(1_400, host.now());
      assertThat(route.pathMtu()).isEqualTo(1_400);
      host.expectDrop(
          DropReason.IP_TOO_BIG,
          () -> host.send(route, Packets.udpPacket(1, 2, new byte[1_353]), true));
      host.send(route, Packets.udpPacket(1, 2, new byte[1_352]), true);
      assertThat(host.sent()).hasSize(1);
      host.send(route, Packets.udpPacket(1, 2, new byte[1_353]), false);
      assertThat(host.sent()).hasSize(2);
      route.learnPathMtu(1_450, host.now());
      assertThat(route.pathMtu()).isEqualTo(1_400);
    }
  }

  @Tag("rfc8201:4-2")
  @Tag("rfc8201:4-3")
  @ParameterizedTest
  @ValueSource(ints = {0, 68, 1_279})
  void noPathIsNarrowerThan1280(int mtu) {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] quote =
          Packets.udp(1, 2, new byte[40]).from(TestHost.OURS).to(TestHost.PEER).datagram();
      host.expectDrop(
          DropReason.ICMP_IGNORED, Packets.ip(Packets.ICMPV6, Packets.icmp(2, 0, mtu, quote)));
      assertThat(host.udp.errors).isEmpty();
      Ipv6Route route = host.routeTo(TestHost.PEER);
      route.learnPathMtu(mtu, host.now());
      assertThat(route.pathMtu()).isEqualTo(1_500);
      host.send(route, Packets.udpPacket(1, 2, new byte[40]), true);
      assertThat(host.sentOne()[6]).as("no fragment header").isEqualTo((byte) 17);
    }
  }

  @Tag("rfc8201:4-5")
  @Tag("rfc8201:5.3-1")
  @Test
  void aLargerPathIsTriedAfterTenMinutes() {
    try (TestHost host = TestHost.start()) {
      Ipv6Route route = host.routeTo(TestHost.PEER);
      route.learnPathMtu(1_400, host.now());
      host.advance(599 * TestHost.SECOND);
      assertThat(route.pathMtu()).isEqualTo(1_400);
      host.advance(2 * TestHost.SECOND);
      assertThat(route.pathMtu()).isEqualTo(1_500);
    }
  }

  @Tag("rfc8201:5.2-1")
  @Test
  void whatIsLearnedIsThatDestinationsAlone() {
    try (TestHost host = TestHost.start()) {
      host.routeTo("2001:db8:9::1").learnPathMtu(1_300, host.now());
      assertThat(host.routeTo("2001:db8:9::1").pathMtu()).isEqualTo(1_300);
      assertThat(host.routeTo("2001:db8:9::2").pathMtu()).isEqualTo(1_500);
    }
  }

  @Tag("rfc8201:5.2-1")
  @Test
  void pathsThatAreRememberedAreBounded() {
    RouteCache cache = new RouteCache(64, new SecureRandom());
    try (TestHost host = TestHost.start()) {
      Ipv6Route route = host.routeTo(TestHost.PEER);
      int found = 0;
      for (int i = 0; i < 10_000; i++) {
        cache.put(0, 1, 2, i, route);
      }
      for (int i = 0; i < 10_000; i++) {
        found += cache.get(0, 1, 2, i) != null ? 1 : 0;
      }
      assertThat(found).isBetween(1, 64);
    }
  }
}
