package io.millrace.udp;

import static io.millrace.testkit.packet.Check.destination;
import static io.millrace.testkit.packet.Check.length;
import static io.millrace.testkit.packet.Check.payload;
import static io.millrace.testkit.packet.Check.source;
import static io.millrace.testkit.packet.Check.tos;
import static io.millrace.testkit.packet.Check.ttl;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.spi.PortInfo;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.packet.Decoded;
import io.millrace.udp.UdpFixture.Recorder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is sent: every frame is also decoded and verified by the link. */
final class UdpOutputTest {
  private static final IpAddress PEER = IpAddress.parse("10.0.0.2");

  private final UdpFixture net =
      new UdpFixture(LinkConfig.perfect().withMtu(65_535), UdpConfig.defaults());
  private final Recorder handler = new Recorder();
  private final UdpSocket socket = net.udp.bind(7, handler);

  @AfterEach
  void noFrameIsLost() {
    net.world.settle();
    assertThat(net.framesOut()).isZero();
    net.close();
  }

  private Decoded sent() {
    net.world.settle();
    return net.peer.next();
  }

  @Tag("rfc768:UserInterface-3")
  @Tag("rfc1122:4.1.3.4-1")
  @Test
  void everyPayloadLengthArrivesAsItWas() {
    for (int length : new int[] {0, 1, 2, 3, 64, 255, 256, 257, 258, 1471, 1472, 9001, 65_507}) {
      byte[] bytes = UdpFixture.pattern(length);
      WrappedBuffer data = UdpFixture.buffer(bytes);
      assertThat(socket.sendTo(PEER, 9, data, 0, length)).isEqualTo(SendResult.SENT);
      sent().check(source("10.0.0.1", 7), destination("10.0.0.2", 9), payload(bytes));
      assertThat(data.references()).as("given back after %d bytes", length).isEqualTo(1);
    }
    assertThat(net.counters().get(Counter.UDP_OUT_DATAGRAMS)).isEqualTo(13);
  }

  @Test
  void oneBufferBecomesManyDatagrams() {
    byte[] bytes = UdpFixture.pattern(1_000);
    WrappedBuffer data = UdpFixture.buffer(bytes);
    assertThat(socket.sendSegmentsTo(PEER.hi(), PEER.lo(), 9, data, 50, 950, 400)).isEqualTo(950);
    sent().check(payload(Arrays.copyOfRange(bytes, 50, 450)));
    sent().check(payload(Arrays.copyOfRange(bytes, 450, 850)));
    sent().check(payload(Arrays.copyOfRange(bytes, 850, 1_000)));
    assertThat(net.peer.receive()).isNull();
    assertThat(data.references()).isEqualTo(1);
  }

  @Test
  void ofManyDatagramsThoseAreSentThatThereIsRoomFor() {
    WrappedBuffer data = UdpFixture.buffer(UdpFixture.pattern(3_000));
    socket.connect(PEER, 9);
    int taken = socket.sendSegments(data, 0, 3_000, 1);
    assertThat(taken).isBetween(1, 2_999);
    assertThat(socket.send(data, taken, 1)).isEqualTo(SendResult.WOULD_BLOCK);
    net.world.settle();
    assertThat(net.peer.drain()).hasSize(taken);
    assertThat(handler.writable).isEqualTo(1);
  }

