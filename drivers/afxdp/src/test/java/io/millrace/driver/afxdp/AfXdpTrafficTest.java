package io.millrace.driver.afxdp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.Allocations;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.PacketSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Packets of all lengths, over links of several MTUs. */
final class AfXdpTrafficTest {
  private static final int TYPE = 0x88b5;

  private final SplittableRandom random = new SplittableRandom(11);

  @BeforeAll
  static void assume() {
    NetworkNamespace.assumeAvailable();
  }

  private byte[] packet(int length) {
    byte[] packet = new byte[length];
    random.nextBytes(packet);
    packet[0] = 2;
    packet[6] = 2;
    packet[12] = (byte) (TYPE >>> 8);
    packet[13] = (byte) TYPE;
    return packet;
  }

  private static boolean isOurs(byte[] packet) {
    return packet[12] == (byte) (TYPE >>> 8) && packet[13] == (byte) TYPE;
  }

  private static List<byte[]> receive(Cable cable, int count) {
    List<byte[]> received = new ArrayList<>();
    Cable.until(
        count + " packets",
        () -> {
          cable.receive(0).stream().filter(AfXdpTrafficTest::isOurs).forEach(received::add);
          return received.size() >= count;
        });
    return received;
  }

  /** The frame sizes are those that the stack chooses, and larger and smaller ones. */
  @ParameterizedTest(name = "MTU {0}, frames of {1} bytes")
  @CsvSource({
    "1500, 2112",
    "1500, 2048",
    "1500, 9280",
    "1774, 2048",
    "3000, 3392",
    "3502, 3776",
    "3503, 4096",
    "3600, 4096",
    "9000, 9280",
    "9000, 2112",
    "9000, 4096",
    "16000, 16192"
  })
  void everyLengthUpToTheMtuPassesBothWays(int mtu, int frameSize) {
    try (Cable cable = new Cable(1, mtu);
        PacketSocket kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, TYPE)) {
      cable.open(1, frameSize, Map.of());
      int longest = mtu + 14;
      for (int length : new int[] {15, 60, 1514, 1792, 1793, 2048, longest - 1, longest}) {
        byte[] packet = packet(Math.min(length, longest));
        kernel.send(packet);
        assertThat(receive(cable, 1)).as("%d bytes", packet.length).containsExactly(packet);
        if (packet.length + FramePool.HEADROOM <= frameSize) {
          cable.send(0, packet);
          assertThat(awaitSent(cable, kernel)).as("%d bytes", packet.length).isEqualTo(packet);
        }
      }
      assertThat(cable.queue(0).takeReceiveDrops()).isZero();
      assertThat(cable.queue(0).takeTransmitDrops()).isZero();
      assertThat(cable.closePort()).as("all frames are back").isTrue();
      assertThat(cable.pool(0).availableLarge()).isEqualTo(cable.pool(0).largeFrames());
    }
  }

  private static byte[] awaitSent(Cable cable, PacketSocket kernel) {
    byte[][] got = new byte[1][];
    Cable.until(
        "a packet at the kernel's end",
        () -> {
          cable.queue(0).flush();
          cable.queue(0).reclaim(64);
          Optional<byte[]> packet = kernel.receive(1);
          packet.ifPresent(bytes -> got[0] = bytes);
          return packet.isPresent();
        });
    return got[0];
  }

  @Test
  void framesThatAreNotTheQueuesAloneAreCopied() {
    try (Cable cable = new Cable(1, 1500);
        FramePool other = new FramePool(8, 2112, 2, false);
        PacketSocket kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, TYPE)) {
      cable.open(1, 2112, Map.of());
      FramePool pool = cable.pool(0);
      byte[] packet = packet(1000);

      Frame foreign = fill(other.allocate(), packet, 1000);
      assertThat(sent(cable, kernel, foreign)).isEqualTo(packet);
      assertThat(foreign.references()).isZero();

      Frame large = fill(pool.allocateLarge(), packet, 1000);
      assertThat(sent(cable, kernel, large)).isEqualTo(packet);
      assertThat(large.references()).isZero();

      Frame shared = fill(pool.allocate(), packet, 1000);
      shared.retain();
      assertThat(sent(cable, kernel, shared)).isEqualTo(packet);
      assertThat(shared.references()).isEqualTo(1);
      assertThat(shared.length()).isEqualTo(1000);
      shared.release();

      // A header at the end of its chunk, with no room for the tail behind it.
      Frame payload = fill(pool.allocate(), packet, 1000);
      Frame late = pool.allocate();
      late.window(2112 - 14, 0);
      fill(late, packet, 14);
      late.tail(payload, payload.address() + 14, 986);
      payload.release();
      assertThat(sent(cable, kernel, late)).isEqualTo(packet);

      assertThat(other.available()).isEqualTo(8);
      assertThat(cable.closePort()).as("all frames are back").isTrue();
      assertThat(pool.availableLarge()).isEqualTo(2);
    }
  }

  private static Frame fill(Frame frame, byte[] packet, int length) {
    Bytes.copyIn(packet, 0, frame.append(length), length);
    return frame;
  }

  private static byte[] sent(Cable cable, PacketSocket kernel, Frame frame) {
    assertThat(cable.queue(0).txBurst(new Frame[] {frame}, 0, 1)).isEqualTo(1);
    return awaitSent(cable, kernel);
  }

  @Test
  void whatIsLongerThanTheMtuIsDroppedAndCounted() {
    try (Cable cable = new Cable(1, 1500)) {
      cable.open(1, 2112, Map.of());
      cable.send(0, packet(1518 + 1));
      assertThat(cable.queue(0).takeTransmitDrops()).isEqualTo(1);
      assertThat(cable.closePort()).isTrue();
    }
  }

  @Test
  void whatTheKernelDropsForWantOfFramesIsCounted() {
    try (Cable cable = new Cable(1, 1500);
        PacketSocket kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, TYPE)) {
      cable.open(1, 2112, Map.of("ring", "64"));
      for (int i = 0; i < 200; i++) {
        kernel.send(packet(100));
      }
      long[] counts = new long[2];
      Cable.until(
          "200 packets received or dropped",
          () -> {
            counts[0] += cable.receive(0).stream().filter(AfXdpTrafficTest::isOurs).count();
            counts[1] += cable.queue(0).takeReceiveDrops();
            return counts[0] + counts[1] >= 200;
          });
      assertThat(counts[0]).isGreaterThanOrEqualTo(64);
      assertThat(counts[1]).isPositive();
    }
  }

  @Test
  void aFullTransmitRingTakesAPrefix() {
    try (Cable cable = new Cable(1, 1500)) {
      cable.open(1, 2112, Map.of("ring", "64"));
      Frame[] frames = new Frame[100];
      for (int i = 0; i < frames.length; i++) {
        frames[i] = fill(cable.pool(0).allocate(), packet(60), 60);
      }
      PortQueue queue = cable.queue(0);
      int[] taken = {queue.txBurst(frames, 0, 100)};
      assertThat(taken[0]).isEqualTo(64);
      assertThat(queue.txBurst(frames, 64, 100)).as("full").isZero();
      assertThat(queue.nextDeadline()).as("there is something to do").isLessThan(Long.MAX_VALUE);
      Cable.until(
          "the rest",
          () -> {
            queue.flush();
            queue.reclaim(1024);
            taken[0] += queue.txBurst(frames, taken[0], 100);
            return taken[0] == 100;
          });
    }
  }

  @Test
  void eachOfSeveralQueuesHasASocketOfItsOwn() {
    try (Cable cable = new Cable(3, 1500);
        PacketSocket kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, TYPE)) {
      Port port = cable.open(8, 2112, Map.of());
      assertThat(port.info().queues()).as("as many as the device has").isEqualTo(3);
      for (int queue = 0; queue < 3; queue++) {
        byte[] packet = packet(100 + queue);
        cable.send(queue, packet);
        assertThat(awaitSent(cable, kernel)).isEqualTo(packet);
      }
      assertThat(cable.closePort()).isTrue();
    }
  }

  @Test
  void saysWhatItIs() {
    try (Cable cable = new Cable(2, 1500)) {
      PortInfo info = cable.open(2, 2112, Map.of("txcsum", "on", "rxcsum", "trust")).info();
      assertThat(info.name()).isEqualTo("afxdp:mrx0 (native, copy)");
      assertThat(info.mac()).isEqualTo(cable.veth.left().mac());
      assertThat(info.mtu()).isEqualTo(1500);
      assertThat(info.frameSize()).as("any will do").isZero();
      assertThat(info.offloads()).isEqualTo(PortInfo.TX_CHECKSUM | PortInfo.RX_CHECKSUM);
      assertThat(info.rss()).as("a veth does not say").isNull();
    }
    try (Cable cable = new Cable(1, 3000)) {
      assertThat(cable.open(1, 4096, Map.of()).info().frameSize()).isEqualTo(3392);
    }
    try (Cable cable = new Cable(1, 9000)) {
      PortInfo info = cable.open(1, 9280, Map.of("attach", "generic")).info();
      assertThat(info.name()).isEqualTo("afxdp:mrx0 (generic, copy, multi-buffer)");
      assertThat(info.frameSize()).isZero();
    }
  }

  @Test
  void refusesFramesThatAreTooSmall() {
    try (Cable cable = new Cable(1, 3000)) {
      assertThatThrownBy(() -> cable.open(1, 2112, Map.of()))
          .isInstanceOf(PortException.class)
          .hasMessage("mrx0 needs frames of at least 3392 bytes, and the pool has frames of 2112");
    }
  }

  @Test
  void refusesASecondPortOnTheSameDevice() {
    try (Cable cable = new Cable(1, 1500)) {
      cable.open(1, 2112, Map.of());
      assertThatThrownBy(() -> cable.open(1, 2112, Map.of()))
          .isInstanceOf(PortException.class)
          .hasMessageStartingWith("another program is attached to mrx0 already;");
    }
  }

  @Test
  void refusesZeroCopyWhereTheDriverHasNone() {
    try (Cable cable = new Cable(1, 1500)) {
      assertThatThrownBy(() -> cable.open(1, 2112, Map.of("mode", "zerocopy")))
          .isInstanceOf(PortException.class)
          .hasMessageStartingWith("option mode=zerocopy: the driver of mrx0 does not offer it");
      cable.open(1, 2112, Map.of("mode", "copy"));
    }
  }

  @Test
  void bringsAndTakesPacketsWithBusyPolling() {
    try (Cable cable = new Cable(1, 1500);
        PacketSocket kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, TYPE)) {
      cable.open(1, 2112, Map.of("busy-poll", "50", "busy-poll-budget", "16"));
      for (int i = 0; i < 100; i++) {
        byte[] packet = packet(64 + i);
        kernel.send(packet);
        assertThat(receive(cable, 1)).containsExactly(packet);
      }
      assertThat(cable.closePort()).isTrue();
    }
  }

  @Test
  void allocatesNothingPerPacket() {
    try (Cable cable = new Cable(1, 1500);
        PacketSocket kernel = PacketSocket.open(cable.kernel.name(), Cable.PEER, TYPE)) {
      cable.open(1, 2112, Map.of());
      byte[] packet = packet(500);
      PortQueue queue = cable.queue(0);
      Frame[] burst = new Frame[1];
      // Until everything is compiled; an allocation per packet or per call would show for ever.
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 1000 && least != 0; round++) {
        for (int i = 0; i < 200; i++) {
          kernel.send(packet);
        }
        least = Math.min(least, Allocations.measure(() -> turns(queue, burst)));
      }
      assertThat(least).isZero();
    }
  }

  /** Sends back what comes. */
  private static void turns(PortQueue queue, Frame[] burst) {
    for (int turn = 0; turn < 500; turn++) {
      int n = queue.rxBurst(burst, burst.length, 1);
      queue.txBurst(burst, 0, n);
      queue.flush();
      queue.reclaim(64);
      queue.takeReceiveDrops();
      queue.takeTransmitDrops();
    }
  }
}
