package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.Station;
import io.millrace.testkit.World;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.testkit.packet.TcpOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Whatever a peer sends to connections in every state: no exception, nothing malformed in answer,
 * no frame lost, and every connection ends.
 */
class TcpRobustnessTest {
  private static final int CASES_PER_WORLD = 1_500;
  private static final int CASES_BETWEEN = 150;
  private static final int HEADER = 14 + 20;

  /** What the peer has done before the hostile segments come; the port is the ordinal. */
  private enum Situation {
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    SIMULTANEOUS,
    ESTABLISHED,
    SENDING,
    OUT_OF_ORDER,
    ZERO_WINDOW,
    PAUSED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    CLOSE_WAIT,
    CLOSING,
    LAST_ACK,
    TIME_WAIT
  }

  @Test
  void aHundredThousandMutatedSegmentsBreakNothing() {
    for (int seed = 0; seed < 80; seed++) {
      new Round(seed).run(CASES_PER_WORLD);
    }
  }

  @Test
  void headersTruncatedAtEveryByteBreakNothing() {
    new Round(99).truncations();
  }

  /** One world with one connection in each situation. */
  private static final class Round implements TcpHandler {
    private final SplittableRandom random;
    private final World world;
    private final NetStack stack;
    private final Tcp tcp;
    private final Station station;
    private final int frames;
    private final List<TcpConnection> connections = new ArrayList<>();

    /** What the stack sent last on each peer port: its numbers, to aim near them. */
    private final int[] theirSeq = new int[Situation.values().length];

    private final int[] theirAck = new int[Situation.values().length];
    private int ended;

    /** The peer's first port; the connections before are left to themselves. */
    private int generation = 1_000;

    private final boolean stamped;

    Round(int seed) {
      random = new SplittableRandom(seed);
      world = new World(seed);
      world.clock().advance(Duration.ofSeconds(1));
      SimulatedLink link = world.link();
      TcpConfig config =
          TcpConfig.defaults()
              .with()
              .sack(random.nextInt(4) != 0)
              .timestamps(random.nextInt(4) != 0)
              .receiveBuffer(4_096 << random.nextInt(8))
              .keepAlive(random.nextBoolean())
              .build();
      stack = world.stack(world.builder(link.port(), "10.0.0.1/24").with(config));
      station = link.station().onFrame(this::observe);
      tcp = Tcp.of(stack.shard(0));
      frames = stack.shard(0).pool().available();
      tcp.listen(null, 80, this::accept, 1_000);
      stamped = config.timestamps() && random.nextBoolean();
      reachAll();
    }

    private void reachAll() {
      generation += 100;
      for (Situation each : Situation.values()) {
        reach(each);
      }
    }

