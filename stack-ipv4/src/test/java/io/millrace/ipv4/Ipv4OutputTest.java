package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.spi.PortInfo;
import io.millrace.testkit.host.TestPort;
import io.millrace.time.ShardClock;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.Dot1qVlanTagPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.UdpPacket;

/** RFC 791 §3.2, RFC 1191, RFC 6864, decoded by others. */
class Ipv4OutputTest {
  private static final byte[] DATA = Packets.udpPacket(7, 9, Packets.random(3, 32));

  @net.jqwik.api.Tag("rfc791:3.3-1")
  @net.jqwik.api.Tag("rfc1122:3.2.1.6-1")
  @net.jqwik.api.Tag("rfc1122:3.2.1.7-3")
  @net.jqwik.api.Tag("rfc1122:3.4-1")
  @Property(tries = 300)
  void writesTheHeaderThatWasAskedFor(
      @ForAll @IntRange(max = 255) int trafficClass,
      @ForAll @IntRange(min = 1, max = 255) int ttl,
      @ForAll boolean dontFragment,
      @ForAll @IntRange(max = 1472) int size) {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] udp = Packets.udpPacket(7, 9, Packets.random(size, size));
      host.routeTo(TestHost.PEER)
          .send(host.frame(udp), IpProtocol.UDP, trafficClass, ttl, dontFragment, host.now());
      EthernetPacket ethernet = host.sentOne();
      assertThat(ethernet.getHeader().getType().value()).isEqualTo((short) 0x800);
      assertThat(ethernet.getHeader().getSrcAddr().toString()).isEqualTo("02:00:00:00:00:01");
      assertThat(ethernet.getHeader().getDstAddr().toString()).isEqualTo("02:00:00:00:00:02");
      IpV4Packet ip = ethernet.get(IpV4Packet.class);
      IpV4Packet.IpV4Header header = ip.getHeader();
      assertThat(header.hasValidChecksum(false)).isTrue();
      assertThat(header.getTotalLengthAsInt()).isEqualTo(28 + size);
      assertThat(header.getTos().value()).isEqualTo((byte) trafficClass);
      assertThat(header.getTtlAsInt()).isEqualTo(ttl);
      assertThat(header.getProtocol().value()).isEqualTo((byte) 17);
      assertThat(header.getDontFragmentFlag()).isEqualTo(dontFragment);
      assertThat(header.getMoreFragmentFlag()).isFalse();
      assertThat(header.getFragmentOffset()).isZero();
      assertThat(header.getSrcAddr().getHostAddress()).isEqualTo(TestHost.OURS);
      assertThat(header.getDstAddr().getHostAddress()).isEqualTo(TestHost.PEER);
      assertThat(Arrays.copyOfRange(ip.getRawData(), 20, ip.length())).isEqualTo(udp);
    }
  }

  @Tag("rfc791:3.2-1")
  @Test
  void whatMayBeFragmentedHasIdentificationsThatDoNotRepeatSoon() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Set<Integer> seen = new HashSet<>();
      for (int i = 0; i < 1000; i++) {
        host.send(host.routeTo(TestHost.PEER), DATA, false);
        seen.add(host.sentDatagrams().get(0).getHeader().getIdentificationAsInt());
      }
      assertThat(seen).hasSize(1000);
    }
  }

  @Test
  void identificationsStartElsewhereForEveryDestination() {
    try (TestHost host = TestHost.start().introduce(TestHost.ROUTER, TestHost.PEER_MAC)) {
      Set<Integer> starts = new HashSet<>();
      for (int i = 0; i < 100; i++) {
        host.send(host.routeTo("8.8.8." + i), DATA, false);
        starts.add(host.sentDatagrams().get(0).getHeader().getIdentificationAsInt());
      }
      assertThat(starts).hasSizeGreaterThan(95);
    }
  }

  @Tag("rfc1122:3.3.1.1-1")
  @Tag("rfc1122:3.3.1.2-2")
  @Test
  void whatIsNotOnTheLinkGoesToTheRouter() {
    try (TestHost host = TestHost.start()) {
      host.send(host.routeTo("192.0.2.77"), DATA, true);
      assertThat(host.sentArp().get(0).getHeader().getDstProtocolAddr().getHostAddress())
          .isEqualTo(TestHost.ROUTER);
      host.receive(Packets.arp(2, 0x0255L, TestHost.ROUTER, TestPort.MAC, TestHost.OURS));
      EthernetPacket sent = host.sentOne();
      assertThat(sent.getHeader().getDstAddr().toString()).isEqualTo("00:00:00:00:02:55");
      assertThat(sent.get(IpV4Packet.class).getHeader().getDstAddr().getHostAddress())
          .isEqualTo("192.0.2.77");
    }
  }

  @Tag("rfc1122:3.3.6-3")
  @Test
  void broadcastsAndGroupsNeedNoNeighbor() {
    try (TestHost host = TestHost.start()) {
      for (String to : List.of("255.255.255.255", "10.0.0.255")) {
        host.send(host.routeTo(to), DATA, false);
        EthernetPacket sent = host.sentOne();
        assertThat(sent.getHeader().getDstAddr().toString()).isEqualTo("ff:ff:ff:ff:ff:ff");
        assertThat(sent.get(IpV4Packet.class).getHeader().getDstAddr().getHostAddress())
            .isEqualTo(to);
      }
      // RFC 1112 §6.4: the low 23 bits.
      host.send(host.routeTo("239.129.2.3"), DATA, false);
      assertThat(host.sentOne().getHeader().getDstAddr().toString()).isEqualTo("01:00:5e:01:02:03");
    }
  }

  @Tag("rfc1122:3.2.1.3-2")
  @Tag("rfc1122:3.2.1.3-3")
  @Tag("rfc1122:3.2.1.3-5")
  @Tag("rfc1122:4.1.3.6-2")
  @Test
  void thereIsNoRouteToWhatIsNoDestination() {
    try (TestHost host = TestHost.start()) {
      for (String to : List.of("0.0.0.0", "240.0.0.1", "0.1.2.3")) {
        assertThat(host.routeTo(to)).as(to).isNull();
      }
      IpAddress notOurs = IpAddress.parse("10.0.0.77");
      IpAddress peer = IpAddress.parse(TestHost.PEER);
      assertThat(host.family.route(notOurs.hi(), notOurs.lo(), peer.hi(), peer.lo())).isNull();
      IpAddress six = IpAddress.parse("2001:db8::1");
      assertThat(host.family.route(0, 0, six.hi(), six.lo())).isNull();
    }
  }

  @Tag("rfc1122:3.2.1.3-4")
  @Tag("rfc1122:3.2.2.9-2")
  @Test
  void refusesAddressesThatNoHostCanHave() {
    try (TestHost host = TestHost.start()) {
      for (String bad :
          List.of("127.0.0.1/8", "224.0.0.1/24", "10.0.0.255/24", "10.0.0.0/24", "0.0.0.0/0")) {
        assertThatThrownBy(
                () ->
                    host.family.addAddress(
                        host.shard.networkInterface(0), IpPrefix.parse(bad), host.now()))
            .as(bad)
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Tag("rfc1122:3.3.1.2-1")
  @Test
  void aRouteIsCachedAndFollowsNewRoutes() {
    try (TestHost host = TestHost.start()) {
      Ipv4Route route = host.routeTo("192.0.2.1");
      assertThat(host.routeTo("192.0.2.1")).isSameAs(route);
      host.family.addRoute(
          IpPrefix.parse("192.0.2.0/24"),
          IpAddress.parse("10.0.0.9"),
          host.shard.networkInterface(0));
      host.send(route, DATA, true);
      assertThat(host.sentArp().get(0).getHeader().getDstProtocolAddr().getHostAddress())
          .isEqualTo("10.0.0.9");
      assertThat(host.routeTo("192.0.2.1")).isSameAs(route);
    }
  }

  @Test
  void aNewAddressIsTheSourceOfWhatIsOnItsNetwork() {
    try (TestHost host = TestHost.start()) {
      assertThat(host.routeTo("10.7.0.9").source()).isEqualTo(Packets.bits(TestHost.OURS));
      host.family.addAddress(
          host.shard.networkInterface(0), IpPrefix.parse("10.7.0.1/24"), host.now());
      assertThat(host.routeTo("10.7.0.9").source()).isEqualTo(Packets.bits("10.7.0.1"));
      assertThat(host.routeTo("10.8.0.9").source()).isEqualTo(Packets.bits(TestHost.OURS));
    }
  }

  @Test
  void theCacheOfRoutesIsBounded() {
    RouteCache cache = new RouteCache(64, new java.security.SecureRandom());
    try (TestHost host = TestHost.start()) {
      Ipv4Route route = host.routeTo(TestHost.PEER);
      int found = 0;
      for (int i = 0; i < 10_000; i++) {
        cache.put(RouteCache.key(1, i), route);
        assertThat(cache.get(RouteCache.key(1, i))).isSameAs(route);
      }
      for (int i = 0; i < 10_000; i++) {
        found += cache.get(RouteCache.key(1, i)) != null ? 1 : 0;
      }
      assertThat(found).isBetween(32, 64);
    }
  }

  @Tag("rfc1122:3.3.4.3-1")
  @Test
  void picksTheSourceOfTheNetworkThatTheDestinationIsOn() {
    try (TestHost host =
        TestHost.start(1500, 0, Ipv4Config.defaults(), "10.0.0.1/24", "172.16.0.5/16")) {
      assertThat(IpAddress.v4Lo(host.routeTo("172.16.9.9").source()))
          .isEqualTo(IpAddress.parse("172.16.0.5").lo());
      assertThat(IpAddress.v4Lo(host.routeTo("9.9.9.9").source()))
          .isEqualTo(IpAddress.parse("10.0.0.1").lo());
    }
  }

  @Test
  void theFarEndOfANetworkOfTwoIsReachedDirectly() {
    try (TestHost host = TestHost.start(1500, 0, Ipv4Config.defaults(), "10.1.0.0/31")) {
      host.send(host.routeTo("10.1.0.1"), DATA, true);
      assertThat(host.sentArp().get(0).getHeader().getDstProtocolAddr().getHostAddress())
          .isEqualTo("10.1.0.1");
    }
  }

  // ---- fragments ----

  @net.jqwik.api.Tag("rfc791:3.2-2")
  @net.jqwik.api.Tag("rfc791:3.2-3")
  @net.jqwik.api.Tag("rfc1122:3.3.3-2")
  @Property(tries = 200)
  void fragmentsWhatIsTooBigSoThatItCanBePutTogether(
      @ForAll @IntRange(min = 1, max = 65_507) int size,
      @ForAll @IntRange(max = 1400) int own,
      @ForAll @IntRange(min = 68, max = 1500) int mtu) {
    try (TestHost host =
        TestHost.start(mtu, 0, Ipv4Config.defaults(), TestHost.OURS + "/24").introducePeer()) {
      byte[] udp = Packets.udpPacket(7, 9, Packets.random(size, size));
      Frame tail = host.shard.pool().allocateLarge();
      int inFrame = Math.min(own, udp.length);
      Frame frame = host.frame(Arrays.copyOf(udp, inFrame));
      if (inFrame < udp.length) {
        int rest = udp.length - inFrame;
        Bytes.copyIn(udp, inFrame, tail.append(rest), rest);
        frame.tail(tail, tail.address(), rest);
      }
      tail.release();
      host.routeTo(TestHost.PEER).send(frame, IpProtocol.UDP, 0x20, 9, false, host.now());
      List<IpV4Packet> fragments = host.sentDatagrams();
      assertThat(fragments)
          .allSatisfy(
              each -> {
                assertThat(each.length()).isLessThanOrEqualTo(mtu);
                assertThat(each.getHeader().getTtlAsInt()).isEqualTo(9);
                assertThat(each.getHeader().getTos().value()).isEqualTo((byte) 0x20);
              });
      int most = (mtu - 20) / 8 * 8;
      if ((udp.length + most - 1) / most <= 1024) {
        assertThat(IcmpEchoTest.reassemble(fragments)).isEqualTo(udp);
      } else {
        // More than the interface takes at once: none is sent.
        assertThat(fragments).isEmpty();
        assertThat(host.drops(DropReason.TX_QUEUE_FULL)).isEqualTo(1);
      }
    }
  }

  @Tag("rfc791:2.3-2")
  @Test
  void dontFragmentMeansDrop() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Ipv4Route route = host.routeTo(TestHost.PEER);
      byte[] big = Packets.udpPacket(1, 2, new byte[1473]);
      host.expectDrop(DropReason.IP_TOO_BIG, () -> host.send(route, big, true));
      assertThat(host.sent()).isEmpty();
      host.send(route, Packets.udpPacket(1, 2, new byte[1472]), true);
      assertThat(host.sentDatagrams()).hasSize(1);
    }
  }

  @Test
  void aChecksumThatWasLeftToThePortIsComputedBeforeFragmenting() {
    for (int own : new int[] {8, 9, 500, 501, 1708}) {
      try (TestHost host = TestHost.start().introducePeer()) {
        byte[] udp = Packets.udpPacket(7, 9, Packets.random(own, 1700));
        Ipv4Route route = host.routeTo(TestHost.PEER);
        int pseudo = Checksum.fold(route.pseudoHeaderSum(IpProtocol.UDP) + udp.length);
        udp[6] = (byte) (pseudo >>> 8);
        udp[7] = (byte) pseudo;
        Frame frame = host.frame(Arrays.copyOf(udp, own));
        Frame tail = host.frame(Arrays.copyOfRange(udp, own, udp.length));
        if (own < udp.length) {
          frame.tail(tail, tail.address(), tail.length());
        }
        tail.release();
        frame.requestChecksum(frame.address(), 6);
        route.send(frame, IpProtocol.UDP, 0, 64, false, host.now());
        byte[] whole = IcmpEchoTest.reassemble(host.sentDatagrams());
        try {
          UdpPacket decoded = UdpPacket.newPacket(whole, 0, whole.length);
          assertThat(
                  decoded.hasValidChecksum(
                      java.net.InetAddress.ofLiteral(TestHost.OURS),
                      java.net.InetAddress.ofLiteral(TestHost.PEER),
                      false))
              .as("own " + own)
              .isTrue();
        } catch (org.pcap4j.packet.IllegalRawDataException e) {
          throw new AssertionError(e);
        }
      }
    }
  }

  @Test
  void whatThePortCutsIsNotFragmented() {
    try (TestHost host =
        TestHost.start(1500, PortInfo.TX_SEGMENT_TCP4, Ipv4Config.defaults(), TestHost.OURS + "/24")
            .introducePeer()) {
      Frame frame = host.shard.pool().allocateLarge();
      Bytes.fill(frame.append(30_000), 30_000, 1);
      frame.segmentSize(1460);
      host.routeTo(TestHost.PEER).send(frame, IpProtocol.TCP, 0, 64, true, host.now());
      List<byte[]> sent = host.sent();
      assertThat(sent).hasSize(1);
      assertThat(sent.get(0)).hasSize(30_034);
    }
  }

  // ---- path MTU, RFC 1191 ----

  @Tag("rfc1122:3.3.3-1")
  @Test
  void learnsASmallerPathMtuNeverALargerAndForgetsItAfterTenMinutes() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Ipv4Route route = host.routeTo(TestHost.PEER);
      assertThat(route.pathMtu()).isEqualTo(1500);
      route.learnPathMtu(1600, host.now());
      assertThat(route.pathMtu()).isEqualTo(1500);
      route.learnPathMtu(1000, host.now());
      assertThat(route.pathMtu()).isEqualTo(1000);
      route.learnPathMtu(1400, host.now());
      assertThat(route.pathMtu()).isEqualTo(1000);
      host.expectDrop(DropReason.IP_TOO_BIG, () -> host.send(route, new byte[981], true));
      host.send(route, new byte[981], false);
      assertThat(host.sentDatagrams()).hasSize(2);
      // It survives changes elsewhere.
      host.family.addRoute(IpPrefix.parse("192.0.2.0/24"), null, host.shard.networkInterface(0));
      host.send(route, new byte[8], true);
      assertThat(route.pathMtu()).isEqualTo(1000);
      host.advance(599 * TestHost.SECOND);
      assertThat(route.pathMtu()).isEqualTo(1000);
      host.advance(2 * TestHost.SECOND);
      assertThat(route.pathMtu()).isEqualTo(1500);
    }
  }

  @Test
  void belowTheFloorTheRoutersMayFragment() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Ipv4Route route = host.routeTo(TestHost.PEER);
      route.learnPathMtu(68, host.now());
      assertThat(route.pathMtu()).isEqualTo(552);
      host.send(route, new byte[500], true);
      assertThat(host.sentDatagrams().get(0).getHeader().getDontFragmentFlag()).isFalse();
      host.advance(601 * TestHost.SECOND);
      host.introducePeer();
      host.send(route, new byte[500], true);
      assertThat(host.sentDatagrams().get(0).getHeader().getDontFragmentFlag()).isTrue();
    }
  }

  @Test
  void tagsFramesOnAVlan() throws Exception {
    long[] now = {TestHost.SECOND};
    try (NetStack stack =
        NetStack.builder()
            .port("test:1500,vlan=7", TestHost.OURS + "/24")
            .driven(ShardClock.of(() -> now[0]))
            .start()) {
      Shard shard = stack.shard(0);
      shard.step();
      TestPort port = TestDriver.opened;
      byte[] announcement = port.takeSent().get(0);
      assertThat(announcement).hasSize(46).containsSequence(0x81, 0, 0, 7, 8, 6);

      byte[] arp = Packets.arp(1, TestHost.PEER_MAC, TestHost.PEER, 0, TestHost.OURS);
      port.put(tagged(arp));
      port.put(tagged(Packets.echo(1, 2, new byte[12]).build()));
      shard.step();
      List<byte[]> sent = port.takeSent();
      assertThat(sent).hasSize(2);
      EthernetPacket frame = TestHost.decode(sent.get(1));
      assertThat(frame.get(Dot1qVlanTagPacket.class).getHeader().getVidAsInt()).isEqualTo(7);
      assertThat(frame.get(IpV4Packet.class).getHeader().hasValidChecksum(false)).isTrue();
      assertThat(frame.get(IpV4Packet.class).length()).isEqualTo(40);
    }
  }

  private static byte[] tagged(byte[] frame) {
    return Packets.join(
        Arrays.copyOf(frame, 12),
        new byte[] {(byte) 0x81, 0, 0, 7},
        Arrays.copyOfRange(frame, 12, frame.length));
  }
}
