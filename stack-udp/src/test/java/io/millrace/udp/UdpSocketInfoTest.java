package io.millrace.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.udp.UdpFixture.Recorder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a socket tells of itself. */
final class UdpSocketInfoTest {
  private static final IpAddress PEER = IpAddress.parse("10.0.0.2");

  private final UdpFixture net = new UdpFixture();
  private final Recorder handler = new Recorder();
  private final UdpSocket socket = net.udp.bind(7, handler);
  private final UdpSocket neighbor = net.udp.bind(8, handler);

  @AfterEach
  void noFrameIsLost() {
    assertThat(net.framesOut()).isZero();
    net.close();
  }

  @Test
  void itCountsItsOwnDatagramsAndBytes() {
    net.inject(UdpFixture.toStack(4000, 7).payload(UdpFixture.pattern(5)));
    net.inject(UdpFixture.toStack(4000, 7).payload(UdpFixture.pattern(700)));
    socket.sendTo(PEER, 9, UdpFixture.buffer(UdpFixture.pattern(300)), 0, 300);
    net.world.settle();
    UdpSocketInfo info = socket.info();
    assertThat(info.inDatagrams()).isEqualTo(2);
    assertThat(info.inOctets()).isEqualTo(705);
    assertThat(info.outDatagrams()).isEqualTo(1);
    assertThat(info.outOctets()).isEqualTo(300);
    assertThat(neighbor.info().inDatagrams()).isZero();
    assertThat(neighbor.info().outDatagrams()).isZero();
  }

  @Test
  void itSaysWhereItIsAndWithWhom() {
    assertThat(socket.info().remoteAddress()).isNull();
    socket.connect(PEER, 9);
    UdpSocketInfo info = socket.info();
    assertThat(info.localAddress()).hasToString("10.0.0.1");
    assertThat(info.localPort()).isEqualTo(7);
    assertThat(info.remoteAddress()).isEqualTo(PEER);
    assertThat(info.remotePort()).isEqualTo(9);
  }

  @Test
  void damagedDatagramsCountWhereTheySeemToBelong() {
    net.inject(UdpFixture.toStack(4000, 7).payload(UdpFixture.pattern(5)).checksum(1));
    assertThat(socket.info().inErrors()).isEqualTo(1);
    assertThat(socket.info().inDatagrams()).isZero();
    assertThat(neighbor.info().inErrors()).isZero();
  }

  @Test
  void refusedSendsAreCountedByWhetherWaitingHelps() {
    socket.sendTo(PEER, 9, UdpFixture.buffer(new byte[65_508]), 0, 65_508);
    socket.sendTo(IpAddress.parse("192.0.2.1"), 9, UdpFixture.buffer(), 0, 0);
    socket.sendTo(IpAddress.parse("10.0.0.255"), 9, UdpFixture.buffer(), 0, 0);
    assertThat(socket.info().outRefused()).isEqualTo(3);
    long sent = 0;
    while (socket.sendTo(PEER, 9, UdpFixture.buffer(), 0, 0) == SendResult.SENT) {
      sent++;
    }
    assertThat(socket.info().outBlocked()).isEqualTo(1);
    assertThat(socket.info().outDatagrams()).isEqualTo(sent);
    net.world.settle();
  }

  @Test
  void icmpErrorsAreCounted() {
    Frame quoted = net.shard.pool().allocate();
    long header = quoted.append(8);
    Bytes.put32(header, 7 << 16 | 9);
    long ours = IpAddress.parse("10.0.0.1").lo();
    net.udp.icmpError(IcmpError.PORT_UNREACHABLE, 0, 0, ours, 0, PEER.lo(), header, 8, 0);
    quoted.release();
    assertThat(socket.info().icmpErrors()).isEqualTo(1);
    assertThat(handler.errors).hasSize(1);
  }
}
