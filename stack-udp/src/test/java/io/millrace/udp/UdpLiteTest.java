package io.millrace.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.testkit.packet.Decoded;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.udp.UdpFixture.Recorder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** UDP-Lite (RFC 3828): what is covered, what is not, and what is refused. */
final class UdpLiteTest {
  private static final int PROTOCOL = 136;
  private static final IpAddress PEER = IpAddress.parse("10.0.0.2");
  private static final byte[] PAYLOAD = UdpFixture.pattern(100);

  private final UdpFixture net = new UdpFixture();
  private final Udp lite = UdpLite.of(net.shard);
  private final Recorder handler = new Recorder();

  @AfterEach
  void noFrameIsLost() {
    assertThat(net.framesOut()).isZero();
    net.close();
  }

  // ---- an independent hand at the protocol ----

  /** The sum that the RFC asks for, one word after the other; 0xffff if the checksum is right. */
  private static int sum(String source, String destination, byte[] datagram, int covered) {
    ByteBuffer all = ByteBuffer.allocate(12 + covered + (covered & 1));
    all.putInt(IpAddress.parse(source).v4Bits()).putInt(IpAddress.parse(destination).v4Bits());
    all.putShort((short) PROTOCOL).putShort((short) datagram.length).put(datagram, 0, covered);
    long sum = 0;
    for (int i = 0; i < all.capacity(); i += 2) {
      sum += all.getShort(i) & 0xffff;
    }
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (int) sum;
  }

  /** A datagram from the peer with a right checksum over {@code covered} bytes. */
  private static byte[] datagram(int coverage, int covered) {
    byte[] bytes =
        ByteBuffer.allocate(8 + PAYLOAD.length)
            .putShort((short) 4000)
            .putShort((short) 7)
            .putShort((short) coverage)
            .putShort((short) 0)
            .put(PAYLOAD)
            .array();
    int checksum = ~sum("10.0.0.2", "10.0.0.1", bytes, covered) & 0xffff;
    ByteBuffer.wrap(bytes).putShort(6, (short) (checksum == 0 ? 0xffff : checksum));
    return bytes;
  }

  private void arrives(byte[] datagram) {
    net.inject(
        PacketBuilder.ip(PROTOCOL)
            .ethernet(0x0200_0000_0002L, 0x0200_0000_0001L)
            .from("10.0.0.2", 0)
            .to("10.0.0.1", 0)
            .payload(datagram));
  }

  private byte[] sent(UdpSocket socket, byte[] payload) {
    assertThat(socket.sendTo(PEER, 9, UdpFixture.buffer(payload), 0, payload.length))
        .isEqualTo(SendResult.SENT);
    net.world.settle();
    Decoded packet = net.peer.next();
    assertThat(packet.protocol()).isEqualTo(PROTOCOL);
    return packet.payload();
  }

  private static int coverage(byte[] datagram) {
    return ByteBuffer.wrap(datagram).getShort(4) & 0xffff;
  }

  // ---- out ----

