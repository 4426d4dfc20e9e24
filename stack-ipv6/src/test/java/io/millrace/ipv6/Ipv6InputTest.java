package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.testkit.host.TestTransport;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 8200 §3 and §4.7, RFC 4291 §2: what comes up, and what does not. */
class Ipv6InputTest {
  private static final byte[] DATA = Packets.random(1, 40);
  private final Packets.Ip packet = Packets.udp(9, 7, DATA);

  @Tag("rfc8200:7-1")
  @Test
  void aDatagramForUsComesUpWithAllThatIsKnownOfIt() {
    try (TestHost host = TestHost.start()) {
      host.receive(packet.trafficClass(0xb9).hops(3).build());
      TestTransport.Received got = host.udp.received.get(0);
      assertThat(got.source()).isEqualTo(IpAddress.parse(TestHost.PEER));
      assertThat(got.destination()).isEqualTo(IpAddress.parse(TestHost.OURS));
      assertThat(got.trafficClass()).isEqualTo(0xb9);
      assertThat(got.hopLimit()).isEqualTo(3);
      assertThat(got.bytes()).isEqualTo(Packets.udpPacket(9, 7, DATA));
      assertThat(got.flags() & Frame.IP_MULTICAST).isZero();
    }
  }

  @Test
  void paddingOfTheLinkIsCutOff() {
    try (TestHost host = TestHost.start()) {
      byte[] frame = packet.build();
      host.receive(Arrays.copyOf(frame, frame.length + 9));
      assertThat(host.udp.received.get(0).bytes()).hasSize(48);
    }
  }

  @Test
  void whatIsNotWholeOrNotVersionSixIsDropped() {
    try (TestHost host = TestHost.start()) {
      byte[] frame = packet.build();
      host.expectDrop(DropReason.IP_TRUNCATED, Arrays.copyOf(frame, 14 + 39));
      host.expectDrop(DropReason.IP_TRUNCATED, Arrays.copyOf(frame, frame.length - 1));
      byte[] four = frame.clone();
      four[14] = 0x45;
      host.expectDrop(DropReason.IP_BAD_VERSION, four);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ff02::1",
        "ff0e::1",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:0.0.0.0",
        "::",
        TestHost.OURS,
        "fe80:1::5",
        "fe80:0:1:0::5",
        "fe80:1:fffe::5",
        "fe90::5",
        "febf::5"
      })
  void sourcesThatAreNobodysAreDropped(String source) {
    try (TestHost host = TestHost.start()) {
      host.expectDrop(DropReason.IP_BAD_SOURCE, packet.from(source));
      assertThat(host.udp.received).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "128", "129", "130", "131", "143", "200"})
  void onlyDiscoveryHearsOfSomebodyWithOurAddress(int type) {
    try (TestHost host = TestHost.start().introducePeer()) {
      for (String to : new String[] {TestHost.OURS, "ff02::1"}) {
        byte[] message = Packets.icmp(type, 0, 0, DATA);
        host.expectDrop(
            DropReason.IP_BAD_SOURCE,
            Packets.ip(Packets.ICMPV6, message).from(TestHost.OURS).to(to).hops(255));
      }
      host.expectDrop(
          DropReason.IP_BAD_SOURCE,
          Packets.ip(Packets.ICMPV6, new byte[0]).from(TestHost.OURS).hops(255));
      assertThat(host.sent()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"2001:db8::3", "::1", "::", "ff02::2", "ff05::1", "ff0e::101", "fe80:1:fffe::1"})
  void whatIsForOthersIsDropped(String destination) {
    try (TestHost host = TestHost.start()) {
      host.expectDrop(DropReason.IP_NOT_FOR_US, packet.to(destination));
    }
  }

  @Test
  void groupsOfOursAreHeard() {
    try (TestHost host = TestHost.start()) {
      host.receive(packet.to("ff02::1").linkTo(0x3333_0000_0001L).build());
      assertThat(host.udp.received.get(0).flags() & Frame.IP_MULTICAST).isNotZero();
      host.expectDrop(DropReason.TCP_NOT_UNICAST, Packets.ip(6, new byte[20]).to("ff02::1"));
      // RFC 4291 §2.7.1: the solicited-node group of each address of ours.
      host.receive(Packets.udp(9, 7, DATA).to("ff02::1:ff00:1").build());
      assertThat(host.udp.received).hasSize(2);
      host.expectDrop(DropReason.IP_BAD_SOURCE, Packets.udp(9, 7, DATA).from("::").to("ff02::1"));
    }
  }

  @Test
  void linkLocalAddressesCarryTheLinkTheyAreOn() {
    try (TestHost host = TestHost.start()) {
      host.receive(packet.from("fe80::2").to(host.linkLocal()).build());
      TestTransport.Received got = host.udp.received.get(0);
      assertThat(got.source()).isEqualTo(IpAddress.parse("fe80::2%1"));
      assertThat(got.destination()).isEqualTo(IpAddress.parse(host.linkLocal() + "%1"));
      assertThat(host.family.isLocal(got.destination().hi(), got.destination().lo())).isTrue();
    }
  }

  @Tag("rfc8200:4.7-1")
  @Test
  void nothingBehindTheHeadersIsDroppedWithoutAWord() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.expectDrop(DropReason.IP_NO_NEXT_HEADER, Packets.ip(59, DATA));
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc8200:4-1")
  @Tag("rfc4443:3.4-1")
  @ParameterizedTest
  @CsvSource({"200", "4", "41", "50", "135", "2", "1"})
  void theSenderOfAnUnknownProtocolIsTold(int protocol) {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.expectDrop(DropReason.IP_PROTOCOL_UNKNOWN, Packets.ip(protocol, DATA));
      TestHost.Problem told = host.sentError();
      assertThat(told.type()).isEqualTo(4);
      assertThat(told.code()).isEqualTo(1);
      assertThat(told.rest()).as("pointer").isEqualTo(6);
      host.receive(Packets.ip(protocol, DATA).with(60, 0, 0, 1, 4, 0, 0, 0, 0).build());
      assertThat(host.sentError().rest()).as("pointer").isEqualTo(40);
    }
  }
}
