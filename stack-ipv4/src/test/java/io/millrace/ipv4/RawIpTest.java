package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.raw.RawIp;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.IpV4Packet;

/** A protocol that the application speaks itself. */
class RawIpTest {
  private static final int PROTOCOL = 253; // for experiments (RFC 3692)

  private static Packets.Ip datagram(byte[] data) {
    return Packets.ip(PROTOCOL, data);
  }

  @Test
  void theHandlerSeesWhatIsBehindTheHeader() {
    try (TestHost host = TestHost.start().introducePeer()) {
      List<byte[]> seen = new ArrayList<>();
      RawIp.open(
          host.shard,
          PROTOCOL,
          (raw, data, now) -> {
            seen.add(data.toByteArray());
            assertThat(new IpAddress(data.sourceHi(), data.sourceLo())).hasToString(TestHost.PEER);
          });
      byte[] data = Packets.random(1, 100);
      host.receive(datagram(data).options(1, 1, 1, 1).build());
      // Fragments come whole.
      byte[] large = Packets.random(2, 1600);
      byte[] first = java.util.Arrays.copyOf(large, 800);
      byte[] last = java.util.Arrays.copyOfRange(large, 800, 1600);
      host.receive(datagram(first).id(3).fragment(0, true).build());
      host.receive(datagram(last).id(3).fragment(800, false).build());
      assertThat(seen).hasSize(2);
      assertThat(seen.get(0)).isEqualTo(data);
      assertThat(seen.get(1)).isEqualTo(large);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Test
  void aDatagramThatIsKeptGoesBackAsItIs() {
    try (TestHost host = TestHost.start().introducePeer()) {
      RawIp.open(
          host.shard,
          PROTOCOL,
          (raw, data, now) -> {
            data.retain();
            assertThat(raw.send(data, data.sourceHi(), data.sourceLo())).isTrue();
          });
      byte[] data = Packets.random(1, 64);
      host.receive(datagram(data).build());
      List<IpV4Packet> sent = host.sentDatagrams();
      assertThat(sent).hasSize(1);
      assertThat(sent.getFirst().getHeader().getProtocol().value()).isEqualTo((byte) PROTOCOL);
      assertThat(sent.getFirst().getPayload().getRawData()).isEqualTo(data);
    }
  }

  @Test
  void withoutARouteTheFrameIsGivenBack() {
    try (TestHost host = TestHost.start()) {
      RawIp raw = RawIp.open(host.shard, PROTOCOL, (it, data, now) -> {});
      Frame frame = host.frame(new byte[10]);
      assertThat(raw.send(frame, 0, IpAddress.parse("127.9.9.9").lo())).isFalse();
    }
  }

  @Test
  void onceClosedItIsAnUnknownProtocolAgain() {
    try (TestHost host = TestHost.start().introducePeer()) {
      RawIp raw = RawIp.open(host.shard, PROTOCOL, (it, data, now) -> {});
      host.receive(datagram(new byte[8]).build());
      raw.close();
      raw.close();
      host.expectDrop(DropReason.IP_PROTOCOL_UNKNOWN, datagram(new byte[8]).build());
      assertThat(raw.send(host.frame(new byte[10]), 0, 0)).isFalse();
      RawIp.open(host.shard, PROTOCOL, (it, data, now) -> {}).close();
    }
  }

  @Test
  void whatTheHandlerThrowsIsReportedAndTheFrameComesBack() {
    try (TestHost host = TestHost.start()) {
      int before = host.shard.pool().available();
      RawIp.open(
          host.shard,
          PROTOCOL,
          (raw, data, now) -> {
            throw new IllegalStateException("on purpose");
          });
      host.receive(datagram(new byte[8]).build());
      assertThat(host.count(Counter.EXCEPTIONS)).isOne();
      assertThat(host.shard.pool().available()).isEqualTo(before);
      host.shard.counters().add(Counter.EXCEPTIONS, -1);
    }
  }

  @Test
  void protocolsThatTheStackHasAreRefused() {
    try (TestHost host = TestHost.start()) {
      for (int protocol : new int[] {1, 2, 6, 17, 58, 0, 43, -1, 256}) {
        assertThatThrownBy(() -> RawIp.open(host.shard, protocol, (raw, data, now) -> {}))
            .isInstanceOf(IllegalArgumentException.class);
      }
      RawIp.open(host.shard, PROTOCOL, (raw, data, now) -> {});
      assertThatThrownBy(() -> RawIp.open(host.shard, PROTOCOL, (raw, data, now) -> {}))
          .hasMessageContaining("open on shard 0 already");
    }
  }
}
