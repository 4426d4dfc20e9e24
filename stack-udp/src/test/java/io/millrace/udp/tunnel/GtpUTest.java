package io.millrace.udp.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.ip.IpAddress;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The GTP-U header, byte by byte (3GPP TS 29.281 §5). */
class GtpUTest {
  private final FramePool pool = new FramePool(4, 512, 0, false);

  @AfterEach
  void nothingLeaks() {
    assertThat(pool.outstanding()).isEmpty();
    pool.close();
  }

  private int validate(String text) {
    Frame frame = Packets.frame(pool, text);
    int size = GtpU.validate(frame.address(), frame.length());
    frame.release();
    return size;
  }

  private String popped(String text) {
    Frame frame = Packets.frame(pool, text);
    GtpU.pop(frame, GtpU.validate(frame.address(), frame.length()));
    String inner = Packets.hex(frame);
    frame.release();
    return inner;
  }

  @Test
  void theShortestHeaderIsEightBytes() {
    String packet = "30 ff 0004 11223344 cafebabe";
    Frame frame = Packets.frame(pool, packet);
    long at = frame.address();
    assertThat(GtpU.validate(at, frame.length())).isEqualTo(8);
    assertThat(GtpU.messageType(at)).isEqualTo(GtpU.G_PDU);
    assertThat(GtpU.length(at)).isEqualTo(4);
    assertThat(GtpU.teid(at)).isEqualTo(0x11223344);
    assertThat(GtpU.hasSequence(at)).isFalse();
    assertThat(GtpU.pduSession(at, 8)).isZero();
    frame.release();
    assertThat(popped(packet)).isEqualTo("cafebabe");
  }

  @Test
  void anyOfThreeFlagsBringsAllFourBytesOfOptions() {
    for (String flags : new String[] {"31", "32", "33"}) {
      assertThat(popped(flags + "ff 0008 00000001 0007 09 ff cafebabe")).isEqualTo("cafebabe");
    }
    assertThat(popped("34 ff 0008 00000001 0000 00 00 cafebabe"))
        .as("E without an extension header")
        .isEqualTo("cafebabe");
  }

  @Test
  void extensionHeadersAreSkipped() {
    assertThat(popped("34 ff 0010 00000001 0000 00 40 01 0868 20 01 0000 00 cafebabe"))
        .isEqualTo("cafebabe");
    assertThat(popped("34 ff 0010 00000001 0000 00 40 02 000000000000 00 cafebabe"))
        .as("one of two words")
        .isEqualTo("cafebabe");
  }

  @Test
  void thePduSessionContainerTellsDirectionAndFlow() {
    Frame frame =
        Packets.frame(pool, "34 ff 0010 00000001 0000 00 40 01 0868 85 01 10c9 00 cafe0000");
    long at = frame.address();
    int size = GtpU.validate(at, frame.length());
    assertThat(size).isEqualTo(20);
    long content = GtpU.pduSession(at, size);
    assertThat(PduSession.type(content)).isEqualTo(PduSession.UPLINK);
    assertThat(PduSession.qfi(content)).isEqualTo(9);
    frame.release();
  }

  @Test
  void whatLiesBehindTheLengthIsNotPartOfIt() {
    assertThat(popped("30 ff 0002 00000001 cafe babe")).isEqualTo("cafe");
  }

  @ParameterizedTest
  @CsvSource({
    "30ff000000000, seven bytes",
    "50ff000000000001, version 2",
    "20ff000000000001, GTP'",
    "10ff000000000001, version 0",
    "30ff000100000001, longer than the datagram",
    "32ff000000000001, no room for the options",
    "32ff00030000000100000000, options behind the length",
    "34ff00040000000100000085, an extension header that is not there",
    "34ff0008000000010000004000000000, one of no length",
    "34ff0008000000010000004002000000, one longer than the packet",
  })
  void whatCannotBeIsMalformed(String packet, String what) {
    String even = packet.length() % 2 == 0 ? packet : packet.substring(0, packet.length() - 1);
    assertThat(validate(even)).as(what).isEqualTo(GtpU.MALFORMED);
  }

  @Test
  void anExtensionHeaderThatMustBeUnderstoodAndIsNotIsUnsupported() {
    assertThat(validate("34 ff 0008 00000001 0000 00 c0 01 0000 00")).isEqualTo(GtpU.UNSUPPORTED);
    assertThat(validate("34 ff 0008 00000001 0000 00 03 01 0000 00")).isEqualTo(16);
  }

  @Test
  void aChainOfExtensionHeadersHasAnEnd() {
    String one = "01 0000 40";
    assertThat(validate("34 ff 0024 00000001 0000 00 40" + one.repeat(7) + "01 0000 00"))
        .isEqualTo(44);
    assertThat(validate("34 ff 002c 00000001 0000 00 40" + one.repeat(9) + "01 0000 00"))
        .isEqualTo(GtpU.MALFORMED);
  }

