package io.millrace.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.udp.UdpFixture.Recorder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What arrives: checked, delivered in place, or dropped with a name. */
final class UdpInputTest {
  private static final byte[] HELLO = "hello, world".getBytes(StandardCharsets.US_ASCII);

  private final UdpFixture net = new UdpFixture();
  private final Recorder handler = new Recorder();

  @AfterEach
  void noFrameIsLost() {
    assertThat(net.framesOut()).isZero();
    net.close();
  }

  @Tag("rfc768:UserInterface-2")
  @Tag("rfc1122:4.1.3.5-1")
  @Test
  void aDatagramIsDeliveredWithItsSource() {
    List<String> seen = new ArrayList<>();
    net.udp.bind(
        7,
        (socket, data, hi, lo, port) ->
            seen.add(
                new IpAddress(hi, lo)
                    + ":"
                    + port
                    + " to "
                    + new IpAddress(data.destinationHi(), data.destinationLo())
                    + " ttl "
                    + data.hopLimit()
                    + " tos "
                    + data.trafficClass()
                    + " "
                    + new String(data.toByteArray(), StandardCharsets.US_ASCII)));
    net.inject(UdpFixture.toStack(4000, 7).ttl(3).tos(0xb8).payload(HELLO));
    assertThat(seen).containsExactly("10.0.0.2:4000 to 10.0.0.1 ttl 3 tos 184 hello, world");
    assertThat(net.counters().get(Counter.UDP_IN_DATAGRAMS)).isEqualTo(1);
  }

  @Test
  void anEmptyDatagramIsOneToo() {
    net.udp.bind(7, handler);
    net.inject(UdpFixture.toStack(4000, 7));
    assertThat(handler.received).containsExactly(new byte[0]);
  }

  @Test
  void aRetainedBufferOutlivesTheCall() {
    List<Buffer> kept = new ArrayList<>();
    net.udp.bind(
        7,
        (socket, data, hi, lo, port) -> {
          data.retain();
          kept.add(data);
        });
    net.inject(UdpFixture.toStack(4000, 7).payload(HELLO));
    net.inject(UdpFixture.toStack(4000, 7).payload(UdpFixture.pattern(1000)));
    assertThat(kept.get(0).toByteArray()).isEqualTo(HELLO);
    assertThat(kept.get(1).toByteArray()).isEqualTo(UdpFixture.pattern(1000));
    assertThat(net.framesOut()).isEqualTo(2);
    kept.forEach(Buffer::release);
  }

  @Test
  void aFrameThatEndsAtAnyByteIsCountedAndDropped() {
    net.udp.bind(7, handler);
    byte[] whole = UdpFixture.toStack(4000, 7).payload(HELLO).bytes();
    int datagram = whole.length - 34;
    for (int length = 0; length < datagram; length++) {
      byte[] cut =
          PacketBuilder.ip(17)
              .ethernet(0x0200_0000_0002L, 0x0200_0000_0001L)
              .from("10.0.0.2", 0)
              .to("10.0.0.1", 0)
              .payload(java.util.Arrays.copyOfRange(whole, 34, 34 + length))
              .bytes();
      net.inject(cut);
    }
    assertThat(handler.received).isEmpty();
    assertThat(net.counters().get(DropReason.UDP_BAD_LENGTH)).isEqualTo(datagram);
  }

  @Tag("rfc768:Fields-2")
  @Test
  void theLengthFieldIsBelievedOnlyIfItCanBe() {
    net.udp.bind(7, handler);
    int right = 8 + HELLO.length;
    for (int length : new int[] {0, 1, 7, right + 1, 0x7fff, 0xffff}) {
      net.inject(UdpFixture.toStack(4000, 7).payload(HELLO).udpLength(length));
    }
    assertThat(handler.received).isEmpty();
    assertThat(net.counters().get(DropReason.UDP_BAD_LENGTH)).isEqualTo(6);
  }

  @Test
  void bytesBehindTheLengthAreNotDelivered() {
    net.udp.bind(7, handler);
    byte[] datagram = UdpFixture.toStack(4000, 7).payload(HELLO).transportBytes();
    net.inject(
        PacketBuilder.ip(17)
            .ethernet(0x0200_0000_0002L, 0x0200_0000_0001L)
            .from("10.0.0.2", 0)
            .to("10.0.0.1", 0)
            .payload(java.util.Arrays.copyOf(datagram, datagram.length + 9))
            .bytes());
    assertThat(handler.received).containsExactly(HELLO);
  }