    private TcpHandler accept(TcpConnection c) {
      connections.add(c);
      return this;
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {
      if (c.isSendable() && c.unacknowledgedBytes() < 100_000) {
        c.send(data);
      }
    }

    @Override
    public void onPeerClosed(TcpConnection c) {
      if (random.nextBoolean()) {
        c.close();
      }
    }

    @Override
    public void onClosed(TcpConnection c, TcpCloseReason reason) {
      ended++;
    }

    /** Reads the numbers of what the stack sends. */
    private void observe(byte[] frame) {
      if (frame.length < HEADER + 20 || frame[23] != 6) {
        return;
      }
      int port = u16(frame, HEADER + 2) - generation;
      if (port >= 0 && port < theirSeq.length && (frame[HEADER + 13] & 4) == 0) {
        theirSeq[port] = i32(frame, HEADER + 4) + (frame[HEADER + 13] & 3);
        theirAck[port] = i32(frame, HEADER + 8);
      }
    }

    private static int u16(byte[] b, int at) {
      return (b[at] & 0xff) << 8 | b[at + 1] & 0xff;
    }

    private static int i32(byte[] b, int at) {
      return u16(b, at) << 16 | u16(b, at + 2);
    }

    // ---- into every situation ----

    private PacketBuilder segment(int port) {
      boolean active =
          port == Situation.SYN_SENT.ordinal() || port == Situation.SIMULTANEOUS.ordinal();
      return PacketBuilder.tcp()
          .ethernet(station.mac(), 0x0200_0000_0001L)
          .from("10.0.0.2", generation + port)
          .to("10.0.0.1", active ? generation + port : 80)
          .options(stamps());
    }

    private List<TcpOption> stamps() {
      return stamped
          ? List.of(
              TcpOption.nop(),
              TcpOption.nop(),
              TcpOption.timestamps(1_000L + random.nextInt(-1, 3), 0))
          : List.of();
    }

    private void send(PacketBuilder packet) {
      station.send(packet.bytes());
      world.settle();
    }

    private void reach(Situation to) {
      int port = to.ordinal();
      int iss = 5_000;
      switch (to) {
        case LISTEN -> {}
        case SYN_RECEIVED -> send(segment(port).seq(iss).flags("S"));
        case SYN_SENT, SIMULTANEOUS -> {
          connections.add(
              tcp.connect(
                  null, generation + port, IpAddress.parse("10.0.0.2"), generation + port, this));
          world.settle();
          if (to == Situation.SIMULTANEOUS) {
            send(segment(port).seq(iss).flags("S"));
          }
        }
        default -> {
          handshake(port, iss);
          furtherThan(to, port, iss + 1);
        }
      }
    }

    private void handshake(int port, int iss) {
      List<TcpOption> options = new ArrayList<>(stamps());
      options.add(TcpOption.mss(1_460));
      options.add(TcpOption.sackPermitted());
      options.add(TcpOption.windowScale(random.nextInt(16)));
      send(segment(port).seq(iss).flags("S").options(options));
      send(segment(port).seq(iss + 1).ack(theirSeq[port]).flags("A"));
    }

    private void furtherThan(Situation to, int port, int next) {
      TcpConnection c = connections.getLast();
      int ours = theirSeq[port];
      switch (to) {
        case SENDING -> c.send(new byte[50_000], 0, 50_000);
        case OUT_OF_ORDER -> {
          for (int i = 1; i < 6; i++) {
            send(segment(port).seq(next + 100 * i).ack(ours).payload(50));
          }
        }
        case ZERO_WINDOW -> {
          send(segment(port).seq(next).ack(ours).window(0));
          c.send(new byte[5_000], 0, 5_000);
        }
        case PAUSED -> {
          c.pauseReading();
          send(segment(port).seq(next).ack(ours).payload(1_000));
        }
        case FIN_WAIT_1, FIN_WAIT_2, CLOSING, TIME_WAIT -> {
          c.shutdownOutput();
          world.settle();
          if (to != Situation.FIN_WAIT_1) {
            boolean fin = to != Situation.FIN_WAIT_2;
            boolean acked = to != Situation.CLOSING;
            send(segment(port).seq(next).ack(ours + (acked ? 1 : 0)).flags(fin ? "FA" : "A"));
          }
        }
        case CLOSE_WAIT, LAST_ACK -> {
          send(segment(port).seq(next).ack(ours).flags("FA"));
          if (to == Situation.LAST_ACK) {
            c.shutdownOutput();
          }
        }
        default -> {}
      }
      world.settle();
    }

    // ---- hostile segments ----

    void run(int cases) {
      for (int i = 0; i < cases; i++) {
        if (i % CASES_BETWEEN == CASES_BETWEEN - 1) {
          world.settle();
          reachAll();
        }
        byte[] frame = near(random.nextInt(Situation.values().length));
        station.send(mutate(frame));
        if (random.nextInt(3) == 0) {
          world.settle();
        }
        if (random.nextInt(50) == 0) {
          world.run(Duration.ofMillis(random.nextInt(2_000)));
        }
      }
      end();
    }

    /** A segment whose numbers lie near what the connection expects, or at the extremes. */
    private byte[] near(int port) {
      PacketBuilder packet = segment(port);
      packet.seq(theirAck[port] + (long) offset()).flags(flags()).window(field());
      if (random.nextInt(8) != 0) {
        packet.ack(theirSeq[port] + (long) offset());
      }
      packet.urgent(field());
      if (random.nextInt(3) == 0) {
        packet.rawOptions(options(port));
      }
      if (random.nextInt(3) == 0) {
        packet.payload(random.nextInt(1_400));
      }
      return packet.bytes();
    }

    private int offset() {
      return switch (random.nextInt(8)) {
        case 0, 1, 2 -> 0;
        case 3 -> random.nextInt(-3, 4);
        case 4 -> random.nextInt(-3_000, 3_000);
        case 5 -> random.nextInt(-70_000, 70_000);
        case 6 -> 1 << 31;
        default -> random.nextInt();
      };
    }

    private String flags() {
      return switch (random.nextInt(12)) {
        case 0 -> random.nextBoolean() ? "S" : "R";
        case 1 -> "FA";
        case 2 -> {
          StringBuilder some = new StringBuilder();
          for (char each : "FSRPAUEW".toCharArray()) {
            if (random.nextBoolean()) {
              some.append(each);
            }
          }
          yield some.toString();
        }
        default -> "A";
      };
    }

    private int field() {
      return switch (random.nextInt(4)) {
        case 0 -> 0;
        case 1 -> 0xffff;
        default -> random.nextInt(0x1_0000);
      };
    }

    /** Real options with odd contents, or rubbish. */
    private byte[] options(int port) {
      byte[] bytes = new byte[4 * random.nextInt(3, 11)];
      random.nextBytes(bytes);
      if (random.nextInt(5) == 0) {
        return bytes;
      }
      int at = 0;
      if (stamped) {
        bytes[0] = 8;
        bytes[1] = 10;
        bytes[2] = 0;
        bytes[3] = 0;
        bytes[4] = 4;
        at = 10;
      }
      while (at < bytes.length) {
        int[] kinds = {0, 1, 2, 3, 4, 5, 8, 253};
        int[] sizes = {1, 1, 4, 3, 2, 2 + 8 * random.nextInt(1, 5), 10, 6};
        int chosen = random.nextInt(kinds.length);
        bytes[at] = (byte) kinds[chosen];
        if (kinds[chosen] > 1 && at + 1 < bytes.length) {
          int size = random.nextInt(20) == 0 ? random.nextInt(256) : sizes[chosen];
          bytes[at + 1] = (byte) size;
          if (kinds[chosen] == 5) {
            edges(bytes, at + 2, size - 2, port);
          }
          at += Math.max(size, 2);
        } else {
          at++;
        }
      }
      return bytes;
    }

    private void edges(byte[] bytes, int from, int size, int port) {
      for (int at = from; at + 4 <= Math.min(from + size, bytes.length); at += 4) {
        int edge = theirSeq[port] - random.nextInt(60_000);
        for (int i = 0; i < 4; i++) {
          bytes[at + i] = (byte) (edge >>> (24 - 8 * i));
        }
      }
    }

    /** Leaves most as they are; of the others, some bits are flipped or the end is cut off. */
    private byte[] mutate(byte[] frame) {
      switch (random.nextInt(10)) {
        case 0 -> {
          for (int i = random.nextInt(1, 4); i > 0; i--) {
            frame[HEADER + random.nextInt(frame.length - HEADER)] ^=
                (byte) (1 << random.nextInt(8));
          }
          return random.nextBoolean() ? frame : repaired(frame);
        }
        case 1 -> {
          frame[HEADER + 12] = (byte) (random.nextInt(16) << 4);
          return repaired(frame);
        }
        case 2 -> {
          return cut(frame, random.nextInt(0, frame.length - HEADER + 1));
        }
        default -> {
          return frame;
        }
      }
    }

    void truncations() {
      for (Situation each : Situation.values()) {
        for (int length = 0; length <= 60; length++) {
          byte[] whole =
              segment(each.ordinal())
                  .seq(theirAck[each.ordinal()])
                  .ack(theirSeq[each.ordinal()])
                  .rawOptions(options(each.ordinal()))
                  .payload(40)
                  .bytes();
          station.send(cut(whole, length));
          world.settle();
        }
      }
      end();
    }

    /** The datagram with only {@code length} bytes of its segment, all checksums right. */
    private static byte[] cut(byte[] frame, int length) {
      byte[] shorter =
          java.util.Arrays.copyOf(frame, HEADER + Math.min(length, frame.length - HEADER));
      int total = shorter.length - 14;
      shorter[16] = (byte) (total >>> 8);
      shorter[17] = (byte) total;
      shorter[24] = 0;
      shorter[25] = 0;
      put(shorter, 24, sum(shorter, 14, HEADER, 0));
      return repaired(shorter);
    }

    /** The frame with a right TCP checksum, if it still has room for one. */
    private static byte[] repaired(byte[] frame) {
      if (frame.length >= HEADER + 18) {
        frame[HEADER + 16] = 0;
        frame[HEADER + 17] = 0;
        int pseudo =
            u16(frame, 26)
                + u16(frame, 28)
                + u16(frame, 30)
                + u16(frame, 32)
                + 6
                + frame.length
                - HEADER;
        put(frame, HEADER + 16, sum(frame, HEADER, frame.length, pseudo));
      }
      return frame;
    }

    private static int sum(byte[] frame, int from, int to, long initial) {
      long sum = initial;
      for (int i = from; i < to; i += 2) {
        sum += (frame[i] & 0xff) << 8 | (i + 1 < to ? frame[i + 1] & 0xff : 0);
      }
      while (sum >>> 16 != 0) {
        sum = (sum & 0xffff) + (sum >>> 16);
      }
      return (int) ~sum & 0xffff;
    }

    private static void put(byte[] frame, int at, int value) {
      frame[at] = (byte) (value >>> 8);
      frame[at + 1] = (byte) value;
    }

    /** The peer is silent from now on, and the applications close. */
    private void end() {
      world.settle();
      for (TcpConnection each : connections) {
        each.resumeReading();
        each.close();
      }
      world.run(Duration.ofHours(1));
      assertThat(connections).allMatch(each -> !each.isSendable());
      assertThat(tcp.connectionCount()).isZero();
      assertThat(tcp.timeWaitCount()).isZero();
      assertThat(ended).isEqualTo(connections.size());
      assertThat(stack.shard(0).pool().available()).isEqualTo(frames);
      world.close();
    }
  }
}