  @Property(tries = 5_000)
  void noBytesLeadOutOfThePacket(@ForAll @Size(max = 64) byte[] bytes, @ForAll long seed) {
    Random random = new Random(seed);
    if (bytes.length >= 12 && random.nextBoolean()) {
      bytes[0] = 0x34;
      bytes[2] = 0;
      bytes[3] = (byte) random.nextInt(bytes.length);
      bytes[11] = 0x40;
    }
    Frame frame = Packets.frame(pool, bytes);
    long at = frame.address();
    int size = GtpU.validate(at, frame.length());
    if (size >= 0) {
      assertThat(size).isBetween(8, 8 + GtpU.length(at));
      assertThat(8 + GtpU.length(at)).isLessThanOrEqualTo(bytes.length);
      long session = GtpU.pduSession(at, size);
      assertThat(session == 0 || session + 2 <= at + size).isTrue();
      GtpU.pop(frame, size);
      assertThat(frame.length()).isLessThanOrEqualTo(bytes.length - size);
    }
    frame.release();
  }

  @Test
  void pushWritesWhatPopTakesOff() {
    Frame frame = Packets.frame(pool, "cafebabe");
    GtpU.push(frame, 0x8000_0001);
    assertThat(Packets.hex(frame)).isEqualTo("30ff000480000001cafebabe");
    GtpU.pop(frame, GtpU.validate(frame.address(), frame.length()));
    GtpU.push(frame, 7, PduSession.DOWNLINK, 9);
    assertThat(Packets.hex(frame)).isEqualTo("34ff000c000000070000008501000900cafebabe");
    GtpU.pop(frame, GtpU.validate(frame.address(), frame.length()));
    assertThat(Packets.hex(frame)).isEqualTo("cafebabe");
    frame.release();
  }

  @Test
  void aTailCountsInTheLength() {
    Frame owner = Packets.frame(pool, "0102030405060708");
    Frame frame = Packets.frame(pool, "cafe");
    frame.tail(owner, owner.address(), 8);
    GtpU.push(frame, 1);
    assertThat(GtpU.length(frame.address())).isEqualTo(10);
    frame.release();
    owner.release();
  }

  @Test
  void whatTheDriverSaidOfTheOuterPacketIsForgotten() {
    Frame frame = Packets.frame(pool, "30 ff 0004 00000001 cafebabe");
    frame.set(Frame.RX_CHECKSUM_OK | Frame.LINK_MULTICAST);
    frame.requestChecksum(frame.address(), 6);
    GtpU.pop(frame, 8);
    assertThat(frame.flags()).isZero();
    GtpU.push(frame, 1);
    frame.requestChecksum(frame.address() + 8, 2);
    GtpU.pop(frame, 8);
    assertThat(frame.flags()).as("about what is inside").isEqualTo(Frame.CHECKSUM_PARTIAL);
    frame.release();
  }

  @Test
  void anEchoIsAnsweredWithItsSequenceNumber() {
    Frame frame = Packets.frame(pool, "32 01 0004 00000000 abcd 0000");
    GtpMessages.echoResponse(frame);
    assertThat(Packets.hex(frame)).isEqualTo("320200060000000" + "0abcd00000e00");
    frame.release();
  }

  @Test
  void anErrorIndicationNamesTheTunnelAndOurAddress() {
    Frame frame = Packets.frame(pool, "30 ff 0004 11223344 cafebabe");
    IpAddress us = IpAddress.parse("10.0.0.1");
    frame.addresses(0, 0, us.hi(), us.lo());
    GtpMessages.errorIndication(frame);
    assertThat(Packets.hex(frame))
        .isEqualTo("321a00100000000000000000" + "1011223344" + "8500040a000001");
    frame.release();

    frame = Packets.frame(pool, "30 ff 0004 11223344 cafebabe");
    us = IpAddress.parse("2001:db8::1");
    frame.addresses(0, 0, us.hi(), us.lo());
    GtpMessages.errorIndication(frame);
    assertThat(Packets.hex(frame))
        .isEqualTo(
            "321a001c0000000000000000" + "1011223344" + "85001020010db8000000000000000000000001");
    frame.release();
  }

  @Test
  void supportedExtensionHeadersAreTold() {
    Frame frame = Packets.frame(pool, "34 ff 0008 00000001 0000 00 c0 01 0000 00");
    GtpMessages.supportedExtensionHeaders(frame);
    assertThat(Packets.hex(frame)).isEqualTo("321f00070000000000000000" + "8d0185");
    frame.release();
  }
}
