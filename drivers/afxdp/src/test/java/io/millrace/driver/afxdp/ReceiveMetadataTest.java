package io.millrace.driver.afxdp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.os.Namespace;
import io.millrace.os.NetworkDevice;
import io.millrace.os.NetworkDeviceFeatures;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.Allocations;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.PacketSocket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a device's driver knows of packets comes with them; over a veth, from the kernel. */
final class ReceiveMetadataTest {
  private static final int IPV4 = 0x0800;
  private static final int MARK = 0x1234_5677;
  private static final int TURNS = 500;
  private static final long NOW = 1_000;
  private static final long DAY = 1_800_000_000_000_000_000L;

  private final FramePool pool = new FramePool(4, 2112, 0, false);
  private final HardwareClock clock = new HardwareClock(() -> DAY, () -> DAY);
  private final ReceiveMetadata metadata = new ReceiveMetadata(1, 2, MARK);

  @AfterEach
  void close() {
    assertThat(pool.available()).isEqualTo(4);
    pool.close();
  }

  // ---- as it lies in memory ----

  /** A packet with such bytes in front. */
  private Frame frame(long time, int hash, int valid, int mark) {
    Frame frame = pool.allocate();
    long at = frame.append(60) - ReceiveMetadata.SIZE;
    Bytes.put64Native(at, time);
    Bytes.put32Native(at + 8, hash);
    Bytes.put32Native(at + 12, valid);
    Bytes.put32Native(at + 16, mark);
    clock.begin(NOW);
    return frame;
  }

  private void assertRead(Frame frame, long time, int hash) {
    metadata.read(frame, clock, NOW);
    assertThat(frame.receiveTime()).isEqualTo(time);
    assertThat(frame.receiveHash()).isEqualTo(hash);
    frame.release();
  }

  @Test
  void whatIsValidIsRead() {
    assertRead(frame(DAY - 10, 0x80706050, 3, MARK), NOW - 10, 0x80706050);
    assertRead(frame(DAY - 10, 0x80706050, 1, MARK), NOW - 10, 0);
    assertRead(frame(DAY - 10, 0x80706050, 2, MARK), NOW, 0x80706050);
    assertRead(frame(DAY - 10, 0x80706050, 0, MARK), NOW, 0);
    assertRead(frame(0, 5, 3, MARK), NOW, 5);
  }

  @Test
  void whatTheProgramHasNotLeftThereIsNotRead() {
    assertRead(frame(DAY - 10, 7, 3, MARK ^ 1), NOW, 0);
    Frame frame = frame(DAY - 10, 7, 3, MARK);
    metadata.read(frame, clock, NOW);
    frame.receiveHash(0);
    assertRead(frame, NOW, 0);
    Frame noRoom = frame(DAY - 10, 7, 3, MARK);
    noRoom.window(ReceiveMetadata.SIZE - 1, 60);
    assertRead(noRoom, NOW, 0);
  }

  // ---- from the kernel ----

  /** A datagram between those ports. */
  private static byte[] datagram(int source, int destination, int size) {
    ByteBuffer packet = ByteBuffer.allocate(14 + 28 + size);
    packet.putLong(0x0200_0000_0000_0200L).putInt(1).putShort((short) IPV4);
    packet
        .putShort((short) 0x4500)
        .putShort((short) (28 + size))
        .putInt(0)
        .putShort((short) 0x4011);
    packet.putShort((short) 0).putInt(0x0a62_0001).putInt(0x0a62_0002);
    packet.putShort((short) source).putShort((short) destination).putShort((short) (8 + size));
    return packet.array();
  }

  /** The next frame that is a datagram. */
  private static Frame receive(Cable cable, long now) {
    Frame[] burst = new Frame[1];
    Cable.until(
        "a datagram",
        () -> {
          if (cable.queue(0).rxBurst(burst, 1, now) == 0) {
            return false;
          }
          boolean ours = Bytes.u16(burst[0].address() + 12) == IPV4;
          if (!ours) {
            burst[0].release();
          }
          return ours;
        });
    return burst[0];
  }

  private static void assumeVeth() {
    NetworkNamespace.assumeAvailable();
  }