  @Tag("rfc768:Fields-3")
  @Tag("rfc1122:4.1.3.4-1")
  @Tag("rfc1122:4.1.3.4-3")
  @Test
  void aWrongChecksumIsDroppedSilently() {
    // RFC 1122 §4.1.3.4
    net.udp.bind(7, handler);
    byte[] right = UdpFixture.toStack(4000, 7).payload(HELLO).bytes();
    int field = (right[40] & 0xff) << 8 | (right[41] & 0xff);
    for (int wrong : new int[] {field ^ 1, field ^ 0x8000, 0xffff, 1}) {
      net.inject(UdpFixture.toStack(4000, 7).payload(HELLO).checksum(wrong));
    }
    assertThat(handler.received).isEmpty();
    assertThat(net.counters().get(DropReason.UDP_BAD_CHECKSUM)).isEqualTo(4);
    assertThat(net.peer.drain()).isEmpty();
  }

  @Tag("rfc768:Fields-5")
  @Test
  void overIpv4ChecksumZeroMeansThatThereIsNone() {
    net.udp.bind(7, handler);
    net.inject(UdpFixture.toStack(4000, 7).payload(HELLO).checksum(0));
    assertThat(handler.received).containsExactly(HELLO);
  }

  @Tag("rfc8200:8.1-3")
  @Test
  void overIpv6ChecksumZeroIsDropped() {
    // RFC 8200 §8.1
    net.udp.bind(7, handler);
    Frame frame = net.shard.pool().allocate();
    frame.markL3();
    long header = frame.append(8);
    Bytes.put32(header, 4000 << 16 | 7);
    Bytes.put32(header + 4, 8 << 16);
    frame.addresses(0x20010db8L << 32, 1, 0x20010db8L << 32, 2);
    net.udp.input(frame, 0);
    assertThat(handler.received).isEmpty();
    assertThat(net.counters().get(DropReason.UDP_ZERO_CHECKSUM)).isEqualTo(1);
  }

  @Tag("rfc8200:8.1-1")
  @Test
  void overIpv6TheSumCoversBothWholeAddresses() {
    net.udp.bind(7, handler);
    Frame frame = net.shard.pool().allocate();
    long header = frame.append(12);
    Bytes.put32(header, 4000 << 16 | 7);
    Bytes.put32(header + 4, 12 << 16 | checksumOfTheV6Example());
    Bytes.put32(header + 8, 0xabcdef01);
    frame.addresses(0x20010db8L << 32, 1, 0x20010db8L << 32, 2);
    net.udp.input(frame, 0);
    assertThat(handler.received).hasSize(1);
  }

