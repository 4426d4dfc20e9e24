package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.testkit.host.TestPort;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IcmpV4EchoReplyPacket;
import org.pcap4j.packet.IpV4Packet;

/** RFC 792 "Echo or Echo Reply Message", RFC 1122 §3.2.2.6. */
@Tag("rfc792:Introduction-1")
@Tag("rfc792:Echo-1")
@Tag("rfc792:Echo-2")
@Tag("rfc1122:3.1-1")
@Tag("rfc1122:3.2.2.6-1")
@Tag("rfc1122:3.2.2.6-4")
@Tag("rfc1812:4.3.2.5-1")
@Tag("rfc1812:4.3.3.6-1")
class IcmpEchoTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 56, 1471, 1472})
  void answersPingWithTheSameData(int size) {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] data = Packets.random(size, size);
      host.receive(Packets.echo(0x1234, 0xfffe, data).tos(0xb9).build());

      EthernetPacket reply = host.sentOne();
      assertThat(reply.getHeader().getDstAddr().toString()).isEqualTo("02:00:00:00:00:02");
      assertThat(reply.getHeader().getSrcAddr().toString()).isEqualTo("02:00:00:00:00:01");
      IpV4Packet ip = reply.get(IpV4Packet.class);
      assertThat(ip.getHeader().hasValidChecksum(false)).isTrue();
      assertThat(ip.getHeader().getSrcAddr().getHostAddress()).isEqualTo(TestHost.OURS);
      assertThat(ip.getHeader().getDstAddr().getHostAddress()).isEqualTo(TestHost.PEER);
      assertThat(ip.getHeader().getTtlAsInt()).isEqualTo(64);
      assertThat(ip.getHeader().getTos().value()).isEqualTo((byte) 0xb9);
      assertThat(ip.get(IcmpV4CommonPacket.class).hasValidChecksum(false)).isTrue();
      IcmpV4EchoReplyPacket echo = ip.get(IcmpV4EchoReplyPacket.class);
      assertThat(echo.getHeader().getIdentifierAsInt()).isEqualTo(0x1234);
      assertThat(echo.getHeader().getSequenceNumberAsInt()).isEqualTo(0xfffe);
      assertThat(echo.getPayload() == null ? new byte[0] : echo.getPayload().getRawData())
          .isEqualTo(data);
    }
  }

  @Tag("rfc792:Echo-2")
  @Test
  void answersAPingOfNothingButZerosWithAChecksumThatVerifies() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.receive(Packets.echo(0, 0, new byte[28]).build());
      assertThat(host.sentOne().get(IcmpV4CommonPacket.class).hasValidChecksum(false)).isTrue();
    }
  }

  @Test
  void asksForTheLinkAddressFirstIfItMust() {
    try (TestHost host = TestHost.start()) {
      host.receive(Packets.echo(1, 1, new byte[10]).build());
      assertThat(host.sentArp()).hasSize(1);
      host.receive(Packets.arp(2, TestHost.PEER_MAC, TestHost.PEER, TestPort.MAC, TestHost.OURS));
      assertThat(host.sentDatagrams()).hasSize(1);
    }
  }

  @Tag("rfc1122:3.2.2.6-4")
  @ParameterizedTest
  @ValueSource(ints = {1473, 8192, 65_507})
  void answersPingsInFragmentsWithFragments(int size) {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] data = Packets.random(size, size);
      byte[] icmp = Packets.icmp(8, 0, 0x0001_0002, data);
      for (int at = 0; at < icmp.length; at += 1480) {
        int end = Math.min(at + 1480, icmp.length);
        host.receive(
            Packets.ip(1, Arrays.copyOfRange(icmp, at, end))
                .id(77)
                .fragment(at, end < icmp.length)
                .build());
      }
      byte[] reply = reassemble(host.sentDatagrams());
      assertThat(Packets.checksum(reply, 0, reply.length)).isZero();
      assertThat(reply[0]).isZero();
      assertThat(Arrays.copyOfRange(reply, 8, reply.length)).isEqualTo(data);
    }
  }

  /** Puts fragments together that came in order, and checks them. */
  static byte[] reassemble(List<IpV4Packet> fragments) {
    List<byte[]> parts = new ArrayList<>();
    int offset = 0;
    for (int i = 0; i < fragments.size(); i++) {
      IpV4Packet each = fragments.get(i);
      boolean last = i == fragments.size() - 1;
      assertThat(each.length()).isLessThanOrEqualTo(1500);
      assertThat(each.getHeader().getFragmentOffset() * 8).isEqualTo(offset);
      assertThat(each.getHeader().getMoreFragmentFlag()).isEqualTo(!last);
      assertThat(each.getHeader().getDontFragmentFlag()).isFalse();
      assertThat(each.getHeader().getIdentification())
          .isEqualTo(fragments.get(0).getHeader().getIdentification());
      byte[] raw = each.getRawData();
      parts.add(Arrays.copyOfRange(raw, 20, raw.length));
      offset += raw.length - 20;
    }
    return Packets.join(parts.toArray(byte[][]::new));
  }

  @Tag("rfc792:Formats-1")
  @Test
  void dropsBadChecksumsAndTruncatedMessages() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] icmp = Packets.icmp(8, 0, 1, new byte[20]);
      icmp[15] ^= 1;
      host.expectDrop(DropReason.ICMP_BAD_CHECKSUM, Packets.ip(1, icmp).build());
      for (int length = 0; length < 8; length++) {
        byte[] cut = Arrays.copyOf(icmp, length);
        host.expectDrop(DropReason.ICMP_MALFORMED, Packets.ip(1, cut).build());
      }
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc1122:3.2.2.6-3")
  @Test
  void answersBroadcastPingsOnlyIfConfigured() {
    byte[] ping = Packets.echo(1, 2, new byte[8]).to("10.0.0.255").linkBroadcast().build();
    try (TestHost host = TestHost.start().introducePeer()) {
      host.expectDrop(DropReason.ICMP_IGNORED, ping);
    }
    try (TestHost host =
        TestHost.start(Ipv4Config.defaults().withEchoBroadcast(true)).introducePeer()) {
      host.receive(ping);
      List<IpV4Packet> replies = host.sentDatagrams();
      assertThat(replies).hasSize(1);
      assertThat(replies.get(0).getHeader().getSrcAddr().getHostAddress()).isEqualTo(TestHost.OURS);
    }
  }

  @Test
  void neverSendsOptionsBack() {
    try (TestHost host = TestHost.start().introducePeer()) {
      // Record route with room for two addresses, and padding.
      host.receive(
          Packets.echo(1, 1, new byte[8]).options(7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0).build());
      List<IpV4Packet> replies = host.sentDatagrams();
      assertThat(replies).hasSize(1);
      assertThat(replies.get(0).getHeader().getIhlAsInt()).isEqualTo(5);
    }
  }
}