  /** With packets in one piece and in several, all of them or a selection. */
  @ParameterizedTest(name = "MTU {0}, {1} bytes, {2}")
  @CsvSource({"1500, 100, ''", "1500, 100, udp:53", "9000, 100, ''", "9000, 8000, ''"})
  void aVethHashesFlowsAndHasNoTime(int mtu, int size, String only) {
    assumeVeth();
    try (Cable cable = new Cable(1, mtu);
        PacketSocket kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, IPV4)) {
      Map<String, String> options =
          only.isEmpty() ? Map.of("hints", "on") : Map.of("hints", "on", "only", only);
      cable.open(1, 2112, options);
      List<Integer> hashes = new ArrayList<>();
      for (int flow = 0; flow < 8; flow++) {
        int hash = 0;
        for (int i = 0; i < 3; i++) {
          byte[] packet = datagram(1024 + flow, 53, size);
          kernel.send(packet);
          Frame frame = receive(cable, 77 + i);
          assertThat(frame.toByteArray()).isEqualTo(packet);
          assertThat(frame.receiveTime()).as("no hardware, no time").isEqualTo(77 + i);
          assertThat(frame.receiveHash()).as("a flow's hash is not 0").isNotZero();
          assertThat(i == 0 || frame.receiveHash() == hash).as("the flow's own").isTrue();
          hash = frame.receiveHash();
          frame.release();
        }
        hashes.add(hash);
      }
      assertThat(hashes.stream().distinct().count()).as("different flows").isGreaterThan(4);
      assertThat(attached(cable)).isTrue();
      assertThat(cable.closePort()).as("all frames are back").isTrue();
      assertThat(attached(cable)).as("detached").isFalse();
    }
  }

  private static boolean attached(Cable cable) {
    return cable.ours.run("ip", "link", "show", Cable.DEVICE).contains("prog/xdp");
  }

  @Test
  void nothingIsAskedIfNotWanted() {
    assumeVeth();
    try (Cable cable = new Cable(1, 1500);
        PacketSocket kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, IPV4)) {
      cable.open(1, 2112, Map.of());
      kernel.send(datagram(1, 53, 100));
      Frame frame = receive(cable, 1);
      assertThat(frame.receiveHash()).isZero();
      frame.release();
    }
  }

  @Test
  void costsNoAllocation() {
    assumeVeth();
    try (Cable cable = new Cable(1, 1500);
        PacketSocket kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, IPV4)) {
      cable.open(1, 2112, Map.of("hints", "on"));
      byte[] packet = datagram(1, 53, 100);
      Frame[] burst = new Frame[1];
      PortQueue queue = cable.queue(0);
      // Until everything is compiled; an allocation per packet or per call would show for ever.
      long least = Long.MAX_VALUE;
      long now = 1;
      for (int round = 0; round < 1000 && least != 0; round++) {
        for (int i = 0; i < 200; i++) {
          kernel.send(packet);
        }
        now += TURNS * HardwareClock.EVERY;
        long from = now;
        least = Math.min(least, Allocations.measure(() -> turns(queue, burst, from)));
      }
      assertThat(least).isZero();
    }
  }

  /** Receives, and measures the clocks each time. */
  private static void turns(PortQueue queue, Frame[] burst, long now) {
    for (int turn = 0; turn < TURNS; turn++) {
      if (queue.rxBurst(burst, burst.length, now + turn * HardwareClock.EVERY) != 0) {
        burst[0].release();
      }
    }
  }

  @Test
  void aDeviceThatHasNothingIsRefusedInOneSentence() {
    assumeVeth();
    try (NetworkNamespace namespace = NetworkNamespace.create("mrx")) {
      namespace.run("ip", "tuntap", "add", "mrx0", "mode", "tap");
      PortConfig config =
          new PortConfig("mrx0", Map.of("hints", "on", "netns", namespace.name()), 1);
      assertThatThrownBy(() -> new AfXdpDriver().open(config))
          .isInstanceOf(PortException.class)
          .hasMessage(
              "option hints=on: the driver of mrx0 gives neither hash nor time of received packets;"
                  + " leave the option out");
      assertThat(namespace.run("ip", "link", "show", "mrx0")).doesNotContain("xdp");
    }
  }

  @Test
  void theKernelSaysWhatDriversCan() {
    assumeVeth();
    try (Cable cable = new Cable(1, 1500)) {
      int features =
          Namespace.in(
              cable.ours.name(),
              () -> {
                try (NetworkDevice device = new NetworkDevice(Cable.DEVICE)) {
                  return NetworkDeviceFeatures.receiveMetadata(device.index());
                }
              });
      assertThat(features & 3)
          .isEqualTo(NetworkDeviceFeatures.RECEIVE_TIME | NetworkDeviceFeatures.RECEIVE_HASH);
    }
  }
}
