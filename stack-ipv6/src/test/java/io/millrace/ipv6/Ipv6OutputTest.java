package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 8200 §3 and §4.5, RFC 6437, RFC 7739, RFC 8021, RFC 8201, RFC 2464 §7. */
class Ipv6OutputTest {
  private static byte[] data(int size) {
    return Packets.udpPacket(9, 7, Packets.random(1, size - 8));
  }

  private static int flowLabel(byte[] packet) {
    return ByteBuffer.wrap(packet).getInt() & 0xf_ffff;
  }

  @Test
  void aPacketHasOneHeaderInFrontAndGoesToItsNeighbor() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Ipv6Route route = host.routeTo(TestHost.PEER);
      route.send(host.frame(data(100)), IpProtocol.UDP, 0xb9, 33, true, host.now());
      byte[] frame = host.sent().get(0);
      byte[] expected =
          Packets.ip(17, data(100))
              .from(TestHost.OURS)
              .to(TestHost.PEER)
              .trafficClass(0xb9)
              .hops(33)
              .datagram();
      byte[] packet = Arrays.copyOfRange(frame, 14, frame.length);
      ByteBuffer.wrap(expected).putInt(0, 0x6b90_0000 | flowLabel(packet));
      assertThat(packet).isEqualTo(expected);
      assertThat(ByteBuffer.wrap(frame).getLong() >>> 16).isEqualTo(TestHost.PEER_MAC);
    }
  }

  @Test
  void eachFlowHasALabelOfItsOwn() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Ipv6Route route = host.routeTo(TestHost.PEER);
      Set<Integer> labels = new HashSet<>();
      for (int port = 1; port <= 50; port++) {
        for (int i = 0; i < 2; i++) {
          host.send(route, Packets.udpPacket(port, 7, Packets.random(i, 20)), true);
          labels.add(flowLabel(host.sentOne()));
        }
      }
      assertThat(labels).as("one per port, as 50 of a million hardly meet").hasSizeBetween(49, 50);
      assertThat(labels).doesNotContain(0);
    }
  }

  @Test
  void whatTheLinkDoesNotTakeIsCutByTheSource() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] all = data(4000);
      Ipv6Route route = host.routeTo(TestHost.PEER);
      host.send(route, all, false);
      List<byte[]> frames = host.sent();
      assertThat(frames).hasSize(3);
      byte[] whole = new byte[4000];
      Set<Integer> labels = new HashSet<>();
      Set<Integer> ids = new HashSet<>();
      int end = 0;
      for (byte[] frame : frames) {
        ByteBuffer packet = ByteBuffer.wrap(Arrays.copyOfRange(frame, 14, frame.length));
        assertThat(packet.capacity()).isLessThanOrEqualTo(1500);
        assertThat(packet.get(6)).isEqualTo((byte) 44);
        assertThat(packet.get(40)).isEqualTo((byte) 17);
        int word = packet.getShort(42) & 0xffff;
        int size = packet.capacity() - 48;
        System.arraycopy(packet.array(), 48, whole, word & ~7, size);
        end += size;
        assertThat((word & 1) != 0).as("more").isEqualTo(end < 4000);
        labels.add(flowLabel(packet.array()));
        ids.add(packet.getInt(44));
      }
      assertThat(whole).isEqualTo(all);
      assertThat(labels).hasSize(1);
      assertThat(ids).hasSize(1);
      host.expectDrop(DropReason.IP_TOO_BIG, () -> host.send(route, all, true));
    }
  }

  @Test
  void identificationsOfTwoDestinationsHaveNothingToDoWithEachOther() {
    try (TestHost host =
        TestHost.start().introducePeer().introduce("2001:db8::3", 3, TestHost.OURS)) {
      int[] ids = new int[4];
      String[] to = {TestHost.PEER, TestHost.PEER, "2001:db8::3", "2001:db8::3"};
      for (int i = 0; i < ids.length; i++) {
        host.send(host.routeTo(to[i]), data(2000), false);
        ids[i] = ByteBuffer.wrap(host.sent().get(0)).getInt(14 + 44);
      }
      assertThat(ids[1]).isEqualTo(ids[0] + 1);
      assertThat(ids[3]).isEqualTo(ids[2] + 1);
      assertThat(Math.abs((long) ids[2] - ids[0])).isGreaterThan(4);
    }
  }

  @Test
  void aPathMtuIsLearnedAndForgottenButNeverBelowTheLeast() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Ipv6Route route = host.routeTo(TestHost.PEER);
      route.learnPathMtu(1279, host.now());
      route.learnPathMtu(0, host.now());
      assertThat(route.pathMtu()).isEqualTo(1500);
      route.learnPathMtu(1400, host.now());
      route.learnPathMtu(1450, host.now());
      assertThat(route.pathMtu()).isEqualTo(1400);
      route.learnPathMtu(1280, host.now());
      assertThat(route.pathMtu()).isEqualTo(1280);
      host.send(route, data(1232), false);
      // RFC 8021: what fits has no fragment header.
      assertThat(host.sentOne()).hasSize(1272);
      host.send(route, data(1241), false);
      assertThat(host.sent()).hasSize(2);
      host.advance(601 * TestHost.SECOND);
      assertThat(route.pathMtu()).isEqualTo(1500);
    }
  }

  @Test
  void groupsHaveLinkAddressesOfTheirOwn() {
    try (TestHost host = TestHost.start()) {
      host.send(host.routeTo("ff05::1:2:3"), data(20), true);
      assertThat(ByteBuffer.wrap(host.sent().get(0)).getLong() >>> 16).isEqualTo(0x3333_0002_0003L);
    }
  }

  @Test
  void aRouterOnTheLinkTakesWhatIsForOthers() {
    try (TestHost host = TestHost.start()) {
      host.introduce(TestHost.ROUTER, TestHost.ROUTER_MAC, host.linkLocal());
      host.send(host.routeTo("2001:db8:ffff::1"), data(20), true);
      byte[] frame = host.sent().get(0);
      assertThat(ByteBuffer.wrap(frame).getLong() >>> 16).isEqualTo(TestHost.ROUTER_MAC);
      assertThat(host.routeTo("2001:db8:ffff::1").sourceLo())
          .isEqualTo(IpAddress.parse(TestHost.OURS).lo());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"::", "fe80::5%2", "fe90::1"})
  void thereIsNoWayToSomePlaces(String destination) {
    try (TestHost host = TestHost.start()) {
      assertThat(host.routeTo(destination)).isNull();
    }
  }

  @Test
  void aLinkLocalDestinationIsOnTheLinkThatItNames() {
    try (TestHost host = TestHost.start()) {
      host.introduce("fe80::2", TestHost.PEER_MAC, host.linkLocal());
      Ipv6Route route = host.routeTo("fe80::2%1");
      assertThat(host.routeTo("fe80::2"))
          .as("the first port's, where none is named")
          .isSameAs(route);
      assertThat(new IpAddress(route.destinationHi(), route.destinationLo()))
          .isEqualTo(IpAddress.parse("fe80::2%1"));
      host.send(route, data(20), true);
      byte[] packet = host.sentOne();
      assertThat(Arrays.copyOfRange(packet, 8, 40))
          .as("no zone on the wire")
          .isEqualTo(
              ByteBuffer.allocate(32)
                  .put(Packets.address(host.linkLocal()))
                  .put(Packets.address("fe80::2"))
                  .array());
    }
  }
}
