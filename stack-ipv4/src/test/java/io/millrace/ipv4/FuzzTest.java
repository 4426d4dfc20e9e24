package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Whatever comes in is delivered, held within bounds, or dropped by name: nothing is thrown, no
 * frame is lost.
 *
 * <p>{@link #main} goes on for as many seconds as it is told.
 */
class FuzzTest {
  private static final int PACKETS = 500;
  private static final int[] EXTREMES = {0, 1, 2, 4, 5, 0x0f, 0x40, 0x45, 0x7f, 0x80, 0xfe, 0xff};

  @net.jqwik.api.Tag("rfc1122:3.1-4")
  @Property(tries = 400)
  void survives(@ForAll long seed) {
    round(seed);
  }

  public static void main(String[] args) {
    long seconds = Long.parseLong(args[0]);
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    long seed = args.length > 1 ? Long.parseLong(args[1]) : System.nanoTime();
    long rounds = 0;
    while (System.nanoTime() < end) {
      try {
        round(seed);
      } catch (RuntimeException | Error e) {
        System.err.println("seed " + seed);
        throw e;
      }
      seed++;
      rounds++;
    }
    System.out.println(rounds * PACKETS + " packets, nothing thrown, no frame lost");
  }

  private static void round(long seed) {
    Random random = new Random(seed);
    try (TestHost host = TestHost.start()) {
      host.udp.forgetful = true;
      host.tcp.forgetful = true;
      host.udp.taker =
          frame -> {
            host.family.sendUnreachable(frame, IcmpError.PORT_UNREACHABLE, host.now());
            frame.release();
          };
      int frames = host.shard.pool().frames();
      long accepted = 0;
      for (int i = 0; i < PACKETS; i++) {
        byte[] packet = mutated(valid(random), random);
        long before = progress(host);
        host.receive(packet);
        host.port.takeSent();
        if (random.nextInt(50) == 0) {
          host.advance(random.nextInt(3) * TestHost.SECOND);
        }
        assertThat(progress(host)).as("counted or delivered").isGreaterThan(before);
        assertThat(
                host.shard.pool().available()
                    + host.family.reassembly().frames()
                    + host.family.neighbors().held())
            .as("frames, seed %s, packet %s", seed, i)
            .isEqualTo(frames);
        assertThat(host.count(Counter.EXCEPTIONS)).isZero();
        assertThat(host.drops(DropReason.INTERNAL_ERROR)).isZero();
        accepted = host.udp.count + host.tcp.count;
      }
      assertThat(accepted).as("some mutations are still good").isPositive();
    }
  }

  /** What every packet raises by at least one: nothing in it ever goes down again. */
  private static long progress(TestHost host) {
    return host.shard.counters().totalDrops()
        + host.udp.count
        + host.tcp.count
        + host.count(Counter.ICMP_IN_MSGS)
        + host.count(Counter.ARP_IN)
        + host.count(Counter.IP_REASM_REQDS);
  }

  private static byte[] valid(Random random) {
    byte[] data = Packets.random(random.nextLong(), random.nextInt(100));
    return switch (random.nextInt(9)) {
      case 0 -> Packets.udp(random.nextInt(65_536), 9, data).build();
      case 1 -> Packets.ip(6, Packets.join(new byte[20], data)).dontFragment().build();
      case 2 -> Packets.echo(random.nextInt(65_536), 3, data).build();
      case 3 -> {
        byte[] quote = Packets.ip(17, Packets.udpPacket(1, 2, data)).from(TestHost.OURS).datagram();
        int[] types = {3, 4, 5, 11, 12};
        yield Packets.ip(1, Packets.icmp(types[random.nextInt(5)], random.nextInt(20), 1200, quote))
            .build();
      }
      case 4 ->
          Packets.ip(17, Packets.random(1, 8 + random.nextInt(40) * 8))
              .id(random.nextInt(3))
              .fragment(random.nextInt(20) * 8, random.nextInt(4) != 0)
              .build();
      case 5 -> Packets.udp(1, 2, data).options(7, 7, 4, 0, 0, 0, 0, 0).build();
      case 6 ->
          Packets.arp(
              1 + random.nextInt(2),
              TestHost.PEER_MAC + random.nextInt(3),
              "10.0.0." + random.nextInt(256),
              0,
              random.nextBoolean() ? TestHost.OURS : TestHost.PEER);
      case 7 ->
          Packets.udp(1, 2, data)
              .to(random.nextBoolean() ? "10.0.0.255" : "255.255.255.255")
              .linkBroadcast()
              .build();
      default -> Packets.ip(random.nextInt(256), data).build();
    };
  }

  private static byte[] mutated(byte[] packet, Random random) {
    for (int i = random.nextInt(4); i > 0; i--) {
      // Behind the link addresses, so that most still come to us.
      int at = 12 + random.nextInt(packet.length - 12);
      switch (random.nextInt(4)) {
        case 0 -> packet[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> packet[at] = (byte) EXTREMES[random.nextInt(EXTREMES.length)];
        case 2 -> packet[at] = (byte) random.nextInt();
        default -> packet = Arrays.copyOf(packet, Math.max(13, at));
      }
    }
    if (random.nextInt(4) != 0) {
      fixChecksums(packet);
    }
    return packet;
  }

  /** Lets a mutation through the first gate. */
  private static void fixChecksums(byte[] packet) {
    if (packet.length < 34 || packet[12] != 8 || packet[13] != 0) {
      return;
    }
    int header = Math.min((packet[14] & 15) * 4, packet.length - 14);
    if (header >= 12) {
      put(packet, 24, 0);
      put(packet, 24, Packets.checksum(packet, 14, header));
    }
    int total = (packet[16] & 0xff) << 8 | (packet[17] & 0xff);
    int icmp = 14 + header;
    if (packet[23] == 1 && total >= header + 4 && 14 + total <= packet.length) {
      put(packet, icmp + 2, 0);
      put(packet, icmp + 2, Packets.checksum(packet, icmp, total - header));
    }
  }

  private static void put(byte[] packet, int at, int value) {
    packet[at] = (byte) (value >>> 8);
    packet[at + 1] = (byte) value;
  }
}
