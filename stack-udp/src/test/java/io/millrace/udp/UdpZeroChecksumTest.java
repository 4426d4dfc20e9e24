package io.millrace.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpProtocol;
import io.millrace.udp.UdpFixture.Recorder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Datagrams over IPv6 that come without a checksum (RFC 6935 §5, RFC 6936 §4). */
final class UdpZeroChecksumTest {
  private static final long PREFIX = 0x2001_0db8L << 32;
  private static final int TUNNEL = 4789;
  private static final int OTHER = 7;

  private final UdpFixture net = new UdpFixture();
  private final Recorder tunnel = new Recorder();
  private final Recorder other = new Recorder();
  private final UdpSocket socket = net.udp.bind(TUNNEL, tunnel).acceptZeroChecksums(true);

  @AfterEach
  void noFrameIsLost() {
    assertThat(net.framesOut()).isZero();
    net.close();
  }

  /** A datagram of twelve bytes over IPv6 with this in its checksum field. */
  private void arrives(int port, int checksum, int flags) {
    Frame frame = net.shard.pool().allocate();
    frame.markL3();
    long header = frame.append(12);
    Bytes.put32(header, 4000 << 16 | port);
    Bytes.put32(header + 4, 12 << 16 | checksum);
    Bytes.put32(header + 8, 0xabcd_ef01);
    frame.set(flags);
    frame.addresses(PREFIX, 1, PREFIX, 2);
    net.udp.input(frame, 0);
  }

  private static int rightChecksum(int port) {
    long sum = Checksum.pseudoHeader(PREFIX, 1, PREFIX, 2, IpProtocol.UDP);
    return Checksum.finish(sum + 12 + 4000 + port + 12 + 0xabcd + 0xef01);
  }

  @Tag("rfc6935:5-3")
  @Tag("rfc6936:4-2")
  @Test
  void aPortThatWasToldToTakesThem() {
    arrives(TUNNEL, 0, 0);
    assertThat(tunnel.received).hasSize(1);
    assertThat(net.counters().get(DropReason.UDP_ZERO_CHECKSUM)).isZero();
  }

  @Tag("rfc6935:5-2")
  @Tag("rfc6936:4-1")
  @Tag("rfc6936:4-2")
  @Tag("rfc6936:5-1")
  @Test
  void theOtherPortsDropAndCountThem() {
    UdpSocket strict = net.udp.bind(OTHER, other);
    arrives(OTHER, 0, 0);
    arrives(9, 0, 0);
    assertThat(other.received).isEmpty();
    assertThat(net.counters().get(DropReason.UDP_ZERO_CHECKSUM)).isEqualTo(2);
    assertThat(strict.info().inErrors()).isEqualTo(1);
    assertThat(socket.info().inErrors()).isZero();
  }

  @Tag("rfc6936:4-3")
  @Test
  void theyAreCountedApartFromDamagedOnesAndNobodyIsAnswered() {
    arrives(9, 0, 0);
    assertThat(net.counters().get(DropReason.UDP_BAD_CHECKSUM)).isZero();
    assertThat(net.counters().get(DropReason.UDP_NO_PORT)).isZero();
    assertThat(net.counters().get(DropReason.UDP_ZERO_CHECKSUM)).isEqualTo(1);
    assertThat(net.peer.drain()).isEmpty();
  }

  @Tag("rfc6936:4-4")
  @Test
  void thePortStillVerifiesChecksumsThatAreThere() {
    arrives(TUNNEL, rightChecksum(TUNNEL), 0);
    arrives(TUNNEL, rightChecksum(TUNNEL) ^ 1, 0);
    assertThat(tunnel.received).hasSize(1);
    assertThat(net.counters().get(DropReason.UDP_BAD_CHECKSUM)).isEqualTo(1);
    assertThat(socket.info().inErrors()).isEqualTo(1);
  }

  @Test
  void theDriversWordDoesNotMakeUpForAMissingOne() {
    net.udp.bind(OTHER, other);
    arrives(OTHER, 0, Frame.RX_CHECKSUM_OK);
    assertThat(other.received).isEmpty();
    // A sum of the pseudo-header that happens to be zero, with the rest left to hardware.
    arrives(OTHER, 0, Frame.RX_CHECKSUM_OK | Frame.CHECKSUM_PARTIAL);
    assertThat(other.received).hasSize(1);
  }

  @Test
  void itCanBeSwitchedOffAgain() {
    socket.acceptZeroChecksums(false);
    arrives(TUNNEL, 0, 0);
    assertThat(tunnel.received).isEmpty();
    assertThat(net.counters().get(Counter.UDP_IN_DATAGRAMS)).isZero();
  }
}
