package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.RawIp;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IpV4Packet;

/** Protocols that applications speak themselves. */
class RawIpTest {
  private static final int GRE = 47;
  private static final IpAddress PEER = IpAddress.parse(TestHost.PEER);

  private final TestHost host = TestHost.start().introducePeer();
  private final List<byte[]> seen = new ArrayList<>();

  @AfterEach
  void close() {
    host.close();
  }

  private RawIp open(int protocol) {
    return RawIp.open(host.shard, protocol, (raw, data) -> seen.add(data.toByteArray()));
  }

  @Test
  void aDatagramIsShownWithoutItsHeader() {
    byte[] payload = Packets.random(1, 40);
    RawIp.open(
        host.shard,
        GRE,
        (raw, data) -> {
          seen.add(data.toByteArray());
          assertThat(data.sourceLo()).isEqualTo(PEER.lo());
          assertThat(data.hopLimit()).isEqualTo(9);
          assertThat(Bytes.u8(data.l3Address())).as("the header is still there").isEqualTo(0x46);
        });
    host.receive(Packets.ip(GRE, payload).ttl(9).options(1, 1, 1, 0).build());
    assertThat(seen).containsExactly(payload);
    assertThat(host.sent()).as("no ICMP error").isEmpty();
  }

  @Test
  void fragmentsAreShownAsOneDatagram() {
    byte[] payload = Packets.random(1, 48);
    open(GRE);
    host.receive(
        Packets.ip(GRE, java.util.Arrays.copyOf(payload, 24)).id(5).fragment(0, true).build());
    host.receive(
        Packets.ip(GRE, java.util.Arrays.copyOfRange(payload, 24, 48))
            .id(5)
            .fragment(24, false)
            .build());
    assertThat(seen).containsExactly(payload);
  }

  @Test
  void withoutTakerTheProtocolIsUnreachable() {
    RawIp raw = open(GRE);
    raw.close();
    raw.close();
    host.expectDrop(DropReason.IP_PROTOCOL_UNKNOWN, Packets.ip(GRE, new byte[20]).build());
    assertThat(host.sentOne().get(IcmpV4CommonPacket.class)).isNotNull();
    assertThat(seen).isEmpty();
    open(GRE);
    host.receive(Packets.ip(GRE, new byte[20]).build());
    assertThat(seen).hasSize(1);
  }

  @Test
  void protocolsOfTheStackAndTakenOnesAreRefused() {
    for (int own : new int[] {-1, 256, 1, 2, 58, IpProtocol.TCP, IpProtocol.UDP}) {
      assertThatThrownBy(() -> open(own))
          .as("%d", own)
          .isInstanceOf(IllegalArgumentException.class);
    }
    open(GRE);
    assertThatThrownBy(() -> open(GRE)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void sendsBehindAHeaderOfOurs() {
    RawIp raw = open(GRE).hopLimit(3).trafficClass(0x28).dontFragment(true);
    byte[] payload = Packets.random(2, 60);
    assertThat(raw.send(host.frame(payload), PEER.hi(), PEER.lo())).isTrue();
    IpV4Packet sent = host.sentDatagrams().get(0);
    assertThat(sent.getHeader().getProtocol().value()).isEqualTo((byte) GRE);
    assertThat(sent.getHeader().getTtlAsInt()).isEqualTo(3);
    assertThat(sent.getHeader().getDontFragmentFlag()).isTrue();
    assertThat(sent.getPayload().getRawData()).isEqualTo(payload);
  }

  @Test
  void aReceivedDatagramGoesBackInTheMemoryItCameIn() {
    RawIp.open(
        host.shard,
        GRE,
        (raw, data) -> {
          data.retain();
          raw.send(data, data.sourceHi(), data.sourceLo());
        });
    byte[] payload = Packets.random(3, 30);
    host.receive(Packets.ip(GRE, payload).build());
    assertThat(host.sentDatagrams().get(0).getPayload().getRawData()).isEqualTo(payload);
  }

  @Test
  void sendsADatagramWithItsOwnHeader() {
    RawIp raw = open(GRE);
    byte[] datagram =
        Packets.udp(5, 6, new byte[12]).from("192.0.2.9").to(TestHost.PEER).ttl(7).datagram();
    assertThat(raw.sendDatagram(host.frame(Packets.join(datagram, new byte[6])))).isTrue();
    byte[] sent = host.sent().get(0);
    assertThat(sent).hasSize(14 + datagram.length).endsWith(datagram);
  }

  @Test
  void ownHeadersAreChecked() {
    RawIp raw = open(GRE);
    byte[] good = Packets.udp(5, 6, new byte[12]).to(TestHost.PEER).datagram();
    byte[] bad = good.clone();
    bad[10] ^= 1;
    host.expectDrop(DropReason.IP_BAD_CHECKSUM, () -> refused(raw, bad));
    host.expectDrop(DropReason.IP_BAD_VERSION, () -> refused(raw, new byte[20]));
    host.expectDrop(DropReason.IP_BAD_VERSION, () -> refused(raw, new byte[0]));
    byte[] large = Packets.udp(5, 6, new byte[1500]).to(TestHost.PEER).datagram();
    host.expectDrop(DropReason.IP_TOO_BIG, () -> refused(raw, large));
    byte[] nowhere = Packets.udp(5, 6, new byte[12]).to("0.0.0.1").datagram();
    host.expectDrop(DropReason.IP_NO_ROUTE, () -> refused(raw, nowhere));
    assertThat(host.sent()).isEmpty();
  }

  private void refused(RawIp raw, byte[] datagram) {
    assertThat(raw.sendDatagram(host.frame(datagram))).isFalse();
  }

  @Test
  void aHandlerThatThrowsIsReportedAndTheFrameComesBack() {
    int free = host.shard.pool().available();
    RawIp.open(
        host.shard,
        GRE,
        (raw, data) -> {
          throw new IllegalStateException("on purpose");
        });
    Frame frame = host.frame(Packets.ip(GRE, new byte[20]).datagram());
    frame.markL3();
    host.family.input(frame, host.shard.networkInterface(0), host.now());
    assertThat(host.shard.pool().available()).isEqualTo(free);
    assertThat(host.count(Counter.EXCEPTIONS)).isOne();
    host.shard.counters().add(Counter.EXCEPTIONS, -1);
  }
}
