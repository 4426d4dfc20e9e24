package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.testkit.host.TestPort;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.EthernetPacket;

/** RFC 826, RFC 5227. */
class ArpTest {
  private static final long OTHER_MAC = 0x02_00_00_00_00_33L;
  private static final byte[] DATA = Packets.udpPacket(1, 2, new byte[4]);

  @Tag("rfc5227:2.5-1")
  @Tag("rfc5227:2.6-1")
  @Tag("rfc826:2-3")
  @Tag("rfc826:2-5")
  @Test
  void answersForOurAddressAndRemembersWhoAsked() {
    try (TestHost host = TestHost.start()) {
      host.receive(Packets.arp(1, TestHost.PEER_MAC, TestHost.PEER, 0, TestHost.OURS));
      EthernetPacket frame = host.sentOne();
      assertThat(frame.getHeader().getDstAddr().toString()).isEqualTo("02:00:00:00:00:02");
      ArpPacket.ArpHeader reply = frame.get(ArpPacket.class).getHeader();
      assertThat(reply.getOperation().value()).isEqualTo((short) 2);
      assertThat(reply.getHardwareType().value()).isEqualTo((short) 1);
      assertThat(reply.getProtocolType().value()).isEqualTo((short) 0x800);
      assertThat(reply.getHardwareAddrLengthAsInt()).isEqualTo(6);
      assertThat(reply.getProtocolAddrLengthAsInt()).isEqualTo(4);
      assertThat(reply.getSrcHardwareAddr().toString()).isEqualTo("02:00:00:00:00:01");
      assertThat(reply.getSrcProtocolAddr().getHostAddress()).isEqualTo(TestHost.OURS);
      assertThat(reply.getDstHardwareAddr().toString()).isEqualTo("02:00:00:00:00:02");
      assertThat(reply.getDstProtocolAddr().getHostAddress()).isEqualTo(TestHost.PEER);

      host.send(host.routeTo(TestHost.PEER), DATA, true);
      assertThat(host.sentDatagrams()).as("no question was needed").hasSize(1);
    }
  }

  @Tag("rfc826:2-7")
  @Test
  void asksOnceASecondAndTellsTheTransportInTheEnd() {
    try (TestHost host = TestHost.start()) {
      host.advance(3 * TestHost.SECOND);
      host.sent();
      host.send(host.routeTo(TestHost.PEER), DATA, true);
      ArpPacket.ArpHeader question = host.sentArp().get(0).getHeader();
      assertThat(question.getOperation().value()).isEqualTo((short) 1);
      assertThat(question.getSrcProtocolAddr().getHostAddress()).isEqualTo(TestHost.OURS);
      assertThat(question.getSrcHardwareAddr().toString()).isEqualTo("02:00:00:00:00:01");
      assertThat(question.getDstProtocolAddr().getHostAddress()).isEqualTo(TestHost.PEER);
      assertThat(question.getDstHardwareAddr().toString()).isEqualTo("00:00:00:00:00:00");

      // More datagrams do not make more questions.
      host.send(host.routeTo(TestHost.PEER), DATA, true);
      assertThat(host.sent()).isEmpty();
      host.expectDrop(
          DropReason.NEIGHBOR_QUEUE_FULL,
          () -> {
            for (int i = 0; i < 7; i++) {
              host.send(host.routeTo(TestHost.PEER), DATA, true);
            }
          });
      host.advance(4 * TestHost.SECOND);
      assertThat(host.sentArp()).hasSize(2);
      assertThat(host.drops(DropReason.NEIGHBOR_UNREACHABLE)).isEqualTo(8);
      assertThat(host.udp.errors)
          .hasSize(8)
          .allSatisfy(
              told -> {
                assertThat(told.error()).isEqualTo(io.millrace.ip.IcmpError.HOST_UNREACHABLE);
                assertThat(told.destination()).hasToString(TestHost.PEER);
                assertThat(told.source()).hasToString(TestHost.OURS);
                assertThat(told.ports()).isEqualTo(1 << 16 | 2);
                assertThat(told.quoted()).isEqualTo(DATA.length);
              });
    }
  }

  @Test
  void whatWaitedIsSentInOrderWhenTheAnswerComes() {
    try (TestHost host = TestHost.start()) {
      for (int i = 0; i < 3; i++) {
        host.send(host.routeTo(TestHost.PEER), Packets.udpPacket(i, 2, new byte[4]), true);
      }
      host.sent();
      host.receive(Packets.arp(2, TestHost.PEER_MAC, TestHost.PEER, TestPort.MAC, TestHost.OURS));
      List<byte[]> sent = host.sent();
      assertThat(sent).hasSize(3);
      for (int i = 0; i < 3; i++) {
        assertThat(sent.get(i)[35]).isEqualTo((byte) i);
        assertThat(Arrays.copyOf(sent.get(i), 6)).isEqualTo(new byte[] {2, 0, 0, 0, 0, 2});
      }
    }
  }

