package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.host.TestPort;
import io.millrace.time.ShardClock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.EthernetPacket;

/** What RFC 5227 says about probing for an address, and about who contradicts a claim to one. */
class AddressClaimTest {
  private static final long OTHER_MAC = 0x02_00_00_00_00_33L;
  private static final long MILLI = TestHost.SECOND / 1000;

  private static TestHost probing() {
    return TestHost.start(Ipv4Config.defaults().withProbe(true));
  }

  private static boolean isProbe(byte[] frame) {
    ArpPacket arp = TestHost.decode(frame).get(ArpPacket.class);
    return arp.getHeader().getSrcProtocolAddr().getHostAddress().equals("0.0.0.0");
  }

  @Tag("rfc5227:1.1-1")
  @Test
  void aProbeNamesNobodyAsItsSender() {
    try (TestHost host = probing()) {
      host.advance(2 * TestHost.SECOND);
      EthernetPacket frame = TestHost.decode(host.sent().getFirst());
      assertThat(frame.getHeader().getDstAddr().toString()).isEqualTo("ff:ff:ff:ff:ff:ff");
      ArpPacket.ArpHeader probe = frame.get(ArpPacket.class).getHeader();
      assertThat(probe.getOperation().value()).isEqualTo((short) 1);
      assertThat(probe.getSrcHardwareAddr().toString()).isEqualTo("02:00:00:00:00:01");
      assertThat(probe.getSrcProtocolAddr().getHostAddress()).isEqualTo("0.0.0.0");
      assertThat(probe.getDstHardwareAddr().toString()).isEqualTo("00:00:00:00:00:00");
      assertThat(probe.getDstProtocolAddr().getHostAddress()).isEqualTo(TestHost.OURS);
    }
  }

  @Tag("rfc5227:2.1-1")
  @Tag("rfc5227:2.1-2")
  @Tag("rfc5227:2.1.1-1")
  @Tag("rfc5227:2.3-1")
  @Test
  void threeProbesThenTwoAnnouncementsThenSilence() {
    // The waits are random: several hosts, so that more of them come up.
    for (int i = 0; i < 20; i++) {
      try (TestHost host = probing()) {
        List<Long> probes = new ArrayList<>();
        List<Long> announcements = new ArrayList<>();
        long start = host.now();
        while (host.now() < start + 20 * TestHost.SECOND) {
          host.advance(TestHost.SECOND / 10);
          for (byte[] each : host.sent()) {
            (isProbe(each) ? probes : announcements).add(host.now());
          }
        }
        assertThat(probes).hasSize(3);
        assertThat(probes.get(0) - start).isBetween(0L, 1_200 * MILLI);
        assertThat(probes.get(1) - probes.get(0)).isBetween(900 * MILLI, 2_200 * MILLI);
        assertThat(probes.get(2) - probes.get(1)).isBetween(900 * MILLI, 2_200 * MILLI);
        assertThat(announcements).hasSize(2);
        assertThat(announcements.get(0) - probes.get(2)).isBetween(1_900 * MILLI, 2_200 * MILLI);
        assertThat(announcements.get(1) - announcements.get(0))
            .isBetween(1_900 * MILLI, 2_200 * MILLI);
        host.advance(3_600 * TestHost.SECOND);
        assertThat(host.sent()).isEmpty();
      }
    }
  }

  @Tag("rfc5227:2.1.1-6")
  @Test
  void whileItIsProbedForTheAddressIsNotOurs() {
    try (TestHost host = probing()) {
      host.advance(2 * TestHost.SECOND);
      host.sent();
      host.receive(Packets.arp(1, OTHER_MAC, TestHost.PEER, 0, TestHost.OURS));
      assertThat(host.sent()).as("no answer").isEmpty();
      host.receive(Packets.echo(1, 1, new byte[8]).build());
      assertThat(host.sent()).isEmpty();
      assertThat(host.routeTo(TestHost.PEER)).as("nothing to send from").isNull();
      host.advance(10 * TestHost.SECOND);
      host.introducePeer();
      host.receive(Packets.echo(1, 1, new byte[8]).build());
      assertThat(host.sentDatagrams()).hasSize(1);
    }
  }

  @Tag("rfc5227:2.1.1-2")
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void whoSendsFromTheAddressAfterAnyProbeHasIt(int probes) {
    try (TestHost host = probing()) {
      int seen = 0;
      while (seen < probes) {
        host.advance(TestHost.SECOND / 10);
        seen += host.sent().size();
      }
      host.receive(Packets.arp(2, OTHER_MAC, TestHost.OURS, OTHER_MAC, TestHost.PEER));
      host.advance(20 * TestHost.SECOND);
      assertThat(host.sent()).isEmpty();
      assertThat(host.family.addresses()).isEmpty();
    }
  }

  @Tag("rfc5227:2.1.1-3")
  @Test
  void ourOwnProbesThatComeBackAreNoConflict() {
    try (TestHost host = probing()) {
      host.advance(2 * TestHost.SECOND);
      for (byte[] each : host.sent()) {
        host.receive(each);
      }
      host.advance(20 * TestHost.SECOND);
      assertThat(host.count(Counter.ARP_CONFLICTS)).isZero();
      assertThat(host.family.addresses()).hasSize(1);
    }
  }

  @Tag("rfc5227:2.4-1")
  @Test
  void anotherInterfaceOfOursOnTheSameLinkIsNoConflict() {
    TestPort left = new TestPort(1500, 0);
    TestPort right = new TestPort(1500, 0, OTHER_MAC);
    try (NetStack stack =
        NetStack.builder()
            .driven(ShardClock.of(() -> TestHost.SECOND))
            .port(left, "10.0.0.1/24")
            .port(right, "10.0.0.9/24")
            .start()) {
      Shard shard = stack.shard(0);
      shard.step();
      left.takeSent();
      // The right one asks for somebody on behalf of the address that the left one has.
      left.put(Packets.arp(1, OTHER_MAC, "10.0.0.1", 0, "10.0.0.7"));
      shard.step();
      assertThat(shard.counters().get(Counter.ARP_CONFLICTS)).isZero();
      assertThat(left.takeSent()).isEmpty();
      left.put(Packets.arp(1, OTHER_MAC + 1, "10.0.0.1", 0, "10.0.0.7"));
      shard.step();
      assertThat(shard.counters().get(Counter.ARP_CONFLICTS)).isEqualTo(1);
    }
  }
}
