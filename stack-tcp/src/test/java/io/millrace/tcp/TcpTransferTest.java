package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/**
 * Whatever the network does, both ends receive exactly what the other one sent, in order, and
 * everything ends.
 */
class TcpTransferTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");

  @Test
  void aPerfectLinkCarriesBothDirections() {
    transfer(
        1,
        LinkConfig.perfect(),
        1_000_000,
        300_000,
        10_000,
        TcpConfig.defaults(),
        TcpConfig.defaults());
  }

  @Test
  void aLinkWithDelayCarriesBothDirections() {
    transfer(
        2,
        LinkConfig.perfect().withDelay(Duration.ofMillis(10)),
        1_000_000,
        1,
        100_000,
        TcpConfig.defaults(),
        TcpConfig.defaults());
  }

  @Property(tries = 150)
  void aBadLinkCarriesBothDirections(
      @ForAll long seed,
      @ForAll @DoubleRange(min = 0, max = 0.1) double loss,
      @ForAll @DoubleRange(min = 0, max = 0.1) double duplicate,
      @ForAll @DoubleRange(min = 0, max = 0.2) double reorder,
      @ForAll @DoubleRange(min = 0, max = 0.05) double corrupt,
      @ForAll @IntRange(min = 0, max = 200_000) int there,
      @ForAll @IntRange(min = 0, max = 200_000) int back,
      @ForAll @IntRange(min = 1, max = 20_000) int chunk,
      @ForAll boolean sackHere,
      @ForAll boolean sackThere,
      @ForAll boolean timestamps,
      @ForAll boolean scaling,
      @ForAll @IntRange(min = 2048, max = 300_000) int buffer,
      @ForAll @IntRange(min = 88, max = 1460) int mss) {
    LinkConfig link =
        LinkConfig.perfect()
            .withDelay(Duration.ofMillis(5))
            .withLoss(loss)
            .withDuplicates(duplicate)
            .withReordering(reorder, Duration.ofMillis(3))
            .withCorruption(corrupt);
    TcpConfig here =
        TcpConfig.defaults()
            .with()
            .sack(sackHere)
            .windowScaling(scaling)
            .maxSegmentSize(mss)
            .build();
    TcpConfig far =
        TcpConfig.defaults()
            .with()
            .sack(sackThere)
            .timestamps(timestamps)
            .receiveBuffer(buffer)
            .build();
    transfer(seed, link, there, back, chunk, here, far);
  }

  private static void transfer(
      long seed,
      LinkConfig config,
      long there,
      long back,
      int chunk,
      TcpConfig here,
      TcpConfig far) {
    try (World world = new World(seed)) {
      SimulatedLink link = world.link(config);
      NetStack client = world.stack(world.builder(link.port(), "10.0.0.1/24").with(here));
      NetStack server = world.stack(world.builder(link.port(), "10.0.0.2/24").with(far));
      int clientFrames = client.shard(0).pool().available();
      int serverFrames = server.shard(0).pool().available();
      Peer accepted = new Peer(back, chunk, 7, 3);
      Tcp.listen(server, 80, connection -> accepted);
      Peer caller = new Peer(there, chunk, 3, 7);
      Tcp.of(client.shard(0)).connect(SERVER, 80, caller);
      world.runUntil(
          () -> caller.reason != null && accepted.reason != null, Duration.ofMinutes(60));
      assertThat(caller.received).isEqualTo(back);
      assertThat(accepted.received).isEqualTo(there);
      assertThat(caller.reason).isEqualTo(TcpCloseReason.NORMAL);
      assertThat(accepted.reason).isEqualTo(TcpCloseReason.NORMAL);
      world.run(Duration.ofMinutes(5));
      assertThat(client.shard(0).pool().available()).isEqualTo(clientFrames);
      assertThat(server.shard(0).pool().available()).isEqualTo(serverFrames);
      assertThat(Tcp.of(client.shard(0)).connectionCount()).isZero();
      assertThat(Tcp.of(client.shard(0)).timeWaitCount()).isZero();
      assertThat(Tcp.of(server.shard(0)).timeWaitCount()).isZero();
    }
  }
}
