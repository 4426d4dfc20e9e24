package io.millrace.driver.afxdp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.flow.Toeplitz;
import io.millrace.os.Namespace;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.netns.PacketSocket;
import io.millrace.testkit.netns.VethRss;
import io.millrace.testkit.packet.PacketBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.HexFormat;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A veth with the test kit's program spreads flows over its queues exactly as our Toeplitz hash
 * says, packet by packet.
 */
final class VethRssTest {
  private static final int QUEUES = 4;
  private static final int FLOWS = 100;
  private static final long OUR_MAC = 0x0200_0000_0001L;

  private static final byte[] KEY =
      HexFormat.of()
          .parseHex(
              "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

  /** Not even: queue 3 gets half of it. */
  private static final int[] TABLE = {0, 3, 1, 3, 2, 3, 0, 3};

  private final Toeplitz toeplitz = new Toeplitz(KEY, TABLE);
  private final int[] counts = new int[QUEUES];

  @BeforeAll
  static void assume() {
    NetworkNamespace.assumeAvailable();
  }

  @Test
  void flowsOfTheKernelsSocketsComeByTheQueueOfTheirHash() {
    try (Cable cable = new Cable(QUEUES, 1500);
        VethRss _ = VethRss.attach(cable.veth.right(), toeplitz)) {
      cable.open(QUEUES, 2112, Map.of());
      Namespace.in(
          cable.kernel.name(),
          () -> {
            for (int i = 0; i < FLOWS; i++) {
              datagram(5000 + i);
              connect(5000 + i);
            }
            return null;
          });
      count(cable, 2 * FLOWS);
      assertThat(IntStream.of(counts)).allMatch(n -> n > 0);
      assertThat(counts[3]).isGreaterThan(FLOWS / 2);
    }
  }

  private static void datagram(int port) {
    try (DatagramChannel socket = DatagramChannel.open()) {
      socket.send(ByteBuffer.allocate(100), new InetSocketAddress(Cable.OURS, port));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void connect(int port) {
    try (SocketChannel socket = SocketChannel.open()) {
      socket.configureBlocking(false);
      socket.connect(new InetSocketAddress(Cable.OURS, port));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void packetsOfAnyKindComeByTheQueueOfTheirHash() {
    SplittableRandom random = new SplittableRandom(7);
    try (Cable cable = new Cable(QUEUES, 1500);
        VethRss _ = VethRss.attach(cable.veth.right(), toeplitz);
        PacketSocket socket = PacketSocket.open(cable.kernel.name(), Cable.PEER, 0x88b5)) {
      cable.open(QUEUES, 2112, Map.of());
      for (int i = 0; i < FLOWS; i++) {
        String from = "10." + random.nextInt(256) + "." + random.nextInt(256) + ".7";
        String to = "192.0.2." + random.nextInt(256);
        int a = random.nextInt(65_536);
        int b = random.nextInt(65_536);
        socket.send(packet(PacketBuilder.udp().from(from, a).to(to, b).payload(32)));
        socket.send(
            packet(PacketBuilder.tcp().from(from, b).to(to, a).ipOptions(new byte[] {1, 1, 1, 0})));
        socket.send(packet(PacketBuilder.udp().from(from, a).to(to, b).fragment(0, true)));
        socket.send(packet(PacketBuilder.ip(132).from(from, 0).to(to, 0).payload(40)));
        socket.send(ipv6(random, 6));
        socket.send(ipv6(random, 17));
        socket.send(ipv6(random, 58));
        if (i % 8 == 7) {
          count(cable, 7 * (i + 1));
        }
      }
      count(cable, 7 * FLOWS);
      assertThat(IntStream.of(counts)).allMatch(n -> n > FLOWS / 2);
    }
  }

  private static byte[] packet(PacketBuilder builder) {
    return builder.ethernet(0x0200_0000_00feL, OUR_MAC).bytes();
  }

  private static byte[] ipv6(SplittableRandom random, int nextHeader) {
    ByteBuffer packet = ByteBuffer.allocate(14 + 40 + 20);
    random.nextBytes(packet.array());
    packet.putShort((short) 0x0200).putInt(1).putShort((short) 0x0200).putInt(0xfe);
    packet.putShort((short) 0x86dd).putInt(0x6000_0000).putShort((short) 20);
    packet.put((byte) nextHeader).put((byte) 64);
    return packet.array();
  }

  /** Receives until there were so many packets, and compares the queue of each. */
  private void count(Cable cable, int expected) {
    Cable.until(
        expected + " packets",
        () -> {
          int all = 0;
          for (int queue = 0; queue < QUEUES; queue++) {
            for (byte[] packet : cable.receive(queue)) {
              assertThat(queue).isEqualTo(toeplitz.queue(hash(ByteBuffer.wrap(packet))));
              counts[queue]++;
            }
            all += counts[queue];
          }
          return all == expected;
        });
  }

  /** As a network card looks at a packet. */
  private int hash(ByteBuffer packet) {
    if (packet.getShort(12) == (short) 0x86dd) {
      long[] words = new long[4];
      for (int i = 0; i < 4; i++) {
        words[i] = packet.getLong(22 + 8 * i);
      }
      int protocol = packet.get(20);
      return protocol == 6 || protocol == 17
          ? toeplitz.hash(words[0], words[1], words[2], words[3], packet.getInt(54))
          : toeplitz.hash(words[0], words[1], words[2], words[3]);
    }
    assertThat(packet.getShort(12)).isEqualTo((short) 0x0800);
    long from = 0xffff_0000_0000L | packet.getInt(26) & 0xffff_ffffL;
    long to = 0xffff_0000_0000L | packet.getInt(30) & 0xffff_ffffL;
    int protocol = packet.get(23);
    boolean fragment = (packet.getShort(20) & 0x3fff) != 0;
    if (fragment || protocol != 6 && protocol != 17) {
      return toeplitz.hash(0, from, 0, to);
    }
    return toeplitz.hash(0, from, 0, to, packet.getInt(14 + (packet.get(14) & 15) * 4));
  }
}
