package io.millrace.driver.afpacket;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.spi.Port;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.Allocations;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.packet.Decoded;
import io.millrace.testkit.packet.PacketBuilder;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A port on each end of a veth: what one sends is what the other receives. */
@Timeout(60)
final class AfPacketTrafficTest {
  private static final int MSS = 1460;
  private static final int TCP = 34;

  private VethFixture veth;

  @BeforeEach
  void makeVeth() {
    NetworkNamespace.assumeAvailable();
    veth = new VethFixture();
  }

  @AfterEach
  void removeVeth() {
    if (veth != null) {
      veth.close();
    }
  }

  private static byte[] random(int bytes) {
    byte[] payload = new byte[bytes];
    new Random(bytes).nextBytes(payload);
    return payload;
  }

  private static byte[] tcp(int bytes) {
    return PacketBuilder.tcp()
        .ethernet(0x0200_0000_0001L, 0x0200_0000_0002L)
        .from("10.0.0.1", 4000)
        .to("10.0.0.2", 80)
        .seq(1000)
        .flags("A")
        .payload(random(bytes))
        .bytes();
  }

  /** Asks for the checksum, as a stack does whose port offers to fill it in. */
  private static void requestChecksum(Frame frame, byte[] packet, int at) {
    int sum = packet[23] + packet.length - TCP;
    for (int i = 26; i < TCP; i++) {
      sum += (packet[i] & 0xff) << (i % 2 == 0 ? 8 : 0);
    }
    Bytes.put16(frame.address() + TCP + at, Checksum.fold(sum));
    frame.requestChecksum(frame.address() + TCP, at);
  }

  /** Headers in one frame and the payload as its tail, to be cut into segments. */
  private Frame merged(byte[] packet) {
    Frame payload = veth.frame(packet);
    Frame frame = veth.frame(Arrays.copyOf(packet, TCP + 20));
    frame.tail(payload, payload.address() + TCP + 20, packet.length - TCP - 20);
    payload.release();
    requestChecksum(frame, packet, 16);
    frame.segmentSize(MSS);
    return frame;
  }

  @Test
  void segmentsPassUncutAndWithoutChecksums() {
    byte[] packet = tcp(50_000);
    try (Port one = veth.open(VethBench.OURS);
        Port two = veth.open(VethBench.PEER)) {
      veth.send(one.queue(0, veth.pool), merged(packet));
      Frame got = veth.receive(two.queue(0, veth.pool));
      assertThat(got.capacity()).isEqualTo(FramePool.LARGE_SIZE);
      assertThat(got.segmentSize()).isEqualTo(MSS);
      assertThat(got.has(Frame.RX_CHECKSUM_OK)).isTrue();
      assertThat(got.has(Frame.CHECKSUM_PARTIAL)).isTrue();
      Checksum.complete(got);
      assertThat(got.toByteArray()).isEqualTo(packet);
      got.release();
    }
  }

  @Test
  void segmentsAreCutForWhoWantsSinglePackets() {
    byte[] packet = tcp(50_000);
    try (Port one = veth.open(VethBench.OURS);
        Port two = veth.open(VethBench.PEER, "offload", "off")) {
      assertThat(two.info().offloads()).isZero();
      veth.send(one.queue(0, veth.pool), merged(packet));
      PortQueue queue = two.queue(0, veth.pool);
      ByteArrayOutputStream got = new ByteArrayOutputStream();
      while (got.size() < 50_000) {
        Frame frame = veth.receive(queue);
        assertThat(frame.flags()).isZero();
        Decoded segment = Decoded.of(frame.toByteArray());
        assertThat(segment.seq()).isEqualTo(1000 + got.size());
        assertThat(segment.payload().length).isLessThanOrEqualTo(MSS);
        got.writeBytes(segment.payload());
        frame.release();
      }
      assertThat(got.toByteArray()).isEqualTo(random(50_000));
      assertThat(queue.takeReceiveDrops()).isZero();
    }
  }

  @Test
  void aChecksumThatWasLeftOutIsFilledInForWhoVerifies() {
    byte[] packet =
        PacketBuilder.udp().from("10.0.0.1", 9).to("10.0.0.2", 10).payload(random(333)).bytes();
    try (Port one = veth.open(VethBench.OURS);
        Port two = veth.open(VethBench.PEER, "offload", "off")) {
      Frame frame = veth.frame(packet);
      requestChecksum(frame, packet, 6);
      veth.send(one.queue(0, veth.pool), frame);
      Frame got = veth.receive(two.queue(0, veth.pool));
      assertThat(got.flags()).isZero();
      assertThat(got.toByteArray()).isEqualTo(packet);
      got.release();
    }
  }