  @Tag("rfc826:2-2")
  @Tag("rfc826:2-4")
  @Tag("rfc826:2-6")
  @Test
  void whatIsAnnouncedChangesWhatWeKnowAndAddsNothing() {
    try (TestHost host = TestHost.start().introducePeer()) {
      int known = host.family.neighbors().size();
      for (int i = 3; i < 200; i++) {
        byte[] gratuitous = Packets.arp(1, OTHER_MAC, "10.0.0." + i, 0, "10.0.0." + i);
        host.expectDrop(DropReason.ARP_NOT_FOR_US, gratuitous);
        host.expectDrop(
            DropReason.ARP_NOT_FOR_US,
            Packets.arp(2, OTHER_MAC, "10.0.0." + i, TestHost.PEER_MAC, "10.0.0.250"));
        // A reply that nobody asked for.
        host.receive(Packets.arp(2, OTHER_MAC, "10.0.0." + i, TestPort.MAC, TestHost.OURS));
      }
      assertThat(host.family.neighbors().size()).isEqualTo(known);

      host.receive(Packets.arp(1, OTHER_MAC, TestHost.PEER, 0, TestHost.PEER));
      host.send(host.routeTo(TestHost.PEER), DATA, true);
      assertThat(host.sentOne().getHeader().getDstAddr().toString()).isEqualTo("02:00:00:00:00:33");
    }
  }

  @Test
  void doesNotRememberAskersThatAreNotOnTheLink() {
    try (TestHost host = TestHost.start()) {
      host.receive(Packets.arp(1, OTHER_MAC, "8.8.8.8", 0, TestHost.OURS));
      assertThat(host.sentArp()).as("it is answered nevertheless").hasSize(1);
      assertThat(host.family.neighbors().size()).isZero();
    }
  }

  @Tag("rfc826:2-1")
  @Test
  void dropsEveryMalformedPacket() {
    try (TestHost host = TestHost.start()) {
      byte[] good = Packets.arp(1, TestHost.PEER_MAC, TestHost.PEER, 0, TestHost.OURS);
      for (int length = 14; length < good.length; length++) {
        host.expectDrop(DropReason.ARP_MALFORMED, Arrays.copyOf(good, length));
      }
      for (int at = 14; at < 22; at++) {
        for (int value : new int[] {0, 1, 2, 3, 4, 6, 8, 16, 255}) {
          byte[] bad = good.clone();
          bad[at] = (byte) value;
          if (bad[at] != good[at] && !(at == 21 && value == 2)) {
            host.expectDrop(DropReason.ARP_MALFORMED, bad);
          }
        }
      }
      host.expectDrop(
          DropReason.ARP_MALFORMED,
          Packets.arp(1, Packets.BROADCAST_MAC, TestHost.PEER, 0, TestHost.OURS));
      host.expectDrop(DropReason.ARP_MALFORMED, Packets.arp(1, 0, TestHost.PEER, 0, TestHost.OURS));
      for (String sender : List.of("224.0.0.1", "255.255.255.255", "127.0.0.1", "240.0.0.0")) {
        host.expectDrop(
            DropReason.ARP_MALFORMED, Packets.arp(1, TestHost.PEER_MAC, sender, 0, TestHost.OURS));
      }
      assertThat(host.sent()).isEmpty();
      assertThat(host.family.neighbors().size()).isZero();
    }
  }

  @Test
  void ignoresOurOwnPacketsComeBack() {
    try (TestHost host = TestHost.start()) {
      host.expectDrop(
          DropReason.ARP_NOT_FOR_US, Packets.arp(1, TestPort.MAC, TestHost.OURS, 0, TestHost.OURS));
      assertThat(host.count(Counter.ARP_CONFLICTS)).isZero();
    }
  }

  // ---- RFC 5227 ----

