package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.time.ShardClock;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSegmentHandler;
import io.millrace.udp.UdpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Datagrams in a row, both ways: over a wire that passes each for itself, and one that leaves
 * segmentation to whoever is behind it, so that what was sent as one comes in as one.
 */
@ParameterizedClass
@CsvSource({"plain, false", "plain, true", "offload, false", "offload, true"})
class UdpSegmentsTest {
  private static final int PORT = 9;
  private static int wires;

  @Parameter(0)
  String wire;

  @Parameter(1)
  boolean six;

  private NetStack clientStack;
  private NetStack serverStack;
  private long now;
  private IpAddress to;

  @BeforeEach
  void open() {
    String name = "mem:segments-" + wires++ + ",ring=256" + (isMerging() ? ",offload" : "");
    clientStack = stack(name, six ? "2001:db8::1/64" : "10.0.0.1/24");
    serverStack = stack(name, six ? "2001:db8::2/64" : "10.0.0.2/24");
    to = IpAddress.parse(six ? "2001:db8::2" : "10.0.0.2");
  }

  private NetStack stack(String name, String address) {
    return NetStack.builder()
        .driven(ShardClock.of(() -> now))
        .port(name, address)
        .with(Ipv6Autoconf.defaults().withDadTransmits(0))
        .start();
  }

  @AfterEach
  void nothingIsLost() {
    clientStack.close();
    serverStack.close();
    for (Shard shard : List.of(clientStack.shard(0), serverStack.shard(0))) {
      assertThat(shard.pool().available()).isEqualTo(shard.pool().frames());
      assertThat(shard.pool().availableLarge()).isEqualTo(shard.pool().largeFrames());
      assertThat(shard.counters().get(Counter.EXCEPTIONS)).isZero();
    }
  }

  private boolean isMerging() {
    return wire.equals("offload");
  }

