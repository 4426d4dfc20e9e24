package io.millrace.e2e.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConfig;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.Station;
import io.millrace.testkit.World;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSocket;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * A hostile neighbour: whatever it sends, no exception leaves a handler, no frame is lost from the
 * pool, every connection ends, and the stack still serves.
 *
 * <p>Runs 100,000 frames in the build; for as long as {@code -Dmillrace.fuzz.seconds=N} says
 * otherwise, from {@code -Dmillrace.fuzz.seed=N}. A failure names the seed of its round, which
 * replays it exactly.
 */
class FuzzTest {
  private static final int ROUND = 5_000;

  @Test
  void aHostileNeighbourDoesNoHarm() {
    long seconds = Long.getLong("millrace.fuzz.seconds", 0);
    long seed = Long.getLong("millrace.fuzz.seed", seconds == 0 ? 1 : System.nanoTime());
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    int rounds = 0;
    long said = System.nanoTime();
    do {
      try {
        round(seed);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("with -Dmillrace.fuzz.seed=" + seed + ": " + e.getMessage(), e);
      }
      seed++;
      rounds++;
      if (System.nanoTime() - said > 5_000_000_000L) {
        said = System.nanoTime();
        System.out.printf("fuzzed %,d frames so far%n", (long) rounds * ROUND);
      }
    } while (seconds == 0 ? rounds < 20 : System.nanoTime() < end);
    System.out.printf("fuzzed %,d frames%n", (long) rounds * ROUND);
  }

  private static void round(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    try (World world = new World(seed)) {
      SimulatedLink link = world.link();
      // Keep-alive, so that established connections end too when the neighbour has gone silent.
      TcpConfig config = TcpConfig.defaults().with().keepAlive(true).build();
      NetStack stack = world.stack(world.builder(link.port(), "10.0.0.1/24").with(config));
      Station station = link.station().answersArpFor("10.0.0.9").answersArpFor("10.0.0.10");
      long stackMac = stack.ports().get(0).mac();
      Conversation talk = new Conversation(random, station.mac(), stackMac);
      station.onFrame(talk::heard);
      Tcp tcp = Tcp.of(stack.shard(0));
      tcp.listen(null, 80, c -> new Echo(random), 64);
      Udp.of(stack.shard(0)).bind(7, FuzzTest::echo);
      world.run(Duration.ofSeconds(5));
      int frames = stack.shard(0).pool().available();
      Mutator mutator = new Mutator(random);
      for (int i = 0; i < ROUND; i++) {
        station.send(mutator.mutate(talk.next()));
        if (random.nextInt(200) == 0) {
          tcp.connect(IpAddress.parse("10.0.0.9"), 9000 + random.nextInt(100), new Echo(random));
        }
        if (random.nextInt(4) == 0) {
          world.settle();
        }
        if (random.nextInt(50) == 0) {
          world.run(Duration.ofMillis(random.nextInt(400)));
        }
      }
      station.onFrame(null);
      world.run(Duration.ofMinutes(1));
      stillServes(world, station, stackMac);
      world.run(Duration.ofHours(4));
      assertThat(stack.shard(0).counters().get(Counter.EXCEPTIONS)).isZero();
      assertThat(tcp.connectionCount()).as("connections that never end").isZero();
      assertThat(stack.shard(0).pool().available()).as("frames in the pool").isEqualTo(frames);
    }
  }

  private static void stillServes(World world, Station station, long stackMac) {
    station.drain();
    station.send(
        PacketBuilder.udp()
            .ethernet(station.mac(), stackMac)
            .from("10.0.0.9", 4000)
            .to("10.0.0.1", 7)
            .payload(100)
            .bytes());
    world.run(Duration.ofSeconds(2));
    assertThat(station.drain())
        .as("the answer to a datagram")
        .anyMatch(p -> p.isIpv4() && p.isUdp() && p.destinationPort() == 4000);
  }

  private static void echo(UdpSocket socket, Frame data, long hi, long lo, int port) {
    if (port != 0) { // 0: the sender wants no answer
      socket.sendTo(hi, lo, port, data);
    }
  }

  /** Echoes, and now and then does something else. */
  private record Echo(SplittableRandom random) implements TcpHandler {
    @Override
    public void onData(TcpConnection c, Buffer data) {
      switch (random.nextInt(20)) {
        case 0 -> c.close();
        case 1 -> c.shutdownOutput();
        case 2 -> c.abort();
        default -> {
          if (c.isSendable()) {
            c.send(data);
          }
        }
      }
    }
  }
}