  @Tag("rfc5227:2.3-1")
  @Test
  void announcesAnAddressTwiceTwoSecondsApart() {
    try (TestHost host = TestHost.start()) {
      // The first announcement went out when the stack started.
      assertThat(host.count(Counter.ARP_OUT)).isEqualTo(1);
      host.advance(TestHost.SECOND * 19 / 10);
      assertThat(host.sent()).isEmpty();
      host.advance(TestHost.SECOND / 5);
      EthernetPacket frame = host.sentOne();
      assertThat(frame.getHeader().getDstAddr().toString()).isEqualTo("ff:ff:ff:ff:ff:ff");
      ArpPacket.ArpHeader arp = frame.get(ArpPacket.class).getHeader();
      assertThat(arp.getOperation().value()).isEqualTo((short) 1);
      assertThat(arp.getSrcProtocolAddr().getHostAddress()).isEqualTo(TestHost.OURS);
      assertThat(arp.getDstProtocolAddr().getHostAddress()).isEqualTo(TestHost.OURS);
      host.advance(TestHost.SECOND * 60);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Test
  void probesThreeTimesBeforeItUsesAnAddressIfConfigured() {
    try (TestHost host = TestHost.start(Ipv4Config.defaults().withProbe(true))) {
      assertThat(host.family.isLocal(0, io.millrace.ip.IpAddress.parse(TestHost.OURS).lo()))
          .isFalse();
      long asked = 0;
      for (int i = 0; i < 100 && host.family.addresses().isEmpty(); i++) {
        host.advance(TestHost.SECOND / 10);
        for (ArpPacket each : host.sentArp()) {
          if (host.family.addresses().isEmpty()) {
            asked++;
            assertThat(each.getHeader().getSrcProtocolAddr().getHostAddress()).isEqualTo("0.0.0.0");
            assertThat(each.getHeader().getDstProtocolAddr().getHostAddress())
                .isEqualTo(TestHost.OURS);
          }
        }
      }
      assertThat(asked).isEqualTo(3);
      assertThat(host.family.addresses()).hasSize(1);
      assertThat(host.now()).isBetween(9 * TestHost.SECOND, 13 * TestHost.SECOND);
    }
  }

  @Tag("rfc5227:2.1.1-2")
  @Tag("rfc5227:2.1.1-3")
  @Tag("rfc5227:2.1.1-5")
  @Test
  void givesUpAnAddressThatAProbeFindsTaken() {
    for (byte[] other :
        List.of(
            Packets.arp(2, OTHER_MAC, TestHost.OURS, TestPort.MAC, "0.0.0.0"),
            Packets.arp(1, OTHER_MAC, TestHost.OURS, 0, TestHost.PEER),
            Packets.arp(1, OTHER_MAC, "0.0.0.0", 0, TestHost.OURS))) {
      try (TestHost host = TestHost.start(Ipv4Config.defaults().withProbe(true))) {
        host.advance(2 * TestHost.SECOND);
        host.sent();
        host.receive(other);
        host.advance(20 * TestHost.SECOND);
        assertThat(host.sent()).isEmpty();
        assertThat(host.family.addresses()).isEmpty();
        assertThat(host.count(Counter.ARP_CONFLICTS)).isEqualTo(1);
      }
    }
  }

  @Tag("rfc5227:2.5-1")
  @Test
  void answersProbesForOurAddress() {
    try (TestHost host = TestHost.start()) {
      host.receive(Packets.arp(1, OTHER_MAC, "0.0.0.0", 0, TestHost.OURS));
      assertThat(host.sentArp()).hasSize(1);
      assertThat(host.family.neighbors().size()).isZero();
    }
  }

  @Tag("rfc5227:2.4-1")
  @Tag("rfc5227:2.4-2")
  @Tag("rfc5227:2.4-3")
  @Test
  void defendsItsAddressOnceUntilThereWasNoConflictForTenSeconds() {
    try (TestHost host = TestHost.start()) {
      host.advance(5 * TestHost.SECOND);
      host.sent();
      byte[] request = Packets.arp(1, OTHER_MAC, TestHost.OURS, 0, TestHost.OURS);
      byte[] reply = Packets.arp(2, OTHER_MAC, TestHost.OURS, TestPort.MAC, TestHost.PEER);
      host.receive(request);
      ArpPacket.ArpHeader defense = host.sentArp().get(0).getHeader();
      assertThat(defense.getSrcProtocolAddr().getHostAddress()).isEqualTo(TestHost.OURS);
      assertThat(defense.getDstProtocolAddr().getHostAddress()).isEqualTo(TestHost.OURS);
      for (int i = 0; i < 5; i++) {
        host.advance(9 * TestHost.SECOND);
        host.receive(i % 2 == 0 ? request : reply);
      }
      assertThat(host.sent()).isEmpty();
      host.advance(10 * TestHost.SECOND);
      host.receive(reply);
      assertThat(host.sentArp()).hasSize(1);
      assertThat(host.count(Counter.ARP_CONFLICTS)).isEqualTo(7);
      assertThat(host.count(Counter.ARP_DEFENSES)).isEqualTo(2);
      assertThat(host.family.addresses()).as("it is kept").hasSize(1);
    }
  }
}