  @Test
  void segmentsHaveASizeAndLieInTheBuffer() {
    WrappedBuffer data = UdpFixture.buffer(UdpFixture.pattern(10));
    socket.connect(PEER, 9);
    assertThatThrownBy(() -> socket.sendSegments(data, 0, 10, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> socket.sendSegments(data, 5, 6, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(socket.sendSegments(data, 10, 0, 1)).isZero();
  }

  @Test
  void partOfABufferCanBeSent() {
    byte[] bytes = UdpFixture.pattern(2000);
    socket.sendTo(PEER, 9, UdpFixture.buffer(bytes), 10, 20);
    sent().check(payload(java.util.Arrays.copyOfRange(bytes, 10, 30)));
    socket.sendTo(PEER, 9, UdpFixture.buffer(bytes), 999, 1001);
    sent().check(payload(java.util.Arrays.copyOfRange(bytes, 999, 2000)));
    assertThatThrownBy(() -> socket.sendTo(PEER, 9, UdpFixture.buffer(bytes), 1999, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void aLargePayloadIsGatheredNotCopied() {
    WrappedBuffer data = UdpFixture.buffer(UdpFixture.pattern(1000));
    socket.sendTo(PEER.hi(), PEER.lo(), 9, data);
    assertThat(data.references()).as("held until it has left").isEqualTo(2);
    sent();
    assertThat(data.references()).isEqualTo(1);
  }

  @Tag("rfc8200:8.1-2")
  @Tag("rfc768:Fields-4")
  @Test
  void aChecksumThatIsZeroIsSentAsAllOnes() {
    // RFC 768. Two bytes of payload are chosen so that the sum comes out as zero.
    boolean seen = false;
    for (int word = 0; word <= 0xffff && !seen; word++) {
      socket.sendTo(PEER, 9, UdpFixture.buffer((byte) (word >> 8), (byte) word), 0, 2);
      net.world.settle();
      byte[] frame = net.peer.receive();
      int field = (frame[40] & 0xff) << 8 | (frame[41] & 0xff);
      assertThat(field).isNotZero();
      seen = field == 0xffff;
    }
    assertThat(seen).isTrue();
  }

  @Test
  void aDatagramCanBeBuiltInPlace() {
    Frame frame = socket.newDatagram();
    Bytes.put32(frame.append(4), 0xcafe_babe);
    assertThat(socket.sendFrame(frame, PEER.hi(), PEER.lo(), 9)).isEqualTo(SendResult.SENT);
    sent().check(payload(new byte[] {(byte) 0xca, (byte) 0xfe, (byte) 0xba, (byte) 0xbe}));
  }

  @Test
  void aBuiltDatagramMayHaveATailBehindAnOddNumberOfBytes() {
    for (int head : new int[] {0, 1, 2, 7}) {
      Frame frame = socket.newDatagram();
      Bytes.fill(frame.append(head), head, 0x5a);
      WrappedBuffer tail = UdpFixture.buffer(UdpFixture.pattern(333));
      frame.tail(tail, tail.address(), 333);
      socket.sendFrame(frame, PEER.hi(), PEER.lo(), 9);
      sent().check(length(head + 333));
    }
  }

  @Test
  void aReceivedFrameCanBeSentOnWithoutACopy() {
    long[] address = new long[1];
    net.udp.bind(
        10,
        (echo, data, hi, lo, port) -> {
          address[0] = data.address();
          data.retain();
          assertThat(echo.sendFrame(data, hi, lo, port)).isEqualTo(SendResult.SENT);
        });
    int[] inUse = new int[1];
    net.link.tap((sender, frame, nanos) -> inUse[0] = net.framesOut());
    net.inject(UdpFixture.toStack(4000, 10).payload(UdpFixture.pattern(700)));
    net.peer.next().check(source("10.0.0.1", 10), destination("10.0.0.2", 4000));
    assertThat(inUse[0]).as("the frame that came in went out").isEqualTo(1);
  }

  @Test
  void aReceivedBufferCanBeSentBack() {
    net.udp.bind(10, (echo, data, hi, lo, port) -> echo.sendTo(hi, lo, port, data));
    for (int length : new int[] {0, 64, 256, 257, 1400}) {
      net.inject(UdpFixture.toStack(4000, 10).payload(UdpFixture.pattern(length)));
      net.peer.next().check(payload(UdpFixture.pattern(length)), destination("10.0.0.2", 4000));
    }
  }

  @Test
  void aConnectedSocketSendsToItsPeer() {
    socket.connect(PEER, 99);
    assertThat(socket.send(UdpFixture.buffer(new byte[3]))).isEqualTo(SendResult.SENT);
    sent().check(source("10.0.0.1", 7), destination("10.0.0.2", 99), length(3));
    Frame frame = socket.newDatagram();
    frame.append(5);
    socket.sendFrame(frame);
    sent().check(destination("10.0.0.2", 99), length(5));
    socket.sendTo(IpAddress.parse("10.0.0.3"), 98, UdpFixture.buffer(), 0, 0);
    sent().check(destination("10.0.0.3", 98));
  }

  @Test
  void sendingWithoutAPeerSaysWhatToDo() {
    assertThatThrownBy(() -> socket.send(UdpFixture.buffer()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the socket on UDP port 7 is not connected; use sendTo");
    assertThatThrownBy(() -> socket.sendFrame(socket.newDatagram()))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> socket.sendFrame(socket.newDatagram(), 0, PEER.lo(), 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Tag("rfc1122:4.1.4-1")
  @Test
  void optionsAreOnTheWire() {
    socket.hopLimit(5).trafficClass(0xb8).dontFragment(true);
    socket.sendTo(PEER, 9, UdpFixture.buffer(), 0, 0);
    Decoded frame = sent().check(ttl(5), tos(0xb8));
    assertThat(frame.dontFragment()).isTrue();
  }

  @Test
  void byDefaultADatagramMayBeFragmented() {
    socket.sendTo(PEER, 9, UdpFixture.buffer(), 0, 0);
    assertThat(sent().check(ttl(64), tos(0)).dontFragment()).isFalse();
  }

  @Tag("rfc1122:3.3.3-1")
  @Test
  void whatIsTooBigIsRefused() {
    WrappedBuffer data = UdpFixture.buffer(new byte[65_508]);
    assertThat(socket.sendTo(PEER, 9, data, 0, 65_508)).isEqualTo(SendResult.TOO_BIG);
    net.ip().pathMtu(1500);
    socket.dontFragment(true);
    assertThat(socket.sendTo(PEER, 9, data, 0, 1473)).isEqualTo(SendResult.TOO_BIG);
    assertThat(socket.sendTo(PEER, 9, data, 0, 1472)).isEqualTo(SendResult.SENT);
    assertThat(data.references()).isEqualTo(2);
  }

  @Test
  void whereThereIsNoRouteItSaysSo() {
    IpAddress elsewhere = IpAddress.parse("192.0.2.1");
    assertThat(socket.sendTo(elsewhere, 9, UdpFixture.buffer(), 0, 0))
        .isEqualTo(SendResult.NO_ROUTE);
    assertThat(socket.sendFrame(socket.newDatagram(), elsewhere.hi(), elsewhere.lo(), 9))
        .isEqualTo(SendResult.NO_ROUTE);
  }

  @Test
  void broadcastNeedsPermission() {
    // RFC 1122 §4.1.4 leaves it to the interface; every socket interface asks for it.
    for (String address : new String[] {"10.0.0.255", "255.255.255.255"}) {
      IpAddress all = IpAddress.parse(address);
      socket.allowBroadcast(false);
      assertThat(socket.sendTo(all, 9, UdpFixture.buffer(), 0, 0))
          .isEqualTo(SendResult.NOT_PERMITTED);
      socket.allowBroadcast(true);
      assertThat(socket.sendTo(all, 9, UdpFixture.buffer(), 0, 0)).isEqualTo(SendResult.SENT);
      Decoded frame = sent().check(destination(address, 9));
      assertThat(frame.destinationMac()).isEqualTo("ff:ff:ff:ff:ff:ff");
    }
  }

  @Test
  void whenTheInterfaceIsFullTheSocketIsToldWhenThereIsRoomAgain() {
    int sent = 0;
    while (socket.sendTo(PEER, 9, UdpFixture.buffer(), 0, 0) == SendResult.SENT) {
      sent++;
    }
    assertThat(sent).isBetween(500, 1023);
    assertThat(socket.sendTo(PEER, 9, UdpFixture.buffer(), 0, 0)).isEqualTo(SendResult.WOULD_BLOCK);
    assertThat(handler.writable).isZero();
    net.world.settle();
    assertThat(handler.writable).isEqualTo(1);
    assertThat(net.peer.drain()).hasSize(sent);
    assertThat(socket.sendTo(PEER, 9, UdpFixture.buffer(), 0, 0)).isEqualTo(SendResult.SENT);
  }

  @Test
  void whenThereIsNoFrameNothingIsSent() {
    List<Frame> all = new ArrayList<>();
    Frame frame;
    while ((frame = socket.newDatagram()) != null) {
      all.add(frame);
    }
    assertThat(socket.sendTo(PEER, 9, UdpFixture.buffer(), 0, 0)).isEqualTo(SendResult.NO_FRAME);
    all.forEach(Frame::release);
  }

  @Test
  void aPortThatSumsIsAskedTo() {
    LinkConfig offloading = LinkConfig.perfect().withMtu(9000).withOffloads(PortInfo.TX_CHECKSUM);
    try (UdpFixture other = new UdpFixture(offloading, UdpConfig.defaults())) {
      UdpSocket from = other.udp.bind(7, handler);
      for (int length : new int[] {64, 256, 257, 1001, 8000}) {
        byte[] bytes = UdpFixture.pattern(length);
        from.sendTo(PEER, 9, UdpFixture.buffer(bytes), 0, length);
        other.world.settle();
        other.peer.next().check(payload(bytes));
      }
    }
  }

  @Tag("rfc1122:3.3.4.2-1")
  @Tag("rfc1122:4.1.3.5-2")
  @Test
  void aServerAnswersFromTheAddressThatWasAsked() {
    // RFC 1122 §4.1.3.5
    net.udp.bind(
        10,
        (echo, data, hi, lo, port) ->
            echo.sendFrom(
                data.destinationHi(), data.destinationLo(), hi, lo, port, data, 0, data.length()));
    net.inject(UdpFixture.toStack(4000, 10));
    net.peer.next().check(source("10.0.0.1", 10), destination("10.0.0.2", 4000));
  }
}
