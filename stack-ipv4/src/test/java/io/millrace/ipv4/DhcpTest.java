package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv4.dhcp.FakeServer;
import io.millrace.testkit.host.TestPort;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IpV4Packet;

/** A port whose address is leased: frames in and out, addresses, routes and name servers. */
class DhcpTest {
  private static final long SECOND = TestHost.SECOND;
  private static final String LEASED = "10.0.0.17";
  private static final long OTHER_MAC = 0x02_00_00_00_00_09L;

  private final FakeServer server = new FakeServer();

  private static TestHost start() {
    return TestHost.start(1500, 0, Ipv4Config.defaults(), "dhcp");
  }

  /** The next message to a server, waiting for it; what else was sent is passed over. */
  private static byte[] message(TestHost host, int type) {
    for (int i = 0; i < 4_000; i++) {
      for (byte[] frame : host.sent()) {
        byte[] message = message(frame);
        if (message != null && FakeServer.type(message) == type) {
          return message;
        }
      }
      host.advance(SECOND / 10);
    }
    throw new AssertionError("no message of type " + type);
  }

  private static byte[] message(byte[] frame) {
    IpV4Packet ip = TestHost.decode(frame).get(IpV4Packet.class);
    boolean udp = ip != null && frame.length > 42 && frame[23] == 17 && frame[37] == 67;
    return udp ? Arrays.copyOfRange(frame, 42, frame.length) : null;
  }

  private void reply(TestHost host, int type, byte[] request, String to) {
    host.receive(
        Packets.udp(67, 68, server.reply(type, request)).from(server.server).to(to).build());
  }

  /** To the moment at which the address is being probed for. */
  private void lease(TestHost host) {
    // RFC 2131 §4.1: to the address that is being given, although it is not ours yet.
    reply(host, FakeServer.OFFER, message(host, FakeServer.DISCOVER), LEASED);
    reply(host, FakeServer.ACK, message(host, FakeServer.REQUEST), LEASED);
  }

  private void bind(TestHost host) {
    lease(host);
    host.advance(8 * SECOND);
    host.port.takeSent();
    assertThat(host.family.addresses()).containsExactly(IpPrefix.parse(LEASED + "/24"));
  }

  @Test
  void aDiscoverGoesFromNobodyToAll() {
    try (TestHost host = start()) {
      host.advance(SECOND);
      List<byte[]> sent = host.sent();
      assertThat(sent).hasSize(1);
      EthernetPacket frame = TestHost.decode(sent.get(0));
      assertThat(frame.getHeader().getDstAddr().toString()).isEqualTo("ff:ff:ff:ff:ff:ff");
      IpV4Packet ip = frame.get(IpV4Packet.class);
      assertThat(ip.getHeader().getSrcAddr().getHostAddress()).isEqualTo("0.0.0.0");
      assertThat(ip.getHeader().getDstAddr().getHostAddress()).isEqualTo("255.255.255.255");
      assertThat(ip.getHeader().hasValidChecksum(false)).isTrue();
      org.pcap4j.packet.UdpPacket udp = frame.get(org.pcap4j.packet.UdpPacket.class);
      assertThat(
              udp.hasValidChecksum(ip.getHeader().getSrcAddr(), ip.getHeader().getDstAddr(), false))
          .isTrue();
    }
  }

  @Test
  void theAddressIsProbedForBeforeItIsOurs() {
    try (TestHost host = start()) {
      lease(host);
      host.advance(3 * SECOND);
      assertThat(host.family.addresses()).isEmpty();
      List<ArpPacket> probes = host.sentArp();
      assertThat(probes).isNotEmpty();
      assertThat(probes.get(0).getHeader().getSrcProtocolAddr().getHostAddress())
          .isEqualTo("0.0.0.0");
      host.advance(5 * SECOND);
      assertThat(host.family.addresses()).containsExactly(IpPrefix.parse(LEASED + "/24"));
      assertThat(host.routeTo("10.0.0.99")).isNotNull();
      assertThat(host.routeTo("192.0.2.1").source()).isEqualTo(Packets.bits(LEASED));
    }
  }

  @Test
  void serversAndDomainReachTheResolver() {
    server.option(15, 'e', '.', 'o', 'r', 'g');
    try (TestHost host = start()) {
      bind(host);
      assertThat(host.shard.nameServers().servers())
          .containsExactly(IpAddress.parse("10.0.0.53"), IpAddress.parse("10.0.0.54"));
      assertThat(host.shard.nameServers().domains()).containsExactly("e.org");
    }
  }

  @Test
  void theMtuOfTheLeaseLimitsOurDatagrams() {
    server.option(26, 1400 >> 8, 1400 & 0xff);
    try (TestHost host = start()) {
      bind(host);
      assertThat(host.routeTo("10.0.0.99").pathMtu()).isEqualTo(1400);
    }
  }

