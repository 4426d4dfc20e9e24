package io.millrace.driver.afpacket;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.flow.Toeplitz;
import io.millrace.ip.IpAddress;
import io.millrace.spi.Port;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.packet.PacketBuilder;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which queue a packet comes in by. */
@Timeout(60)
final class FanoutTest {
  private static final int QUEUES = 3;

  private VethFixture veth;
  private Port port;
  private Port peer;
  private PortQueue peerQueue;
  private final PortQueue[] queues = new PortQueue[QUEUES];

  @BeforeEach
  void makeVeth() {
    NetworkNamespace.assumeAvailable();
    veth = new VethFixture();
  }

  @AfterEach
  void removeVeth() {
    if (veth != null) {
      port.close();
      peer.close();
      veth.close();
    }
  }

  private void open(String fanout) {
    port = veth.open(VethBench.OURS, "queues", "" + QUEUES, "fanout", fanout);
    peer = veth.open(VethBench.PEER);
    peerQueue = peer.queue(0, veth.pool);
    for (int i = 0; i < QUEUES; i++) {
      queues[i] = port.queue(i, veth.pool);
    }
  }

  /** The only queue that a packet comes in by. */
  private int queueOf(byte[] packet) {
    veth.send(peerQueue, veth.frame(packet));
    int by = -1;
    Frame[] burst = new Frame[4];
    // A veth hands over what is sent before the call returns, or a little later on another CPU.
    for (int tries = 0; by < 0 && tries < 2_000_000; tries++) {
      for (int i = 0; i < QUEUES; i++) {
        int n = queues[i].rxBurst(burst, burst.length, 0);
        if (n > 0) {
          assertThat(n).as("copies").isEqualTo(1);
          assertThat(by).as("a queue before").isEqualTo(-1);
          assertThat(burst[0].toByteArray()).isEqualTo(packet);
          burst[0].release();
          by = i;
        }
      }
    }
    return by;
  }

  private int predicted(String from, String to, int ports) {
    Toeplitz rss = port.info().rss();
    IpAddress a = IpAddress.parse(from);
    IpAddress b = IpAddress.parse(to);
    return rss.queue(
        ports < 0
            ? rss.hash(a.hi(), a.lo(), b.hi(), b.lo())
            : rss.hash(a.hi(), a.lo(), b.hi(), b.lo(), ports));
  }

  @Test
  void isThatOfThePortsHash() {
    open("toeplitz");
    int[] counts = new int[QUEUES];
    for (int i = 0; i < 300; i++) {
      String from = "10.0." + i % 7 + "." + i % 251;
      String to = "192.168.1." + i % 13;
      int source = 1024 + 37 * i;
      int port = i % 2 == 0 ? 80 : 53;
      PacketBuilder builder = i % 2 == 0 ? PacketBuilder.tcp() : PacketBuilder.udp();
      if (i % 5 == 0) {
        builder.ipOptions((byte) 1, (byte) 1, (byte) 1, (byte) 0);
      }
      if (i % 11 == 0) {
        builder.vlan(7);
      }
      int queue = queueOf(builder.from(from, source).to(to, port).payload(i).bytes());
      assertThat(queue).isEqualTo(predicted(from, to, source << 16 | port));
      counts[queue]++;
    }
    assertThat(counts).as("packets per queue").doesNotContain(0);
  }

  @Test
  void isThatOfTheAddressesForFragmentsAndOtherProtocols() {
    open("toeplitz");
    for (int i = 1; i < 60; i++) {
      String from = "10.0.0." + i;
      String to = "10.0.1.1";
      int queue = predicted(from, to, -1);
      PacketBuilder udp = PacketBuilder.udp().from(from, 4000 + i).to(to, 53).payload(64);
      assertThat(queueOf(udp.fragment(0, true).bytes())).as("the first").isEqualTo(queue);
      assertThat(queueOf(udp.fragment(512, false).bytes())).as("the last").isEqualTo(queue);
      assertThat(queueOf(PacketBuilder.icmp(8, 0, i).from(from, 0).to(to, 0).bytes()))
          .isEqualTo(queue);
    }
  }

  @Test
  void isThatOfThePortsHashOverIpv6() {
    open("toeplitz");
    for (int i = 1; i < 60; i++) {
      for (int protocol : new int[] {6, 17, 58}) {
        ByteBuffer packet = ByteBuffer.allocate(14 + 40 + 24);
        packet.put(0, new byte[] {(byte) 0xff, -1, -1, -1, -1, -1, 2, 0, 0, 0, 0, 1});
        packet.position(12).putShort((short) 0x86dd);
        packet.putInt(6 << 28).putShort((short) 24).put((byte) protocol).put((byte) 64);
        packet.putLong(0x20010db8_00000000L).putLong(i).putLong(0x20010db8_00000001L).putLong(2);
        packet.putInt(1000 + i << 16 | 443);
        int ports = protocol == 58 ? -1 : 1000 + i << 16 | 443;
        int queue = queueOf(packet.array());
        assertThat(queue)
            .isEqualTo(predicted("2001:db8::" + Integer.toHexString(i), "2001:db8:0:1::2", ports));
      }
    }
  }

  @Test
  void isTheFirstForWhatIsNotIp() {
    open("toeplitz");
    byte[] arp = new byte[60];
    ByteBuffer.wrap(arp).putLong(0xffff_ffff_ffff_0200L).putInt(1).putShort((short) 0x0806);
    assertThat(queueOf(arp)).isZero();
    byte[] cut = new byte[14 + 10];
    ByteBuffer.wrap(cut).putLong(0xffff_ffff_ffff_0200L).putInt(1).putShort((short) 0x0800);
    assertThat(queueOf(cut)).as("half an IP header").isZero();
  }

  @Test
  void isNobodysBusinessWithTheKernelsHash() {
    open("hash");
    assertThat(port.info().rss()).isNull();
    int[] counts = new int[QUEUES];
    for (int i = 0; i < 64; i++) {
      byte[] packet =
          PacketBuilder.udp().from("10.0.0.1", 1000 + i).to("10.0.0.2", 53).payload(64).bytes();
      int queue = queueOf(packet);
      assertThat(queueOf(packet)).as("the same flow").isEqualTo(queue);
      counts[queue]++;
    }
    assertThat(counts).as("flows per queue").doesNotContain(0);
  }

  @Test
  void staysTheSameWhenTheInterfaceWasOff() {
    open("toeplitz");
    veth.namespace.run("ip", "link", "set", VethBench.OURS, "down");
    veth.namespace.run("ip", "link", "set", VethBench.OURS, "up");
    for (int i = 0; i < 60; i++) {
      PacketBuilder udp = PacketBuilder.udp().from("10.0.0.1", 1000 + i).to("10.0.0.2", 53);
      assertThat(queueOf(udp.payload(64).bytes()))
          .isEqualTo(predicted("10.0.0.1", "10.0.0.2", 1000 + i << 16 | 53));
    }
  }
}
