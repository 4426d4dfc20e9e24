package io.millrace.udp;

import static io.millrace.testkit.packet.Check.source;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.ip.IpAddress;
import io.millrace.udp.UdpFixture.Recorder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What RFC 768 and RFC 1122 §4.1 ask for beyond what the other tests of UDP show. */
final class UdpHostRequirementsTest {
  private static final IpAddress PEER = IpAddress.parse("10.0.0.2");

  private final UdpFixture net = new UdpFixture();
  private final Recorder handler = new Recorder();

  @AfterEach
  void noFrameIsLost() {
    assertThat(net.framesOut()).isZero();
    net.close();
  }

  @Tag("rfc768:Fields-1")
  @Test
  void whoWantsNoAnswerIsHeard() {
    net.udp.bind(7, handler);
    net.inject(UdpFixture.toStack(0, 7).payload(UdpFixture.pattern(5)));
    assertThat(handler.sources).containsExactly(0);
    assertThat(handler.received).containsExactly(UdpFixture.pattern(5));
  }

  @Tag("rfc1122:4.1.3.4-2")
  @Test
  void checksumsAreSentWithoutBeingAskedFor() {
    UdpSocket socket = net.udp.bind(7, handler);
    for (int length : new int[] {0, 1, 300, 1400}) {
      byte[] bytes = UdpFixture.pattern(length);
      socket.sendTo(PEER, 9, UdpFixture.buffer(bytes), 0, length);
      net.world.settle();
      // A wrong one would have been refused by the link.
      byte[] frame = net.peer.next().bytes();
      assertThat(frame[40] << 8 | frame[41]).as("%d bytes", length).isNotZero();
    }
  }

  @Tag("rfc1122:4.1.3.2-1")
  @Test
  void anApplicationSeesTheOptionsOfTheHeader() {
    List<byte[]> headers = new ArrayList<>();
    net.udp.bind(
        7,
        (socket, data, hi, lo, port) -> {
          byte[] header = new byte[(int) (data.address() - data.l3Address())];
          Bytes.copyOut(data.l3Address(), header, 0, header.length);
          headers.add(header);
        });
    byte[] recordRoute = {7, 7, 4, 0, 0, 0, 0, 0};
    byte[] datagram = UdpFixture.toStack(4000, 7).ipOptions(recordRoute).ipBytes();
    Frame frame = net.shard.pool().allocate();
    Bytes.copyIn(datagram, 0, frame.append(datagram.length), datagram.length);
    frame.markL3();
    frame.pull(28);
    frame.addresses(0, PEER.lo(), 0, IpAddress.parse("10.0.0.1").lo());
    net.udp.input(frame, 0);
    assertThat(headers).containsExactly(Arrays.copyOf(datagram, 36));
  }

  @Tag("rfc1122:4.1.3.5-3")
  @Test
  void aConnectedSocketKnowsTheAddressThatWasChosenForIt() {
    UdpSocket socket = net.udp.bind(7, handler);
    assertThat(socket.localAddress()).isEqualTo(Udp.ANY);
    socket.connect(PEER, 9);
    assertThat(socket.localAddress()).hasToString("10.0.0.1");
    socket.send(UdpFixture.buffer());
    net.world.settle();
    net.peer.next().check(source("10.0.0.1", 7));
  }
}
