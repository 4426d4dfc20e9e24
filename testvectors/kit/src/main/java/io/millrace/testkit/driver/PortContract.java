package io.millrace.testkit.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.Ethernet;
import io.millrace.spi.Port;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What a driver promises to the stack: whole frames in order, ownership, tails, checksums, survival
 * without free frames, and that it leaves nothing behind. A driver's test extends this and says how
 * to {@link #open} the port.
 */
public abstract class PortContract {
  private static final int FRAMES = 64;
  private static final int BURST = 16;
  private static final int TURNS = 2_000;

  /** Frames of this type are nobody's: IEEE 802 local experimental EtherType 1. */
  private static final int TYPE = 0x88b5;

  private static final long PEER = 0x0200_0000_00feL;

  /** For subclasses. */
  protected PortContract() {}

  /**
   * Opens a port.
   *
   * @param arriving frames that shall arrive once {@link PortBench#start} is called
   */
  protected abstract PortBench open(List<byte[]> arriving);

  @Test
  void describesItself() {
    try (PortBench bench = open(List.of());
        Port port = bench.port()) {
      PortInfo info = port.info();
      assertFalse(info.name().isBlank());
      assertNotEquals(0, info.mac());
      assertFalse(Ethernet.isGroup(info.mac()), "a station's address, not a group's");
      assertTrue(info.queues() >= 1);
    }
  }

  @Test
  void givesEachQueueOnce() {
    try (PortBench bench = open(List.of());
        FramePool pool = pool();
        Port port = bench.port()) {
      int queues = port.info().queues();
      assertThrows(IndexOutOfBoundsException.class, () -> port.queue(queues, pool));
      assertThrows(IndexOutOfBoundsException.class, () -> port.queue(-1, pool));
      port.queue(0, pool);
      assertThrows(IllegalStateException.class, () -> port.queue(0, pool));
    }
  }

  @Test
  void answersZeroWhenNothingHasArrived() {
    try (PortBench bench = open(List.of());
        FramePool pool = pool();
        Port port = bench.port()) {
      PortQueue queue = port.queue(0, pool);
      bench.start();
      assertEquals(0, queue.rxBurst(new Frame[BURST], BURST, 1));
      assertEquals(0, queue.takeReceiveDrops());
      assertEquals(0, queue.takeTransmitDrops());
      assertTrue(queue.fd() >= -1);
    }
  }

  @Test
  void handsFramesUpWholeAndInOrder() {
    List<byte[]> arriving = packets(48, 0x0200_0000_0001L);
    try (PortBench bench = open(arriving);
        FramePool pool = pool();
        Port port = bench.port()) {
      PortQueue queue = port.queue(0, pool);
      bench.start();
      Frame[] burst = new Frame[BURST + 1];
      List<byte[]> received = new ArrayList<>();
      for (int turn = 0; turn < TURNS && received.size() < arriving.size(); turn++) {
        bench.turn();
        long now = 1_000_000L + turn;
        int n = queue.rxBurst(burst, BURST, now);
        assertTrue(n >= 0 && n <= BURST, "never more than asked for");
        for (int i = 0; i < n; i++) {
          Frame frame = burst[i];
          assertEquals(1, frame.references(), "ownership moves to the caller");
          assertTrue(frame.pool() == pool, "received into the shard's own pool");
          assertTrue(frame.headroom() >= FramePool.HEADROOM, "room for headers in front");
          assertEquals(now, frame.receiveTime());
          if (isOurs(frame)) {
            received.add(frame.toByteArray());
          }
          frame.release();
        }
      }
      assertSame(arriving, received);
      assertEquals(0, queue.takeReceiveDrops());
      close(port);
      assertEquals(FRAMES, pool.available(), "every frame is back in the pool");
    }
  }

  @Test
  void sendsFramesWholeAndInOrder() {
    List<byte[]> packets = packets(48, 0x0200_0000_0001L);
    try (PortBench bench = open(List.of());
        FramePool pool = pool();
        Port port = bench.port()) {
      PortQueue queue = port.queue(0, pool);
      bench.start();
      for (byte[] packet : packets) {
        send(bench, queue, frame(pool, packet, packet.length));
      }
      assertSame(packets, collect(bench, queue, packets.size()));
      assertEquals(0, queue.takeTransmitDrops());
      close(port);
      assertEquals(FRAMES, pool.available());
    }
  }

  @Test
  void takesOnlyWhatLiesBetweenFromAndTo() {
    List<byte[]> packets = packets(4, 0x0200_0000_0001L);
    try (PortBench bench = open(List.of());
        FramePool pool = pool();
        Port port = bench.port()) {
      PortQueue queue = port.queue(0, pool);
      bench.start();
      Frame[] frames = new Frame[4];
      for (int i = 0; i < 4; i++) {
        frames[i] = frame(pool, packets.get(i), packets.get(i).length);
      }
      int from = 1;
      for (int turn = 0; turn < TURNS && from < 3; turn++) {
        from += queue.txBurst(frames, from, 3);
        bench.turn();
      }
      assertEquals(0, queue.txBurst(frames, 2, 2), "nothing of nothing");
      assertSame(packets.subList(1, 3), collect(bench, queue, 2));
      assertEquals(1, frames[0].references());
      assertEquals(1, frames[3].references());
      frames[0].release();
      frames[3].release();
    }
  }

  @Test
  void gathersTails() {
    List<byte[]> packets = packets(24, 0x0200_0000_0001L);
    try (PortBench bench = open(List.of());
        FramePool pool = pool();
        Port port = bench.port()) {
      PortQueue queue = port.queue(0, pool);
      bench.start();
      for (byte[] packet : packets) {
        int head = 14 + packet.length % 7;
        Frame payload = frame(pool, packet, packet.length);
        Frame frame = frame(pool, packet, head);
        frame.tail(payload, payload.address() + head, packet.length - head);
        assertEquals(2, payload.references());
        send(bench, queue, frame);
        payload.release();
      }
      assertSame(packets, collect(bench, queue, packets.size()));
      close(port);
      assertEquals(FRAMES, pool.available(), "the tails' owners are back as well");
    }
  }

  @Test
  void fillsChecksumsInItselfUnlessTheOtherEndVouches() {
    List<byte[]> packets = new ArrayList<>();
    try (PortBench bench = open(List.of());
        FramePool pool = pool();
        Port port = bench.port()) {
      assumeFalse(
          port.info().offers(PortInfo.TX_CHECKSUM),
          "with the offload the far end sees the request");
      PortQueue queue = port.queue(0, pool);
      bench.start();
      for (int head : new int[] {20, 21, 60}) {
        byte[] packet = packets(1, 0x0200_0000_0001L + head).getFirst();
        packet[18] = 0x12;
        packet[19] = 0x34;
        Frame payload = frame(pool, packet, packet.length);
        Frame frame = frame(pool, packet, head);
        if (packet.length > head) {
          frame.tail(payload, payload.address() + head, packet.length - head);
        }
        payload.release();
        frame.requestChecksum(frame.address() + 14, 4);
        packets.add(withChecksum(packet, 14, 18));
        send(bench, queue, frame);
      }
      assertSame(packets, collect(bench, queue, packets.size()));
    }
  }

  @Test
  void goesOnAfterThePoolWasEmpty() {
    List<byte[]> arriving = packets(96, 0x0200_0000_0001L);
    try (PortBench bench = open(arriving);
        FramePool pool = pool();
        Port port = bench.port()) {
      PortQueue queue = port.queue(0, pool);
      List<Frame> hoard = new ArrayList<>();
      for (Frame frame = pool.allocate(); frame != null; frame = pool.allocate()) {
        hoard.add(frame);
      }
      bench.start();
      Frame[] burst = new Frame[BURST];
      int got = 0;
      long dropped = 0;
      for (int turn = 0; turn < 50; turn++) {
        bench.turn();
        int n = queue.rxBurst(burst, BURST, turn);
        dropped += queue.takeReceiveDrops();
        for (int i = 0; i < n; i++) {
          got += isOurs(burst[i]) ? 1 : 0;
          hoard.add(burst[i]);
        }
      }
      assertTrue(got < arriving.size(), "nothing to receive into");
      hoard.forEach(Frame::release);
      for (int turn = 0; turn < TURNS && got + dropped < arriving.size(); turn++) {
        bench.turn();
        int n = queue.rxBurst(burst, BURST, turn);
        dropped += queue.takeReceiveDrops();
        for (int i = 0; i < n; i++) {
          got += isOurs(burst[i]) ? 1 : 0;
          burst[i].release();
        }
      }
      assertTrue(got + dropped >= arriving.size(), "each is received or counted");
      close(port);
      assertEquals(FRAMES, pool.available());
    }
  }

  @Test
  void mayBeClosedTwice() {
    try (PortBench bench = open(packets(8, 0x0200_0000_0001L));
        FramePool pool = pool();
        Port port = bench.port()) {
      port.queue(0, pool);
      bench.start();
      close(port);
      close(port);
      assertEquals(FRAMES, pool.available());
    }
  }

  // ---- helpers ----

  /** Before the end of the test's block, to look at what is left behind. */
  private static void close(Port port) {
    port.close();
  }

  private static FramePool pool() {
    return new FramePool(FRAMES, 2048, 0, false);
  }

  /** Ethernet frames of 60 to 1514 bytes, random but repeatable. */
  private static List<byte[]> packets(int count, long seed) {
    Random random = new Random(seed);
    List<byte[]> packets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] packet = new byte[i % 3 == 0 ? 60 : i % 3 == 1 ? 1514 : 60 + random.nextInt(1455)];
      random.nextBytes(packet);
      putMac(packet, 0, Ethernet.BROADCAST);
      putMac(packet, 6, PEER);
      packet[12] = (byte) (TYPE >>> 8);
      packet[13] = (byte) TYPE;
      packets.add(packet);
    }
    return packets;
  }

  private static void putMac(byte[] packet, int at, long mac) {
    for (int i = 0; i < 6; i++) {
      packet[at + i] = (byte) (mac >>> (40 - 8 * i));
    }
  }

  private static Frame frame(FramePool pool, byte[] packet, int length) {
    Frame frame = pool.allocate();
    Bytes.copyIn(packet, 0, frame.append(length), length);
    return frame;
  }

  /** A kernel sends packets of its own through a new device. */
  private static boolean isOurs(Frame frame) {
    return frame.length() >= Ethernet.HEADER_SIZE && Ethernet.type(frame.address()) == TYPE;
  }

  private static void send(PortBench bench, PortQueue queue, Frame frame) {
    Frame[] one = {frame};
    for (int turn = 0; turn < TURNS; turn++) {
      int taken = queue.txBurst(one, 0, 1);
      queue.flush();
      queue.reclaim(BURST);
      if (taken == 1) {
        return;
      }
      assertEquals(1, frame.references(), "what is not taken stays the caller's");
      bench.turn();
    }
    throw new AssertionError("the port takes no frame");
  }

  /** Turns duty cycles, as a shard does, until the other end has got {@code count} frames. */
  private static List<byte[]> collect(PortBench bench, PortQueue queue, int count) {
    Frame[] burst = new Frame[BURST];
    for (int turn = 0; turn < TURNS; turn++) {
      int n = queue.rxBurst(burst, BURST, turn);
      for (int i = 0; i < n; i++) {
        burst[i].release();
      }
      queue.flush();
      queue.reclaim(BURST);
      bench.turn();
      if (bench.sent().size() >= count) {
        break;
      }
    }
    return bench.sent();
  }

  private static void assertSame(List<byte[]> expected, List<byte[]> actual) {
    for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
      assertArrayEquals(expected.get(i), actual.get(i), "frame " + i);
    }
    assertEquals(expected.size(), actual.size(), "number of frames");
  }

  /** RFC 1071 in its plainest form, so that it shares no mistake with the code under test. */
  private static byte[] withChecksum(byte[] packet, int start, int at) {
    int sum = 0;
    for (int i = start; i < packet.length; i++) {
      sum += (packet[i] & 0xff) << ((i - start) % 2 == 0 ? 8 : 0);
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    int checksum = ~sum & 0xffff;
    byte[] result = packet.clone();
    result[at] = (byte) (checksum == 0 ? 0xff : checksum >>> 8);
    result[at + 1] = (byte) (checksum == 0 ? 0xff : checksum);
    return result;
  }
}