  private static int checksumOfTheV6Example() {
    int[] words = {
      0x2001, 0x0db8, 1, 0x2001, 0x0db8, 2, 17, 12, 4000, 7, 12, 0xabcd, 0xef01,
    };
    int sum = 0;
    for (int word : words) {
      sum += word;
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return ~sum & 0xffff;
  }

  @Test
  void theDriversWordCountsUnlessTheDatagramWasReassembled() {
    net.udp.bind(7, handler);
    net.udp.input(withWrongChecksum(Frame.RX_CHECKSUM_OK), 0);
    net.udp.input(withWrongChecksum(Frame.CHECKSUM_PARTIAL), 0);
    assertThat(handler.received).hasSize(2);
    net.udp.input(withWrongChecksum(Frame.RX_CHECKSUM_OK | Frame.REASSEMBLED), 0);
    assertThat(handler.received).hasSize(2);
    assertThat(net.counters().get(DropReason.UDP_BAD_CHECKSUM)).isEqualTo(1);
  }

  private Frame withWrongChecksum(int flags) {
    Frame frame = net.shard.pool().allocate();
    long header = frame.append(8);
    Bytes.put32(header, 4000 << 16 | 7);
    Bytes.put32(header + 4, 8 << 16 | 0x1234);
    frame.set(flags);
    frame.addresses(0, IpAddress.parse("10.0.0.2").lo(), 0, IpAddress.parse("10.0.0.1").lo());
    return frame;
  }

  @Tag("rfc792:Unreachable-2")
  @Tag("rfc1122:3.2.2.1-1")
  @Tag("rfc1122:3.4-3")
  @Tag("rfc1122:4.1.3.1-1")
  @Test
  void nobodyOnThePortIsAnsweredWithPortUnreachable() {
    // RFC 1122 §4.1.3.1
    net.inject(UdpFixture.toStack(4000, 9).payload(HELLO));
    assertThat(net.ip().unreachables()).containsExactly(IcmpError.PORT_UNREACHABLE);
    assertThat(net.counters().get(DropReason.UDP_NO_PORT)).isEqualTo(1);
  }

  @Test
  void aBroadcastIsNeverAnswered() {
    net.inject(
        PacketBuilder.udp()
            .ethernet(0x0200_0000_0002L, 0xffff_ffff_ffffL)
            .from("10.0.0.2", 4000)
            .to("10.0.0.255", 9));
    assertThat(net.ip().unreachables()).isEmpty();
    assertThat(net.counters().get(DropReason.UDP_NO_PORT)).isEqualTo(1);
  }

  @Test
  void aBroadcastGoesToEverySocketOfThePortThatIsBoundToAllAddresses() {
    Recorder specific = new Recorder();
    Recorder second = new Recorder();
    net.udp.bindShared(Udp.ANY, 67, handler);
    net.udp.bindShared(IpAddress.ANY_V4, 67, second);
    net.udp.bindShared(IpAddress.parse("10.0.0.1"), 67, specific);
    for (String to : new String[] {"10.0.0.255", "255.255.255.255"}) {
      net.inject(
          PacketBuilder.udp()
              .ethernet(0x0200_0000_0002L, 0xffff_ffff_ffffL)
              .from("10.0.0.2", 4000)
              .to(to, 67)
              .payload(HELLO));
    }
    assertThat(handler.received).containsExactly(HELLO, HELLO);
    assertThat(second.received).containsExactly(HELLO, HELLO);
    assertThat(specific.received).isEmpty();
  }

  @Test
  void aHandlerThatThrowsIsReportedAndTheSocketLivesOn() {
    net.world.exceptionsExpected();
    net.udp.bind(
        7,
        (socket, data, hi, lo, port) -> {
          handler.onDatagram(socket, data, hi, lo, port);
          throw new IllegalStateException("on purpose");
        });
    net.inject(UdpFixture.toStack(4000, 7));
    net.inject(UdpFixture.toStack(4001, 7));
    assertThat(handler.sources).containsExactly(4000, 4001);
    assertThat(net.counters().get(Counter.EXCEPTIONS)).isEqualTo(2);
  }

  @Test
  void aHandlerMayCloseItsSocketAndBindAnother() {
    net.udp.bind(
        7,
        (socket, data, hi, lo, port) -> {
          socket.close();
          net.udp.bind(7, handler);
        });
    net.inject(UdpFixture.toStack(4000, 7));
    net.inject(UdpFixture.toStack(4001, 7));
    assertThat(handler.sources).containsExactly(4001);
  }

  @Tag("rfc792:Unreachable-3")
  @Tag("rfc1122:4.1.3.3-1")
  @Test
  void icmpErrorsAreDeliveredToTheSocketThatSent() {
    // RFC 1122 §4.1.3.3
    net.udp.bind(7, handler);
    Recorder connected = new Recorder();
    net.udp.bind(8, connected).connect(IpAddress.parse("10.0.0.2"), 5000);
    icmp(IcmpError.HOST_UNREACHABLE, 7, 6000);
    icmp(IcmpError.PORT_UNREACHABLE, 8, 5000);
    icmp(IcmpError.PORT_UNREACHABLE, 8, 5001); // not the peer
    icmp(IcmpError.PORT_UNREACHABLE, 9, 5000); // nobody
    assertThat(handler.errors).containsExactly("HOST_UNREACHABLE 10.0.0.2 6000");
    assertThat(connected.errors).containsExactly("PORT_UNREACHABLE 10.0.0.2 5000");
  }

  @Tag("rfc8201:4-6")
  @Test
  void aRouteLearnsItsPathMtuOnlyFromAnErrorAboutASocketOfOurs() {
    // RFC 1191 §6.1; what nobody here has sent is forged (RFC 8201 §5.2).
    UdpSocket socket = net.udp.bind(7, handler).dontFragment(true);
    IpAddress peer = IpAddress.parse("10.0.0.2");
    icmp(IcmpError.PACKET_TOO_BIG, 9, 6000);
    assertThat(socket.sendTo(peer, 6000, UdpFixture.buffer(new byte[1472]), 0, 1472))
        .isEqualTo(SendResult.SENT);
    icmp(IcmpError.PACKET_TOO_BIG, 7, 6000);
    assertThat(socket.sendTo(peer, 6000, UdpFixture.buffer(new byte[1472]), 0, 1472))
        .isEqualTo(SendResult.TOO_BIG);
    assertThat(socket.sendTo(peer, 6000, UdpFixture.buffer(new byte[1372]), 0, 1372))
        .isEqualTo(SendResult.SENT);
    assertThat(handler.errors).containsExactly("PACKET_TOO_BIG 10.0.0.2 6000");
    net.world.settle();
  }

  private void icmp(IcmpError error, int from, int to) {
    Frame quoted = net.shard.pool().allocate();
    long header = quoted.append(8);
    Bytes.put32(header, from << 16 | to);
    long ours = IpAddress.parse("10.0.0.1").lo();
    long theirs = IpAddress.parse("10.0.0.2").lo();
    int mtu = error == IcmpError.PACKET_TOO_BIG ? 1400 : 0;
    net.udp.icmpError(error, mtu, 0, ours, 0, theirs, header, 8, 0);
    quoted.release();
  }
}