  @Test
  void tagsStayWhereTheyWere() {
    for (String offload : new String[] {"on", "off"}) {
      try (Port one = veth.open(VethBench.OURS);
          Port two = veth.open(VethBench.PEER, "offload", offload)) {
        PortQueue from = one.queue(0, veth.pool);
        PortQueue to = two.queue(0, veth.pool);
        PacketBuilder builder = PacketBuilder.udp().from("10.0.0.1", 9).to("10.0.0.2", 10);
        byte[] packet = builder.vlan(0x6123).payload(random(1472)).bytes();
        veth.send(from, veth.frame(packet));
        veth.send(from, veth.frame(builder.vlan(5).payload(1).bytes()));
        Frame full = veth.receive(to);
        assertThat(full.toByteArray()).isEqualTo(packet);
        full.release();
        Frame small = veth.receive(to);
        assertThat(Decoded.of(small.toByteArray()).vlan()).isEqualTo(5);
        small.release();
      }
    }
  }

  @Test
  void largePacketsOfTheDevicesMtuPassInTheRingAndBesideIt() {
    for (int mtu : new int[] {9000, 20_000}) {
      veth.namespace.run("ip", "link", "set", VethBench.OURS, "mtu", "" + mtu);
      veth.namespace.run("ip", "link", "set", VethBench.PEER, "mtu", "" + mtu);
      for (String offload : new String[] {"on", "off"}) {
        try (Port one = veth.open(VethBench.OURS, "offload", offload);
            Port two = veth.open(VethBench.PEER, "offload", offload)) {
          assertThat(one.info().mtu()).isEqualTo(mtu);
          byte[] packet = tcp(mtu - 40);
          veth.send(one.queue(0, veth.pool), veth.frame(packet));
          Frame got = veth.receive(two.queue(0, veth.pool));
          assertThat(got.toByteArray()).isEqualTo(packet);
          assertThat(got.segmentSize()).isZero();
          got.release();
        }
      }
    }
  }

  @Test
  void aLargePacketWithoutALargeFrameIsDroppedAndCounted() {
    byte[] packet = tcp(50_000);
    try (Port one = veth.open(VethBench.OURS);
        Port two = veth.open(VethBench.PEER)) {
      PortQueue from = one.queue(0, veth.pool);
      PortQueue to = two.queue(0, veth.pool);
      veth.send(from, merged(packet));
      veth.send(from, veth.frame(tcp(10)));
      Frame[] hoard = new Frame[VethFixture.LARGE];
      for (int i = 0; i < hoard.length; i++) {
        hoard[i] = veth.pool.allocateLarge();
      }
      Frame small = veth.receive(to);
      assertThat(small.toByteArray()).isEqualTo(tcp(10));
      assertThat(to.takeReceiveDrops()).isEqualTo(1);
      small.release();
      for (Frame frame : hoard) {
        frame.release();
      }
      veth.send(from, merged(packet));
      Frame large = veth.receive(to);
      assertThat(large.length()).isEqualTo(packet.length);
      large.release();
    }
  }

  @Test
  void whatTheRingHasNoRoomForIsCountedOnce() {
    try (Port one = veth.open(VethBench.OURS);
        Port two = veth.open(VethBench.PEER, "ring", "64")) {
      PortQueue from = one.queue(0, veth.pool);
      PortQueue to = two.queue(0, veth.pool);
      for (int i = 0; i < 100; i++) {
        veth.send(from, veth.frame(tcp(10)));
      }
      Frame[] burst = new Frame[128];
      int got = to.rxBurst(burst, 128, 0);
      for (int i = 0; i < got; i++) {
        burst[i].release();
      }
      assertThat(got).isEqualTo(64);
      assertThat(to.takeReceiveDrops()).isEqualTo(36);
      assertThat(to.rxBurst(burst, 128, 0)).isZero();
      assertThat(to.takeReceiveDrops()).isZero();
    }
  }

  /** Once warm, not a byte for a hundred thousand packets that are sent, received and sent back. */
  @Test
  void allocatesNothing() {
    try (Port one = veth.open(VethBench.OURS);
        Port two = veth.open(VethBench.PEER)) {
      PortQueue from = one.queue(0, veth.pool);
      PortQueue to = two.queue(0, veth.pool);
      Frame[] burst = new Frame[4];
      for (int i = 0; i < burst.length; i++) {
        burst[i] = veth.frame(tcp(64 + i));
      }
      bounce(from, to, burst, 200_000);
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 20 && least != 0; i++) {
        least = Math.min(least, Allocations.measure(() -> bounce(from, to, burst, 100_000)));
      }
      assertThat(least).isZero();
      for (Frame frame : burst) {
        frame.release();
      }
    }
  }

  private static void bounce(PortQueue from, PortQueue to, Frame[] burst, int packets) {
    for (int i = 0; i < packets; i += 2 * burst.length) {
      pass(from, to, burst, i);
      pass(to, from, burst, i);
    }
  }

  private static void pass(PortQueue from, PortQueue to, Frame[] burst, long now) {
    for (int sent = 0; sent < burst.length; ) {
      sent += from.txBurst(burst, sent, burst.length);
    }
    for (int got = 0; got < burst.length; ) {
      got += to.rxBurst(burst, burst.length - got, now);
    }
  }
}