  @Tag("rfc3828:3.3-4")
  @Tag("rfc3828:3.2-1")
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 99, 256, 257, 1400})
  void everythingIsCoveredAsLongAsNothingElseIsSaid(int length) {
    byte[] datagram = sent(lite.bind(0, handler), UdpFixture.pattern(length));
    assertThat(coverage(datagram)).isEqualTo(8 + length);
    assertThat(sum("10.0.0.1", "10.0.0.2", datagram, datagram.length)).isEqualTo(0xffff);
  }

  @Tag("rfc3828:3.1-1")
  @Tag("rfc3828:3.1-6")
  @Tag("rfc3828:3.2-1")
  @Tag("rfc3828:3.3-2")
  @ParameterizedTest
  @ValueSource(ints = {8, 9, 20, 107, 108, 300, 301})
  void asMuchIsCoveredAsTheApplicationSays(int bytes) {
    UdpSocket socket = lite.bind(0, handler).coverage(bytes);
    for (int length : new int[] {0, 100, 1000}) {
      byte[] datagram = sent(socket, UdpFixture.pattern(length));
      int covered = Math.min(bytes, 8 + length);
      assertThat(coverage(datagram)).isEqualTo(covered);
      assertThat(sum("10.0.0.1", "10.0.0.2", datagram, covered)).isEqualTo(0xffff);
      assertThat(Arrays.copyOfRange(datagram, 8, 8 + length)).isEqualTo(UdpFixture.pattern(length));
    }
  }

  @Test
  void aFrameWithATailIsCoveredAcrossBoth() {
    for (int bytes : new int[] {8, 10, 13, 14, 30, 0}) {
      UdpSocket socket = lite.bind(0, handler).coverage(bytes);
      Frame frame = socket.newDatagram();
      Bytes.copyIn(PAYLOAD, 0, frame.append(5), 5);
      var tail = UdpFixture.buffer(Arrays.copyOfRange(PAYLOAD, 5, 100));
      frame.tail(tail, tail.address(), 95);
      assertThat(socket.sendFrame(frame, PEER.hi(), PEER.lo(), 9)).isEqualTo(SendResult.SENT);
      net.world.settle();
      byte[] datagram = net.peer.next().payload();
      int covered = bytes == 0 ? 108 : bytes;
      assertThat(sum("10.0.0.1", "10.0.0.2", datagram, covered)).isEqualTo(0xffff);
      assertThat(Arrays.copyOfRange(datagram, 8, 108)).isEqualTo(PAYLOAD);
      socket.close();
    }
  }

  @Tag("rfc3828:3.1-7")
  @Test
  void aChecksumOfZeroIsSentAsAllOnes() {
    UdpSocket socket = lite.bind(5, handler);
    byte[] datagram = sent(socket, new byte[2]);
    // What makes the sum all ones is its own complement.
    byte[] payload = Arrays.copyOfRange(datagram, 6, 8);
    byte[] zero = sent(socket, payload);
    assertThat(zero[6]).isEqualTo((byte) 0xff);
    assertThat(zero[7]).isEqualTo((byte) 0xff);
  }

  @Tag("rfc3828:3.1-3")
  @Test
  void impossibleCoveragesAreRefused() {
    UdpSocket socket = lite.bind(7, handler);
    for (int bytes : new int[] {-1, 1, 7, 65_536}) {
      assertThatThrownBy(() -> socket.coverage(bytes))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("" + bytes);
      assertThatThrownBy(() -> socket.minimumCoverage(bytes))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void coverageIsForUdpLiteAlone() {
    UdpSocket udp = net.udp.bind(7, handler);
    assertThatThrownBy(() -> udp.coverage(8)).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> udp.minimumCoverage(8))
        .isInstanceOf(UnsupportedOperationException.class);
    UdpSocket socket = lite.bind(7, handler);
    assertThatThrownBy(() -> socket.sendChecksums(false))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> socket.acceptZeroChecksums(true))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  // ---- in ----

  @Tag("rfc3828:3.1-2")
  @Tag("rfc3828:3.4-1")
  @Test
  void aCoverageOfZeroOrOfTheLengthCoversEverything() {
    lite.bind(7, handler);
    arrives(datagram(0, 108));
    arrives(datagram(108, 108));
    assertThat(handler.received).containsExactly(PAYLOAD, PAYLOAD);
    assertThat(net.counters().get(Counter.UDPLITE_IN_DATAGRAMS)).isEqualTo(2);
    assertThat(net.counters().get(Counter.UDP_IN_DATAGRAMS)).isZero();
  }

  @Tag("rfc3828:3.1-4")
  @Tag("rfc3828:3.1-5")
  @Test
  void aCoverageThatCannotBeIsDropped() {
    lite.bind(7, handler).minimumCoverage(8);
    for (int coverage : new int[] {1, 2, 3, 4, 5, 6, 7, 109, 0x8000, 0xffff}) {
      arrives(datagram(coverage, Math.min(coverage, 108)));
    }
    assertThat(handler.received).isEmpty();
    assertThat(net.counters().get(DropReason.UDPLITE_BAD_COVERAGE)).isEqualTo(10);
  }

  @Test
  void aHeaderThatEndsEarlyIsDropped() {
    lite.bind(7, handler);
    for (int length = 0; length < 8; length++) {
      arrives(Arrays.copyOf(datagram(0, 108), length));
    }
    assertThat(net.counters().get(DropReason.UDP_BAD_LENGTH)).isEqualTo(8);
  }

  @Tag("rfc3828:3.1-1")
  @Tag("rfc3828:3.1-6")
  @Test
  void whatIsCoveredIsVerifiedAndTheRestIsDeliveredDamaged() {
    UdpSocket socket = lite.bind(7, handler).minimumCoverage(UdpLite.HEADER + 12);
    for (int at = 0; at < 108; at++) {
      byte[] damaged = datagram(20, 20);
      damaged[at] ^= 0x10;
      handler.received.clear();
      arrives(damaged);
      // A damaged coverage may also cover too little, or too much; a damaged port is another's.
      assertThat(handler.received).as("byte %d", at).hasSize(at < 20 ? 0 : 1);
    }
    assertThat(socket.info().inErrors()).isPositive();
    assertThat(socket.info().inDatagrams()).isEqualTo(88);
  }

  @Tag("rfc3828:3.1-7")
  @Test
  void aDatagramWithoutAChecksumIsDropped() {
    lite.bind(7, handler).minimumCoverage(8);
    byte[] without = datagram(20, 20);
    without[6] = 0;
    without[7] = 0;
    arrives(without);
    assertThat(handler.received).isEmpty();
    assertThat(net.counters().get(DropReason.UDP_BAD_CHECKSUM)).isEqualTo(1);
  }

  @Tag("rfc3828:3.3-3")
  @Tag("rfc3828:3.3-4")
  @Test
  void lessCoverageThanDemandedIsDroppedAndCounted() {
    UdpSocket socket = lite.bind(7, handler);
    arrives(datagram(20, 20));
    arrives(datagram(107, 107));
    assertThat(handler.received).isEmpty();
    assertThat(net.counters().get(DropReason.UDPLITE_COVERAGE_TOO_SMALL)).isEqualTo(2);
    assertThat(socket.info().inErrors()).isEqualTo(2);
    socket.minimumCoverage(21);
    arrives(datagram(20, 20));
    assertThat(handler.received).isEmpty();
    arrives(datagram(21, 21));
    socket.minimumCoverage(5000); // more than there is: all of it is enough
    arrives(datagram(0, 108));
    assertThat(handler.received).hasSize(2);
  }

  @Tag("rfc3828:3.3-3")
  @Test
  void theApplicationLearnsHowMuchWasCovered() {
    List<Integer> covered = new ArrayList<>();
    lite.bind(7, (socket, data, hi, lo, port) -> covered.add(UdpLite.covered(data)))
        .minimumCoverage(8);
    arrives(datagram(8, 8));
    arrives(datagram(20, 20));
    arrives(datagram(0, 108));
    assertThat(covered).containsExactly(0, 12, 100);
  }

  // ---- like UDP ----

  @Tag("rfc3828:3.3-5")
  @Test
  void itsPortsAreNotThoseOfUdp() {
    Recorder udpHandler = new Recorder();
    net.udp.bind(7, udpHandler);
    arrives(datagram(0, 108));
    assertThat(net.ip().unreachables()).containsExactly(IcmpError.PORT_UNREACHABLE);
    lite.bind(7, handler);
    arrives(datagram(0, 108));
    net.inject(UdpFixture.toStack(4000, 7));
    assertThat(handler.received).containsExactly(PAYLOAD);
    assertThat(udpHandler.received).containsExactly(new byte[0]);
  }

  @Tag("rfc3828:3.3-1")
  @Test
  void connectingAndErrorsAreAsInUdp() {
    UdpSocket socket = lite.bind(7, handler);
    socket.connect(PEER, 4000);
    Frame quoted = net.shard.pool().allocate();
    long header = quoted.append(8);
    Bytes.put32(header, 7 << 16 | 4000);
    long ours = IpAddress.parse("10.0.0.1").lo();
    for (Udp each : List.of(net.udp, lite)) {
      each.icmpError(IcmpError.PORT_UNREACHABLE, 0, 0, ours, 0, PEER.lo(), header, 8, 0);
    }
    quoted.release();
    assertThat(handler.errors).containsExactly("PORT_UNREACHABLE 10.0.0.2 4000");
    arrives(datagram(0, 108));
    assertThat(handler.received).containsExactly(PAYLOAD);
    assertThatThrownBy(() -> lite.bind(7, handler))
        .isInstanceOf(AddressInUseException.class)
        .hasMessageContaining("UDP-Lite port 7");
  }
}
