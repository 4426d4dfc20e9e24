package io.millrace.testkit.packet;

import static io.millrace.testkit.packet.TcpOption.eol;
import static io.millrace.testkit.packet.TcpOption.mss;
import static io.millrace.testkit.packet.TcpOption.nop;
import static io.millrace.testkit.packet.TcpOption.sack;
import static io.millrace.testkit.packet.TcpOption.sackPermitted;
import static io.millrace.testkit.packet.TcpOption.timestamps;
import static io.millrace.testkit.packet.TcpOption.windowScale;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The oracle sees what is there, and what is wrong. */
final class DecodedTest {
  private static PacketBuilder tcp() {
    return PacketBuilder.tcp()
        .from("192.0.2.1", 8080)
        .to("10.0.0.1", 5000)
        .seq(0xffff_fffeL)
        .ack(77)
        .flags("P")
        .window(1234)
        .payload("abc".getBytes(StandardCharsets.US_ASCII));
  }

  private static PacketBuilder udp() {
    return PacketBuilder.udp().from("192.0.2.1", 8080).to("10.0.0.1", 5000).payload(20);
  }

  @Test
  void aHeaderFromElsewhereIsDecodedRight() {
    // The textbook example of an IPv4 header checksum (b861), made by no code of this project; the
    // datagram in it has no checksum.
    byte[] frame =
        HexFormat.of()
            .parseHex(
                "020000000001"
                    + "020000000002"
                    + "0800"
                    + "4500007300004000"
                    + "4011b861"
                    + "c0a80001"
                    + "c0a800c7"
                    + "d843"
                    + "0035"
                    + "005f"
                    + "0000"
                    + "00".repeat(87));
    Decoded decoded = Decoded.of(frame);
    assertThat(decoded.toString()).isEqualTo("192.168.0.1 > 192.168.0.199: udp 55363 > 53 (87)");
    assertThat(decoded.dontFragment()).isTrue();
    assertThat(decoded.ttl()).isEqualTo(64);
    assertThat(decoded.sourceMac()).isEqualTo("02:00:00:00:00:02");
  }

  @Test
  void aSegmentReadsAsItWasBuilt() {
    Decoded frame =
        Decoded.of(
            tcp()
                .options(
                    mss(1460), sackPermitted(), timestamps(1, 0xffff_ffffL), nop(), windowScale(7))
                .bytes());
    frame.check(
        Check.source("192.0.2.1", 8080),
        Check.destination("10.0.0.1", 5000),
        Check.seq(-2),
        Check.ack(77),
        Check.flags("AP"),
        Check.window(1234),
        Check.options(
            mss(1460), sackPermitted(), timestamps(1, 0xffff_ffffL), nop(), windowScale(7)),
        Check.option(mss(1460)),
        Check.noOption(TcpOption.SACK),
        Check.payload(new byte[] {'a', 'b', 'c'}));
    assertThat(frame.toString())
        .isEqualTo(
            "192.0.2.1 > 10.0.0.1: 8080 > 5000 PA 4294967294:1(3) ack 77 win 1234"
                + " <mss 1460,sackOK,TS val 1 ecr 4294967295,nop,wscale 7>");
  }

  @Test
  void sackBlocksAndPaddingAreSeen() {
    Decoded frame = Decoded.of(tcp().options(sack(1, 2, 3, 4), eol(), eol()).bytes());
    assertThat(frame.options()).containsExactly(sack(1, 2, 3, 4), eol(), eol());
    assertThat(frame.option(TcpOption.SACK).toString()).isEqualTo("sack 1:2 3:4");
  }

  @Test
  void ecnFlagsAreSeen() {
    assertThat(Decoded.of(tcp().flags("EW").bytes()).flags()).isEqualTo("PAEW");
  }

  @Test
  void aTagIsSeen() {
    assertThat(Decoded.of(udp().vlan(0x2064).bytes()).vlan()).isEqualTo(0x64);
  }

  @Test
  void everyWrongFieldIsNamed() {
    assertThat(Decoded.problems(tcp().bytes())).isEmpty();
    assertThat(Decoded.problems(udp().bytes())).isEmpty();
    assertThat(
            Decoded.problems(
                PacketBuilder.icmp(8, 0, 1).from("10.0.0.1", 0).to("10.0.0.2", 0).bytes()))
        .isEmpty();
    assertWrong(tcp().checksum(1), "TCP checksum is wrong");
    assertWrong(udp().checksum(1), "UDP checksum is wrong");
    assertWrong(
        PacketBuilder.icmp(8, 0, 1).from("10.0.0.1", 0).to("10.0.0.2", 0).checksum(1),
        "ICMP checksum is wrong");
    assertWrong(udp().ipChecksum(1), "IP header checksum is wrong");
    assertWrong(udp().udpLength(27), "UDP length 27 but IP carries 28");
    assertWrong(udp().ipLength(49), "IP total length is 1 bytes more than the frame holds");
    assertWrong(tcp().payload(100).ipLength(139), "1 bytes lie behind the IP datagram");
    assertWrong(udp().ttl(0), "time to live is 0");
    assertWrong(udp().fragmentField(0x8000), "the reserved IP flag is set");
    assertWrong(udp().fragmentField(0x6000), "a fragment says don't fragment");
    assertWrong(tcp().rawOptions((byte) 2, (byte) 9, (byte) 1, (byte) 1), "");
    assertWrong(tcp().dataOffset(4), "");
    assertWrong(tcp().dataOffset(15), "");
    assertWrong(PacketBuilder.ip(6).from("10.0.0.1", 0).to("10.0.0.2", 0).payload(10), "");
    assertWrong(udp().ethernet(0x0300_0000_0001L, 1), "the link-layer source is a group address");
  }

  private static void assertWrong(PacketBuilder packet, String problem) {
    assertThat(Decoded.problems(packet.bytes()))
        .as(problem)
        .isNotEmpty()
        .anyMatch(each -> problem.isEmpty() || each.equals(problem));
    assertThatThrownBy(() -> Decoded.of(packet.bytes()))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(problem);
  }

  @Test
  void aFlippedBitOfASegmentIsAlwaysAProblem() {
    byte[] frame = tcp().payload(64).bytes();
    for (int bit = 14 * 8; bit < frame.length * 8; bit++) {
      byte[] flipped = frame.clone();
      flipped[bit >> 3] ^= (byte) (1 << (bit & 7));
      assertThat(Decoded.problems(flipped)).as("bit %d", bit).isNotEmpty();
    }
  }

  @Test
  void aFrameCutAnywhereIsNeverAnException() {
    byte[] frame = tcp().options(mss(1460)).bytes();
    for (int length = 0; length < frame.length; length++) {
      assertThat(Decoded.problems(Arrays.copyOf(frame, length))).as("%d", length).isNotEmpty();
    }
  }

  @Test
  void askingForAnotherLayerSaysWhatIsThere() {
    Decoded frame = Decoded.of(udp().bytes());
    assertThatThrownBy(frame::seq)
        .isInstanceOf(AssertionError.class)
        .hasMessage("not TCP: 192.0.2.1 > 10.0.0.1: udp 8080 > 5000 (20)");
  }
}
