package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.testkit.host.TestTransport;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pcap4j.packet.IcmpV4DestinationUnreachablePacket;
import org.pcap4j.packet.IpV4Packet;

/** RFC 791 §3.1, RFC 1122 §3.2.1. */
class Ipv4InputTest {
  private static final byte[] DATA = Packets.random(1, 40);

  /** A frame whose IP header is changed at a place and whose checksum then fits again. */
  private static byte[] changed(int at, int value) {
    byte[] frame = Packets.udp(1, 2, DATA).build();
    frame[14 + at] = (byte) value;
    frame[24] = 0;
    frame[25] = 0;
    int header = Math.min((frame[14] & 15) * 4, frame.length - 14);
    int checksum = Packets.checksum(frame, 14, header);
    frame[24] = (byte) (checksum >>> 8);
    frame[25] = (byte) checksum;
    return frame;
  }

  @Tag("rfc791:3.3-1")
  @Tag("rfc1122:3.2.1.6-2")
  @Tag("rfc1122:3.4-2")
  @Tag("rfc768:IPInterface-1")
  @Test
  void handsAWholeDatagramUpWithWhatTheHeaderSaid() {
    try (TestHost host = TestHost.start()) {
      host.receive(Packets.udp(7, 9, DATA).tos(0x2e).ttl(3).build());
      assertThat(host.udp.received).hasSize(1);
      TestTransport.Received got = host.udp.received.get(0);
      assertThat(got.source()).hasToString(TestHost.PEER);
      assertThat(got.destination()).hasToString(TestHost.OURS);
      assertThat(got.trafficClass()).isEqualTo(0x2e);
      assertThat(got.hopLimit()).isEqualTo(3);
      assertThat(got.bytes()).isEqualTo(Packets.udpPacket(7, 9, DATA));
      assertThat(got.flags() & (Frame.IP_MULTICAST | Frame.REASSEMBLED)).isZero();
    }
  }

  @Test
  void cutsOffThePaddingOfTheLink() {
    try (TestHost host = TestHost.start()) {
      byte[] frame = Packets.udp(1, 2, new byte[3]).build();
      host.receive(Arrays.copyOf(frame, 60));
      assertThat(host.udp.received.get(0).bytes()).hasSize(11);
    }
  }

  @Tag("rfc1122:3.2.1.7-2")
  @Test
  void aTtlThatHasRunOutIsForRoutersToMind() {
    try (TestHost host = TestHost.start()) {
      // RFC 1122 §3.2.1.7: a host must not discard a datagram because its TTL is less than 2.
      host.receive(Packets.udp(1, 2, DATA).ttl(0).build());
      host.receive(Packets.udp(1, 2, DATA).ttl(1).build());
      assertThat(host.udp.received).hasSize(2);
    }
  }

  @Tag("rfc1812:5.2.2-1")
  @Test
  void dropsHeadersCutShortAtEveryByte() {
    try (TestHost host = TestHost.start()) {
      byte[] frame = Packets.udp(1, 2, DATA).options(1, 1, 1, 0).build();
      for (int length = 14; length < frame.length; length++) {
        host.expectDrop(DropReason.IP_TRUNCATED, Arrays.copyOf(frame, length));
      }
      assertThat(host.udp.received).isEmpty();
    }
  }

  @Tag("rfc791:3.1-1")
  @Tag("rfc791:3.1-2")
  @Tag("rfc1122:3.2.1.1-1")
  @Tag("rfc1122:3.2.1.2-1")
  @Tag("rfc1812:4.3.2.7-2")
  @Tag("rfc1812:5.2.2-1")
  @Test
  void dropsWrongVersionsLengthsAndChecksums() {
    try (TestHost host = TestHost.start()) {
      for (int version = 0; version < 16; version++) {
        if (version != 4) {
          host.expectDrop(DropReason.IP_BAD_VERSION, changed(0, version << 4 | 5));
        }
      }
      for (int words = 0; words < 5; words++) {
        host.expectDrop(DropReason.IP_BAD_LENGTH, changed(0, 0x40 | words));
      }
      for (int total = 0; total < 20; total++) {
        host.expectDrop(DropReason.IP_BAD_LENGTH, changed(3, total));
      }
      host.expectDrop(DropReason.IP_TRUNCATED, changed(2, 0xff));
      for (int bit = 0; bit < 160; bit++) {
        byte[] frame = Packets.udp(1, 2, DATA).build();
        frame[14 + bit / 8] ^= (byte) (1 << (bit & 7));
        long before = host.shard.counters().totalDrops();
        host.receive(frame);
        assertThat(host.shard.counters().totalDrops()).isEqualTo(before + 1);
      }
      assertThat(host.udp.received).isEmpty();
      assertThat(host.sent()).as("silently").isEmpty();
    }
  }