  @Test
  void anAddressThatAnswersAProbeIsDeclined() {
    try (TestHost host = start()) {
      lease(host);
      host.advance(2 * SECOND);
      host.port.takeSent();
      host.receive(Packets.arp(2, OTHER_MAC, LEASED, TestPort.MAC, "0.0.0.0"));
      assertThat(FakeServer.addressOption(message(host, FakeServer.DECLINE), 50)).isEqualTo(LEASED);
      assertThat(host.family.addresses()).isEmpty();
      message(host, FakeServer.DISCOVER);
    }
  }

  @Test
  void aConflictIsAnsweredOnceAndTheSecondEndsTheLease() {
    try (TestHost host = start()) {
      bind(host);
      host.receive(Packets.arp(1, OTHER_MAC, LEASED, 0, LEASED));
      assertThat(host.sentArp()).as("defended (RFC 5227 §2.4 (b))").hasSize(1);
      assertThat(host.family.addresses()).hasSize(1);

      host.advance(SECOND);
      host.receive(Packets.arp(1, OTHER_MAC, LEASED, 0, LEASED));
      assertThat(host.family.addresses()).isEmpty();
      assertThat(host.routeTo("10.0.0.99")).isNull();
      assertThat(host.shard.nameServers().servers()).isEmpty();
      message(host, FakeServer.DECLINE);
    }
  }

  @Test
  void conflictsFarApartAreDefendedEachTime() {
    try (TestHost host = start()) {
      bind(host);
      for (int i = 0; i < 3; i++) {
        host.receive(Packets.arp(1, OTHER_MAC, LEASED, 0, LEASED));
        assertThat(host.sentArp()).hasSize(1);
        host.advance(11 * SECOND);
        host.port.takeSent();
      }
      assertThat(host.family.addresses()).hasSize(1);
    }
  }

  @Test
  void aRenewalGoesToTheServerAloneAndKeepsEverythingAsItIs() {
    server.seconds(51, 600);
    try (TestHost host = start()) {
      bind(host);
      Ipv4Route route = host.routeTo("10.0.0.99");
      byte[] renewal = message(host, FakeServer.REQUEST);
      assertThat(FakeServer.clientAddress(renewal)).isEqualTo(LEASED);
      reply(host, FakeServer.ACK, renewal, LEASED);
      assertThat(route.isCurrent()).isTrue();
      host.advance(310 * SECOND); // beyond the end of the first lease
      assertThat(host.family.addresses()).hasSize(1);
    }
  }

  @Test
  void aLeaseThatRunsOutTakesItsAddressAlong() {
    server.seconds(51, 120);
    try (TestHost host = start()) {
      bind(host);
      host.advance(115 * SECOND);
      assertThat(host.family.addresses()).isEmpty();
      assertThat(host.shard.nameServers().servers()).isEmpty();
      message(host, FakeServer.DISCOVER);
    }
  }

  @Test
  void aStackThatClosesGivesItsLeaseBack() {
    TestHost host = start();
    bind(host);
    host.stack.close();
    byte[] frame = host.port.takeSent().getLast();
    assertThat(FakeServer.type(message(frame))).isEqualTo(FakeServer.RELEASE);
    assertThat(Packets.bits(server.server)).isEqualTo(java.nio.ByteBuffer.wrap(frame).getInt(30));
    assertThat(TestHost.decode(frame).getHeader().getDstAddr().toString())
        .isEqualTo("02:00:00:00:00:02");
  }

  @Test
  void whatIsNoAnswerIsCounted() {
    try (TestHost host = start()) {
      byte[] discover = message(host, FakeServer.DISCOVER);
      byte[] offer = server.reply(FakeServer.OFFER, discover);
      host.expectDrop(
          DropReason.DHCP_IGNORED, Packets.udp(67, 68, Arrays.copyOf(offer, 100)).build());
      byte[] bad = Packets.udp(67, 68, offer).build();
      bad[40] = 1; // a checksum, and a wrong one
      host.expectDrop(DropReason.UDP_BAD_CHECKSUM, bad);
      byte[] tooLong = Packets.udp(67, 68, offer).build();
      tooLong[38] = 0x7f;
      host.expectDrop(DropReason.UDP_BAD_LENGTH, tooLong);
    }
  }

  @Test
  void anotherPortStaysWithUdp() {
    try (TestHost host = start()) {
      bind(host);
      host.receive(Packets.udp(67, 69, new byte[10]).to(LEASED).build());
      assertThat(host.udp.received).hasSize(1);
    }
  }

  @Test
  void dhcpAndAConfiguredAddressLiveSideBySide() {
    try (TestHost host = TestHost.start(1500, 0, Ipv4Config.defaults(), "192.0.2.7/24", "dhcp")) {
      lease(host);
      host.advance(8 * SECOND);
      assertThat(host.family.addresses())
          .containsExactlyInAnyOrder(
              IpPrefix.parse("192.0.2.7/24"), IpPrefix.parse(LEASED + "/24"));
      // The configured default route stays as it was given.
      assertThat(host.routeTo("198.51.100.1")).isNotNull();
    }
  }

  @Test
  void dhcpTwiceOnOnePortIsRefused() {
    assertThatThrownBy(() -> TestHost.start(1500, 0, Ipv4Config.defaults(), "dhcp", "dhcp"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("already");
  }
}