  /** Takes one by one. */
  private static class Single implements UdpHandler {
    final List<byte[]> received = new ArrayList<>();
    final List<Integer> ports = new ArrayList<>();

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      received.add(Received.bytes(data));
      ports.add(port);
    }
  }

  /** Takes rows, and remembers how many datagrams were in each call. */
  private static final class Rows extends Single implements UdpSegmentHandler {
    private final List<Integer> calls = new ArrayList<>();

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      super.onDatagram(socket, data, hi, lo, port);
      calls.add(1);
    }

    @Override
    public void onSegments(
        UdpSocket socket, Frame data, int segmentSize, long hi, long lo, int port) {
      byte[] all = Received.bytes(data);
      int count = 0;
      for (int at = 0; at < all.length; at += segmentSize) {
        received.add(Arrays.copyOfRange(all, at, Math.min(at + segmentSize, all.length)));
        ports.add(port);
        count++;
      }
      assertThat(count).isGreaterThan(1);
      calls.add(count);
    }
  }

  private static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(length).nextBytes(bytes);
    return bytes;
  }

  private static WrappedBuffer buffer(byte[] bytes) {
    MemorySegment memory = Arena.ofAuto().allocate(Math.max(1, bytes.length));
    memory.asSlice(0, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
    return WrappedBuffer.of(memory.asSlice(0, bytes.length));
  }

  private static List<byte[]> cut(byte[] all, int size) {
    List<byte[]> pieces = new ArrayList<>();
    for (int at = 0; at < all.length; at += size) {
      pieces.add(Arrays.copyOfRange(all, at, Math.min(at + size, all.length)));
    }
    return pieces;
  }

  private void settle() {
    for (int i = 0; i < 50; i++) {
      now += 1_000;
      clientStack.shard(0).step();
      serverStack.shard(0).step();
    }
  }

  private UdpSocket connected(UdpHandler handler) {
    UdpSocket socket = Udp.of(clientStack.shard(0)).bind(0, handler);
    socket.connect(to, PORT);
    socket.send(buffer(new byte[1])); // they find each other
    settle();
    return socket;
  }

  private UdpSocket serve(UdpHandler handler) {
    return Udp.of(serverStack.shard(0)).bind(PORT, handler);
  }

  @ParameterizedTest
  @CsvSource({
    "100, 1",
    "100, 100",
    "1000, 100",
    "1001, 100",
    "9900, 100",
    "60000, 1200",
    "65000, 700"
  })
  void aRowArrivesAsARow(int length, int size) {
    Rows rows = new Rows();
    UdpSocket receiver = serve(rows);
    UdpSocket socket = connected(new Single());
    byte[] all = pattern(length);
    assertThat(socket.sendSegments(buffer(all), 0, length, size)).isEqualTo(length);
    settle();
    rows.received.removeFirst();
    assertThat(rows.received).containsExactlyElementsOf(cut(all, size));
    assertThat(rows.calls.size()).isLessThanOrEqualTo(2 + (length + size - 1) / size / 32);
    int datagrams = 1 + (length + size - 1) / size;
    assertThat(receiver.info().inDatagrams()).isEqualTo(datagrams);
    assertThat(receiver.info().inOctets()).isEqualTo(length + 1);
    assertThat(socket.info().outDatagrams()).isEqualTo(datagrams);
    assertThat(socket.info().outOctets()).isEqualTo(length + 1);
    assertThat(serverStack.shard(0).counters().get(Counter.UDP_IN_DATAGRAMS)).isEqualTo(datagrams);
  }

  @ParameterizedTest
  @CsvSource({"1001, 100", "60000, 1200"})
  void whoDoesNotAskGetsThemOneByOne(int length, int size) {
    Single single = new Single();
    serve(single);
    UdpSocket socket = connected(new Single());
    byte[] all = pattern(length);
    assertThat(socket.sendSegments(buffer(all), 0, length, size)).isEqualTo(length);
    settle();
    single.received.removeFirst();
    assertThat(single.received).containsExactlyElementsOf(cut(all, size));
    assertThat(single.ports).containsOnly(socket.localPort());
  }

  @Test
  void theWireDecidesHowManyPacketsARowIs() {
    serve(new Single());
    UdpSocket socket = connected(new Single());
    long before = clientStack.count(Counter.FRAMES_OUT);
    socket.sendSegments(buffer(pattern(6400)), 0, 6400, 100);
    settle();
    assertThat(clientStack.count(Counter.FRAMES_OUT) - before).isEqualTo(isMerging() ? 1 : 64);
  }

  @Test
  void anotherFlowALargerOneAndAnEmptyOneEndARow() {
    Rows rows = new Rows();
    serve(rows);
    UdpSocket one = connected(new Single());
    UdpSocket other = connected(new Single());
    rows.calls.clear();
    rows.received.clear();
    for (int size : new int[] {10, 10, 10, 4, 4, 5, 0, 5, 5}) {
      one.send(buffer(pattern(size)));
    }
    other.send(buffer(pattern(5)));
    one.trafficClass(0x10).send(buffer(pattern(5)));
    settle();
    assertThat(rows.calls).containsExactly(4, 1, 1, 1, 2, 1, 1);
    assertThat(rows.received.stream().map(each -> each.length))
        .containsExactly(10, 10, 10, 4, 4, 5, 0, 5, 5, 5, 5);
  }

  @Test
  void aRowThatWasKeptCanBeSentOnAsOne() {
    List<UdpSocket> echoes = new ArrayList<>();
    Rows rows = new Rows();
    Udp.of(serverStack.shard(0))
        .bind(
            PORT,
            new UdpSegmentHandler() {
              @Override
              public void onDatagram(UdpSocket s, Frame data, long hi, long lo, int port) {
                echoes.add(s);
              }

              @Override
              public void onSegments(
                  UdpSocket s, Frame data, int size, long hi, long lo, int port) {
                int sent = s.sendSegmentsTo(hi, lo, port, data, 0, data.length(), size);
                assertThat(sent).isEqualTo(data.length());
              }
            });
    UdpSocket socket = connected(rows);
    byte[] all = pattern(24_000);
    socket.sendSegments(buffer(all), 0, all.length, 1000);
    settle();
    assertThat(rows.received).containsExactlyElementsOf(cut(all, 1000));
  }

  @Test
  void aSocketThatIsClosedMeanwhileHearsNothing() {
    Rows rows = new Rows();
    UdpSocket receiver = serve(rows);
    UdpSocket socket = connected(new Single());
    Udp.of(serverStack.shard(0)).bind(PORT + 1, (s, data, hi, lo, port) -> receiver.close());
    rows.received.clear();
    socket.disconnect();
    socket.sendTo(to, PORT, buffer(pattern(5)), 0, 5);
    socket.sendTo(to, PORT + 1, buffer(pattern(5)), 0, 5);
    settle();
    assertThat(rows.received).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void whateverIsSentArrivesInOrderAndWhole(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Rows rows = new Rows();
    serve(rows);
    UdpSocket socket = connected(new Single());
    rows.received.clear();
    List<byte[]> expected = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      int size = 1 + random.nextInt(random.nextBoolean() ? 20 : 1400);
      byte[] all = pattern(random.nextInt(1, 30) * size + random.nextInt(size));
      if (random.nextBoolean()) {
        assertThat(socket.sendSegments(buffer(all), 0, all.length, size)).isEqualTo(all.length);
        expected.addAll(cut(all, size));
      } else {
        byte[] single = pattern(size);
        assertThat(socket.send(buffer(single))).isEqualTo(SendResult.SENT);
        expected.add(single);
      }
      if (random.nextInt(3) == 0) {
        settle();
      }
      settle();
    }
    assertThat(rows.received).containsExactlyElementsOf(expected);
  }
}
