package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import io.millrace.testkit.packet.Decoded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Sequence numbers that pass 2^32, and 2^31, in the middle of a transfer over a bad link. */
class TcpSequenceWrapTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static final int SIZE = 60_000;
  private static final int PORT = 50_000;

  /** The numbers of the SYN and of the SYN-ACK. */
  private final List<Long> initial = new ArrayList<>();

  @Property(tries = 60)
  void numbersMayPassTheEnd(
      @ForAll long seed,
      @ForAll boolean server,
      @ForAll boolean half,
      @ForAll boolean sack,
      @ForAll boolean timestamps,
      @ForAll @IntRange(min = 0, max = SIZE) int before,
      @ForAll @DoubleRange(min = 0, max = 0.1) double loss) {
    initial.clear();
    TcpConfig config = TcpConfig.defaults().with().sack(sack).timestamps(timestamps).build();
    try (World world = new World(seed)) {
      SimulatedLink link = world.link(LinkConfig.perfect().withDelay(Duration.ofMillis(5)));
      link.tap((sender, frame, nanos) -> remember(Decoded.of(frame)));
      NetStack near = world.stack(world.builder(link.port(), "10.0.0.1/24").with(config));
      NetStack far = world.stack(world.builder(link.port(), "10.0.0.2/24").with(config));
      transfer(world, near, far);
      // The number of a pair of sockets grows by one in 4 µs: wait until it is where we want it.
      long iss = initial.get(server ? 1 : 0);
      long target = (half ? 1L << 31 : 1L << 32) - before;
      long ticks = target - iss & 0xffff_ffffL;
      world.run(Duration.ofMinutes(10)); // TIME-WAIT
      long passed = (world.now() - started) / 4_000;
      world.run(Duration.ofNanos((ticks - passed + (1L << 32)) % (1L << 32) * 4_000));
      initial.clear();
      link.configure(link.config().withLoss(loss).withReordering(loss, Duration.ofMillis(3)));
      transfer(world, near, far);
      long reached = initial.get(server ? 1 : 0);
      if (loss == 0) {
        assertThat((int) (reached - target)).isBetween(0, 5_000);
      }
    }
  }

  private long started;

  private void remember(Decoded frame) {
    boolean first = frame.isTcp() && frame.hasFlag('S');
    if (first && initial.size() < 2 && (initial.size() == 1) == frame.hasFlag('A')) {
      initial.add(frame.seq());
    }
  }

  private void transfer(World world, NetStack near, NetStack far) {
    started = world.now();
    Peer accepted = new Peer(SIZE, 3_000, 7, 3);
    TcpListener listener = Tcp.of(far.shard(0)).listen(null, 80, connection -> accepted, 10);
    Peer caller = new Peer(SIZE, 3_000, 3, 7);
    Tcp.of(near.shard(0)).connect(null, PORT, SERVER, 80, caller);
    world.runUntil(() -> caller.reason != null && accepted.reason != null, Duration.ofMinutes(60));
    assertThat(caller.received).isEqualTo(SIZE);
    assertThat(accepted.received).isEqualTo(SIZE);
    assertThat(caller.reason).isEqualTo(TcpCloseReason.NORMAL);
    assertThat(accepted.reason).isEqualTo(TcpCloseReason.NORMAL);
    listener.stopAccepting();
  }
}
