package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.testkit.LinkConfig;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What recovery makes of whole transfers over bad paths, on a virtual clock. */
class TcpLossSimulationTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static final long RATE = 20_000_000;

  /**
   * How a transfer went.
   *
   * @param millis from the first SYN to the last byte, virtual time
   */
  private record Outcome(long millis, TcpInfo sender) {
    long goodput(long bytes) {
      return bytes * 8_000 / millis;
    }
  }

  private static Outcome transfer(long seed, LinkConfig config, TcpConfig tcp, int bytes) {
    try (World world = new World(seed)) {
      SimulatedLink link = world.link(config);
      NetStack client = world.stack(world.builder(link.port(), "10.0.0.1/24").with(tcp));
      NetStack server = world.stack(world.builder(link.port(), "10.0.0.2/24").with(tcp));
      Peer accepted = new Peer(0, 1, 7, 3);
      Tcp.listen(server, 80, connection -> accepted);
      Peer caller = new Peer(bytes, 8_192, 3, 7);
      long start = world.now();
      Tcp.of(client.shard(0)).connect(SERVER, 80, caller);
      world.runUntil(() -> accepted.received == bytes, Duration.ofMinutes(10));
      long millis = (world.now() - start) / 1_000_000;
      TcpInfo info = caller.connection.info().orElseThrow();
      world.runUntil(() -> accepted.reason != null && caller.reason != null, Duration.ofMinutes(5));
      return new Outcome(millis, info);
    }
  }

  private static LinkConfig path(Duration oneWay) {
    return LinkConfig.perfect().withDelay(oneWay).withRate(RATE, 1 << 20);
  }

  private static TcpConfig lan() {
    return TcpConfig.defaults();
  }

  // What is said of chance holds for most seeds and not for all: the seeds are fixed.

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void withOnePercentOfLossHardlyAnythingWaitsForATimeout(long seed) {
    Outcome outcome = transfer(seed, path(Duration.ofMillis(5)).withLoss(0.01), lan(), 4_000_000);
    assertThat(outcome.sender.segsRetrans()).isPositive();
    // Some retransmissions are lost too; they are found without waiting for the timer.
    assertThat(outcome.sender.timeouts()).isLessThanOrEqualTo(2);
  }

  @Test
  void withFivePercentOfLossLostRetransmissionsAreFound() {
    long found = 0;
    long timeouts = 0;
    long repeated = 0;
    for (long seed = 1; seed <= 8; seed++) {
      Outcome outcome = transfer(seed, path(Duration.ofMillis(5)).withLoss(0.05), lan(), 2_000_000);
      found += outcome.sender.lostRetransmissions();
      timeouts += outcome.sender.timeouts();
      repeated += outcome.sender.segsRetrans();
    }
    // One of twenty is lost again.
    assertThat(found).isBetween(repeated / 60, repeated / 12);
    assertThat(timeouts).isLessThan(repeated / 20);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void reorderingThreeSegmentsDeepIsNotTakenForLossForLong(long seed) {
    // Three segments take 1.8 ms at this rate; a quarter of the round trip is 5 ms.
    LinkConfig config =
        path(Duration.ofMillis(10)).withReordering(0.05, Duration.ofNanos(1_800_000));
    Outcome outcome = transfer(seed, config, lan(), 4_000_000);
    assertThat(outcome.sender.reorderingSeen()).isTrue();
    // Until the first reordering is seen three segments are enough to show a loss.
    assertThat(outcome.sender.segsRetrans()).isLessThanOrEqualTo(10);
    assertThat(outcome.sender.timeouts()).isZero();
    assertThat(outcome.goodput(4_000_000)).isGreaterThan(RATE * 8 / 10);
  }

  @Test
  void aTailThatIsLostCostsFewRoundTrips() {
    try (World world = new World(1)) {
      SimulatedLink link = world.link(LinkConfig.perfect().withDelay(Duration.ofMillis(10)));
      NetStack client = world.stack(world.builder(link.port(), "10.0.0.1/24").with(lan()));
      NetStack server = world.stack(world.builder(link.port(), "10.0.0.2/24").with(lan()));
      Peer accepted = new Peer(0, 1, 7, 3);
      Tcp.listen(server, 80, connection -> accepted);
      Recorded caller = new Recorded();
      Tcp.of(client.shard(0)).connect(SERVER, 80, caller);
      world.runUntil(() -> caller.connection != null, Duration.ofSeconds(1));
      caller.write(5_000, 0);
      world.runUntil(() -> accepted.received == 5_000, Duration.ofSeconds(1));
      world.run(Duration.ofMillis(100));
      long start = world.now();
      link.configure(link.config().withLoss(1));
      caller.write(5_000, 5_000); // all four segments are lost
      world.run(Duration.ofMillis(1));
      link.configure(link.config().withLoss(0));
      world.runUntil(() -> accepted.received == 10_000, Duration.ofSeconds(5));
      long roundTrips = (world.now() - start) / 20_000_000;
      assertThat(roundTrips).isLessThanOrEqualTo(5); // probe after 2, its answer 1, repair 1/2
      assertThat(caller.connection.info().orElseThrow().timeouts()).isZero();
      caller.connection.abort();
      world.settle();
    }
  }

  /** Writes when it is told to. */
  private static final class Recorded implements TcpHandler {
    private TcpConnection connection;

    void write(int bytes, int from) {
      byte[] data = new byte[bytes];
      for (int i = 0; i < bytes; i++) {
        data[i] = Peer.at(from + i, 3);
      }
      connection.send(data, 0, bytes);
    }

    @Override
    public void onConnected(TcpConnection c) {
      connection = c;
    }

    @Override
    public void onData(TcpConnection c, Buffer data) {}

    @Override
    public void onPeerClosed(TcpConnection c) {}
  }
}
