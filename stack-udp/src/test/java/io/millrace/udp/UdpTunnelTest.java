package io.millrace.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.testkit.packet.Decoded;
import io.millrace.udp.UdpTunnelConfig.OuterChecksum;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What leaves through a tunnel. */
class UdpTunnelTest {
  private static final IpAddress PEER = IpAddress.parse("10.0.0.2");

  private final UdpFixture net = new UdpFixture();

  @AfterEach
  void nothingLeaks() {
    assertThat(net.framesOut()).isZero();
    net.close();
  }

  private UdpTunnel tunnel(UdpTunnelConfig config) {
    return UdpTunnel.to(net.shard, PEER, 4789, config);
  }

  private Frame frame(byte[] bytes) {
    Frame frame = net.shard.pool().allocate();
    Bytes.copyIn(bytes, 0, frame.append(bytes.length), bytes.length);
    return frame;
  }

  private Decoded sent(UdpTunnelConfig config, Frame frame) {
    assertThat(tunnel(config).send(frame, 50_000, 0x2e << 2)).isEqualTo(SendResult.SENT);
    net.world.settle();
    return net.peer.next();
  }

  private static int checksum(Decoded packet) {
    byte[] bytes = packet.bytes();
    return (bytes[40] & 0xff) << 8 | bytes[41] & 0xff;
  }

  @Test
  void theSourcePortIsChosenPerPacketAndIpv4HasNoChecksum() {
    byte[] payload = UdpFixture.pattern(300);
    Decoded packet = sent(UdpTunnelConfig.defaults(), frame(payload));
    assertThat(packet.sourcePort()).isEqualTo(50_000);
    assertThat(packet.destinationPort()).isEqualTo(4789);
    assertThat(packet.tos()).isEqualTo(0x2e << 2);
    assertThat(packet.ttl()).isEqualTo(64);
    assertThat(packet.dontFragment()).isTrue();
    assertThat(packet.payload()).isEqualTo(payload);
    assertThat(checksum(packet)).as("RFC 7348 §4.1").isZero();
  }

  @Test
  void aChecksumIsWrittenWhereItIsWanted() {
    UdpTunnelConfig config = UdpTunnelConfig.defaults().withChecksum(OuterChecksum.ALWAYS);
    for (int size : new int[] {0, 1, 31, 300}) {
      // Decoding verifies the sum.
      assertThat(checksum(sent(config, frame(UdpFixture.pattern(size))))).isNotZero();
    }
    Frame tailed = frame(UdpFixture.pattern(5));
    Frame owner = frame(UdpFixture.pattern(40));
    tailed.tail(owner, owner.address(), 40);
    owner.release();
    assertThat(checksum(sent(config, tailed))).as("odd bytes in front of a tail").isNotZero();
    config = config.withChecksum(OuterChecksum.NEVER);
    assertThat(checksum(sent(config, frame(UdpFixture.pattern(7))))).isZero();
  }

  @Test
  void whatDoesNotFitIsRefused() {
    UdpTunnel tunnel = tunnel(UdpTunnelConfig.defaults());
    assertThat(tunnel.room()).isEqualTo(1500 - 20 - 8);
    assertThat(tunnel.send(frame(new byte[1473]), 50_000, 0)).isEqualTo(SendResult.TOO_BIG);
    assertThat(tunnel.send(frame(new byte[1472]), 50_000, 0)).isEqualTo(SendResult.SENT);
    net.world.settle();
    assertThat(net.peer.drain()).hasSize(1);
  }

  @Test
  void anInnerChecksumThatWasLeftToHardwareIsFilledIn() {
    // Only the pseudo-header's sum is in the field; behind the outer headers no port would find it.
    byte[] inner = new byte[20];
    inner[7] = 0x10;
    Frame frame = frame(inner);
    frame.requestChecksum(frame.address(), 6);
    Decoded packet = sent(UdpTunnelConfig.defaults(), frame);
    assertThat(packet.payload()[6] & 0xff).isEqualTo(0xff);
    assertThat(packet.payload()[7] & 0xff).isEqualTo(0xef);
  }

  @Test
  void aFullInterfacePushesBack() {
    UdpTunnel tunnel = tunnel(UdpTunnelConfig.defaults());
    int sent = 0;
    while (tunnel.send(frame(new byte[1]), 50_000, 0) == SendResult.SENT) {
      sent++;
    }
    assertThat(sent).isBetween(100, 1024);
    net.world.settle();
    assertThat(net.peer.drain()).hasSize(sent);
  }

  @Test
  void anEndThatCannotBeReachedIsSaid() {
    UdpTunnelConfig config = UdpTunnelConfig.defaults();
    IpAddress nowhere = IpAddress.parse("192.0.2.1");
    assertThatThrownBy(() -> UdpTunnel.to(net.shard, nowhere, 4789, config))
        .isInstanceOf(NoRouteException.class)
        .hasMessageContaining("192.0.2.1");
  }
}