  @Tag("rfc1122:3.2.1.3-5")
  @Tag("rfc1122:3.2.1.3-7")
  @Tag("rfc1122:3.2.2-9")
  @Tag("rfc1812:4.3.2.7-5")
  @Tag("rfc1122:4.1.3.6-1")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "127.255.0.9",
        "224.0.0.1",
        "239.1.2.3",
        "240.0.0.1",
        "255.255.255.255",
        "10.0.0.1",
        "10.0.0.255",
        "10.0.0.0"
      })
  void refusesSourcesThatAreNoHost(String source) {
    try (TestHost host = TestHost.start()) {
      host.expectDrop(DropReason.IP_BAD_SOURCE, Packets.udp(1, 2, DATA).from(source).build());
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc1122:3.2.1.3-5")
  @Tag("rfc1122:3.2.1.3-6")
  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.3", "8.8.8.8", "127.0.0.1", "224.0.0.2", "10.0.1.255", "0.0.0.0"})
  void neitherForwardsNorAnswersWhatIsForOthers(String destination) {
    try (TestHost host = TestHost.start()) {
      host.expectDrop(DropReason.IP_NOT_FOR_US, Packets.udp(1, 2, DATA).to(destination).build());
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc1122:3.3.6-1")
  @Tag("rfc1122:3.3.6-2")
  @Tag("rfc1122:3.3.7-2")
  @ParameterizedTest
  @ValueSource(strings = {"255.255.255.255", "10.0.0.255", "10.0.0.0", "224.0.0.1"})
  void broadcastsReachUdpButNeverTcp(String destination) {
    try (TestHost host = TestHost.start()) {
      host.receive(Packets.udp(1, 2, DATA).to(destination).linkBroadcast().build());
      assertThat(host.udp.received).hasSize(1);
      assertThat(host.udp.received.get(0).flags() & Frame.IP_MULTICAST).isNotZero();
      host.expectDrop(
          DropReason.TCP_NOT_UNICAST,
          Packets.ip(6, new byte[20]).to(destination).linkBroadcast().build());
      assertThat(host.tcp.received).isEmpty();
    }
  }

  @Tag("rfc1122:3.3.6-4")
  @Test
  void unicastInALinkBroadcastIsDropped() {
    try (TestHost host = TestHost.start()) {
      host.expectDrop(
          DropReason.IP_LINK_BROADCAST, Packets.udp(1, 2, DATA).linkBroadcast().build());
    }
  }

  @Test
  void networksOfTwoAndOfOneHaveNoBroadcastAddress() {
    try (TestHost host =
        TestHost.start(1500, 0, Ipv4Config.defaults(), "10.1.0.0/31", "10.2.0.1/32")) {
      host.receive(Packets.udp(1, 2, DATA).from("10.1.0.1").to("10.1.0.0").build());
      host.receive(Packets.udp(1, 2, DATA).from("10.9.9.9").to("10.2.0.1").build());
      assertThat(host.udp.received).hasSize(2);
      assertThat(host.udp.received.get(0).flags() & Frame.IP_MULTICAST).isZero();
      host.expectDrop(
          DropReason.IP_NOT_FOR_US, Packets.udp(1, 2, DATA).from("9.9.9.9").to("10.1.0.1").build());
    }
  }

  @Tag("rfc791:2.3-1")
  @Test
  void allOfManyAddressesAreOurs() {
    String[] addresses = new String[100];
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = "10.0." + i + ".1/24";
    }
    try (TestHost host = TestHost.start(1500, 0, Ipv4Config.defaults(), addresses)) {
      for (int i = 0; i < addresses.length; i++) {
        host.receive(Packets.udp(1, 2, DATA).from("10.0.0.2").to("10.0." + i + ".1").build());
      }
      assertThat(host.udp.received).hasSize(100);
      assertThat(host.family.addresses()).hasSize(100);
      host.expectDrop(
          DropReason.IP_NOT_FOR_US,
          Packets.udp(1, 2, DATA).from("10.0.0.2").to("10.0.100.1").build());
    }
  }

  @Tag("rfc791:3.1-8")
  @Tag("rfc1122:3.2.1.8-3")
  @Test
  void passesOverOptionsAndRefusesBadOnesAndSourceRoutes() {
    try (TestHost host = TestHost.start()) {
      int[][] good = {
        {0, 0, 0, 0},
        {1, 1, 1, 0},
        {7, 7, 4, 0, 0, 0, 0, 0},
        {68, 8, 5, 0, 0, 0, 0, 0},
        {148, 4, 0, 0},
        {0, 7, 255, 255},
        {1, 130, 2, 0},
      };
      for (int[] options : good) {
        host.receive(Packets.udp(1, 2, DATA).options(options).build());
      }
      assertThat(host.udp.received)
          .hasSize(good.length)
          .allSatisfy(each -> assertThat(each.bytes()).isEqualTo(Packets.udpPacket(1, 2, DATA)));
      int[][] bad = {
        {7, 0, 0, 0},
        {7, 1, 0, 0},
        {7, 5, 0, 0},
        {1, 1, 1, 7},
        {1, 1, 7, 3},
        {7, 255, 4, 0},
        {131, 7, 4, 9, 9, 9, 9, 0},
        {137, 7, 4, 9, 9, 9, 9, 0},
        {1, 131, 3, 4},
        {131, 0, 0, 0},
      };
      for (int[] options : bad) {
        host.expectDrop(DropReason.IP_BAD_OPTION, Packets.udp(1, 2, DATA).options(options).build());
      }
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc792:Unreachable-1")
  @Tag("rfc792:Unreachable-2")
  @Tag("rfc1122:3.2.2.1-1")
  @Tag("rfc1122:3.3.8-1")
  @Test
  void saysThatAProtocolIsUnknown() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] frame = Packets.ip(200, DATA).build();
      host.expectDrop(DropReason.IP_PROTOCOL_UNKNOWN, frame);
      // There is no SCTP on this host either.
      host.expectDrop(DropReason.IP_PROTOCOL_UNKNOWN, Packets.ip(132, DATA).build());
      var sent = host.sentDatagrams();
      assertThat(sent).hasSize(2);
      IpV4Packet error = sent.get(0);
      assertThat(error.getHeader().getDstAddr().getHostAddress()).isEqualTo(TestHost.PEER);
      byte[] icmp = Arrays.copyOfRange(error.getRawData(), 20, error.length());
      assertThat(icmp).startsWith(3, 2);
      assertThat(Packets.checksum(icmp, 0, icmp.length)).isZero();
      assertThat(error.get(IcmpV4DestinationUnreachablePacket.class).getPayload().getRawData())
          .isEqualTo(Arrays.copyOfRange(frame, 14, frame.length));
    }
  }
}
