package io.millrace.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counter;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSegmentHandler;
import io.millrace.udp.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Rows of datagrams to and from the kernel: {@code UDP_SEGMENT} there, segments here. */
@Order(47)
class UdpSegmentsInteropTest {
  private static final int PORT = 5_005;
  private static final int SIZE = 1_000;
  private static final int COUNT = 40;

  static final List<Link> LINKS = List.of(Link.DEFAULT, Link.PLAIN, Link.PACKET);

  /** Hears some datagrams, prints their sizes, then answers with as many in one call. */
  private static final String PEER =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
      s.bind(('', %1$d))
      print('ready', flush=True)
      sizes = []
      for i in range(%2$d):
          data, sender = s.recvfrom(70000)
          sizes.append(len(data) if data == bytes([i]) * len(data) else -1)
      print(*sizes, flush=True)
      s.setsockopt(17, 103, %3$d)
      s.sendto(b''.join(bytes([i]) * %3$d for i in range(%2$d)), sender)
      """
          .formatted(PORT, COUNT, SIZE);

  @BeforeAll
  static void assume() {
    Lab.assume("python3", "ip");
  }

  /** Writes down the calls. */
  private static final class Rows implements UdpSegmentHandler {
    private final List<Integer> calls = new CopyOnWriteArrayList<>();
    private volatile int next;

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      onSegments(socket, data, data.length(), hi, lo, port);
    }

    @Override
    public void onSegments(
        UdpSocket socket, Frame data, int segmentSize, long hi, long lo, int port) {
      byte[] all = Received.bytes(data);
      for (int at = 0; at < all.length; at += SIZE) {
        assertThat(all[at]).isEqualTo((byte) next);
        assertThat(all[at + SIZE - 1]).isEqualTo((byte) next);
        next++;
      }
      calls.add(all.length / SIZE);
    }
  }

  @ParameterizedTest
  @FieldSource("LINKS")
  void rows_keep_their_datagrams_apart(Link link) throws IOException {
    try (Lab lab = Lab.open(link)) {
      Process peer = lab.start("python3", "-c", PEER);
      assertThat(peer.inputReader(UTF_8).readLine()).isEqualTo("ready");
      Rows rows = new Rows();
      WrappedBuffer data = WrappedBuffer.of(Arena.ofAuto().allocate(COUNT * SIZE));
      for (int i = 0; i < COUNT * SIZE; i++) {
        data.segment().set(java.lang.foreign.ValueLayout.JAVA_BYTE, i, (byte) (i / SIZE));
      }
      UdpSocket socket =
          Await.ask(
              lab.shard(),
              () -> {
                UdpSocket made = Udp.of(lab.shard()).bind(0, rows);
                made.connect(Lab.KERNEL_ADDRESS, PORT);
                return made;
              });
      // The kernel asks back who we are when it is asked: then both know the way.
      lab.run("ping", "-c", "1", "-W", "10", Lab.STACK);
      long before = lab.stack().count(Counter.FRAMES_OUT);
      int sent = Await.ask(lab.shard(), () -> socket.sendSegments(data, 0, COUNT * SIZE, SIZE));
      assertThat(sent).isEqualTo(COUNT * SIZE);
      assertThat(peer.inputReader(UTF_8).readLine())
          .isEqualTo(String.join(" ", java.util.Collections.nCopies(COUNT, "" + SIZE)));
      if (link == Link.DEFAULT) {
        assertThat(lab.stack().count(Counter.FRAMES_OUT) - before).isEqualTo(1);
      }
      Await.until("the answer", () -> rows.next == COUNT);
      if (link == Link.DEFAULT) {
        assertThat(rows.calls).containsExactly(COUNT);
      }
    }
  }
}
