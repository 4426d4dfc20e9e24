package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IcmpV4EchoPacket;
import org.pcap4j.packet.IpV4Packet;

class PingTest {
  private final List<String> heard = new ArrayList<>();

  private final Ping.Handler handler =
      new Ping.Handler() {
        @Override
        public void onReply(IpAddress from, int sequence, int bytes, int ttl, long roundTrip) {
          heard.add(from + " " + sequence + " " + bytes + " " + ttl + " " + roundTrip);
        }

        @Override
        public void onError(IpAddress from, int sequence, IcmpError error) {
          heard.add(from + " " + sequence + " " + error);
        }
      };

  private Ping open(TestHost host, String to) {
    return Ping.open(host.shard, IpAddress.parse(to), handler);
  }

  @Tag("rfc1122:3.2.2.6-2")
  @Tag("rfc1122:3.2.2.6-5")
  @Test
  void sendsAnEchoAndHearsTheReply() {
    try (TestHost host = TestHost.start().introducePeer();
        Ping ping = open(host, TestHost.PEER)) {
      assertThat(ping.send(7, 100, 33, true, host.now())).isTrue();
      IpV4Packet sent = host.sentDatagrams().get(0);
      assertThat(sent.getHeader().getTtlAsInt()).isEqualTo(33);
      assertThat(sent.getHeader().getDontFragmentFlag()).isTrue();
      assertThat(sent.get(IcmpV4CommonPacket.class).hasValidChecksum(false)).isTrue();
      IcmpV4EchoPacket echo = sent.get(IcmpV4EchoPacket.class);
      assertThat(echo.getHeader().getIdentifierAsInt()).isEqualTo(ping.identifier());
      assertThat(echo.getHeader().getSequenceNumberAsInt()).isEqualTo(7);

      host.advance(TestHost.SECOND / 4);
      byte[] data = echo.getPayload().getRawData();
      host.receive(
          Packets.ip(1, Packets.icmp(0, 0, ping.identifier() << 16 | 7, data)).ttl(61).build());
      assertThat(heard).containsExactly("10.0.0.2 7 100 61 250000000");
    }
  }

  @Test
  void hearsNothingThatItDidNotAskFor() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Ping ping = open(host, TestHost.PEER);
      ping.send(7, 0, 64, false, host.now());
      int other = (ping.identifier() + 1) & 0xffff;
      for (int rest :
          new int[] {
            ping.identifier() << 16 | 8,
            ping.identifier() << 16 | (7 + 1024),
            other << 16 | 7,
            (ping.identifier() ^ 0x8000) << 16 | 7
          }) {
        host.expectDrop(
            DropReason.ICMP_UNKNOWN, Packets.ip(1, Packets.icmp(0, 0, rest, new byte[0])).build());
      }
      ping.close();
      host.expectDrop(
          DropReason.ICMP_UNKNOWN,
          Packets.ip(1, Packets.icmp(0, 0, ping.identifier() << 16 | 7, new byte[0])).build());
      assertThat(heard).isEmpty();
    }
  }

  @Test
  void hearsErrorsOfRoutersAndOfItsOwnHost() {
    try (TestHost host = TestHost.start().introduce(TestHost.ROUTER, TestHost.PEER_MAC);
        Ping ping = open(host, "192.0.2.9");
        Ping silent = open(host, "10.0.0.77")) {
      ping.send(3, 20, 1, false, host.now());
      byte[] sent = host.sent().get(0);
      byte[] quote = Arrays.copyOfRange(sent, 14, sent.length);
      host.receive(Packets.ip(1, Packets.icmp(11, 0, 0, quote)).from(TestHost.ROUTER).build());
      assertThat(heard).containsExactly("10.0.0.254 3 TIME_EXCEEDED");

      silent.send(4, 20, 1, false, host.now());
      host.advance(4 * TestHost.SECOND);
      assertThat(heard).last().isEqualTo("10.0.0.1 4 HOST_UNREACHABLE");
    }
  }

  @Test
  void largePingsGoInFragments() {
    try (TestHost host = TestHost.start().introducePeer();
        Ping ping = open(host, TestHost.PEER)) {
      assertThat(ping.send(1, 8192, 64, false, host.now())).isTrue();
      byte[] icmp = IcmpEchoTest.reassemble(host.sentDatagrams());
      assertThat(icmp).hasSize(8200);
      assertThat(Packets.checksum(icmp, 0, icmp.length)).isZero();
      assertThat(ping.send(2, Ping.MAX_PAYLOAD, 64, false, host.now())).isTrue();
      assertThat(IcmpEchoTest.reassemble(host.sentDatagrams())).hasSize(65_515);
    }
  }

  @Tag("rfc1122:3.2.1.7-1")
  @Test
  void saysWhatIsWrong() {
    try (TestHost host = TestHost.start();
        Ping ping = open(host, TestHost.PEER);
        Ping nowhere = open(host, "240.0.0.1")) {
      assertThat(nowhere.send(1, 10, 64, false, host.now())).isFalse();
      assertThatThrownBy(() -> ping.send(65_536, 10, 64, false, 0))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> ping.send(1, Ping.MAX_PAYLOAD + 1, 64, false, 0))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> ping.send(1, 1, 0, false, 0))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> open(host, "::1")).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void identifiersAreDistinctAndBounded() {
    try (TestHost host = TestHost.start()) {
      List<Ping> all = new ArrayList<>();
      for (int i = 0; i < 1024; i++) {
        all.add(open(host, TestHost.PEER));
      }
      assertThat(all.stream().map(Ping::identifier).distinct()).hasSize(1024);
      assertThatThrownBy(() -> open(host, TestHost.PEER)).isInstanceOf(IllegalStateException.class);
      all.forEach(Ping::close);
      open(host, TestHost.PEER).close();
    }
  }
}
