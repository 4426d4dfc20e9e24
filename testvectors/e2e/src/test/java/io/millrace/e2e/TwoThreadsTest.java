package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.net.ShardMode;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Two stacks, each on a thread of its own, on a wire in memory. */
class TwoThreadsTest {
  private static final IpAddress LEFT = IpAddress.parse("10.0.0.1");
  private static final IpAddress RIGHT = IpAddress.parse("10.0.0.2");
  private static final int PORT = 7;
  private static final int CONNECTIONS = 8;
  private static final long BYTES = 2_000_000;
  private static int wires;

  private final Pattern asked = new Pattern(1);
  private final Pattern answered = new Pattern(2);
  private final Queue<StreamPeer> accepted = new ConcurrentLinkedQueue<>();

  private static NetStack start(ShardMode mode, String wire, IpAddress address) {
    return NetStack.builder()
        .shards(ShardConfig.defaults().withMode(mode).withFrames(4_096))
        .port("mem:" + wire, address + "/24")
        .start();
  }

  private static String newWire() {
    return "e2e-threads-" + wires++;
  }

  private void listen(NetStack stack, long bytes) {
    Tcp.listen(
        stack,
        PORT,
        c -> {
          StreamPeer peer = new StreamPeer(answered, asked, bytes);
          accepted.add(peer);
          return peer;
        });
  }

  private List<StreamPeer> connect(
      NetStack stack, IpAddress remote, LongFunction<StreamPeer> peers) {
    List<StreamPeer> all = LongStream.range(0, CONNECTIONS).mapToObj(peers).toList();
    Shard shard = stack.shard(0);
    shard.execute(() -> all.forEach(peer -> Tcp.of(shard).connect(remote, PORT, peer)));
    return all;
  }

  private static void assertWhole(StreamPeer peer) {
    assertThat(Await.value("the end of a connection", peer.end()))
        .isEqualTo(new StreamPeer.End(TcpCloseReason.NORMAL, BYTES, -1));
  }

  /** The free frames of a stack that has nothing to send. */
  private static int frames(NetStack stack) {
    Shard shard = stack.shard(0);
    Await.ask(shard, shard::step); // what has waited for the other end to be plugged in, leaves
    return Await.ask(shard, () -> shard.pool().available() + shard.pool().availableLarge());
  }

  private static void assertNothingLeft(NetStack stack, int frames) {
    Shard shard = stack.shard(0);
    Await.until(
        "no connection left", () -> Await.ask(shard, () -> Tcp.of(shard).connectionCount() == 0));
    Await.until("all frames back in the pool", () -> frames(stack) == frames);
    assertThat(shard.counters().get(Counter.EXCEPTIONS)).isZero();
  }

  @ParameterizedTest
  @CsvSource({"ADAPTIVE, off", "POLL, off", "ADAPTIVE, on"})
  void exchange_streams_both_ways_on_connections_that_either_opened(
      ShardMode mode, String offload) {
    String wire = newWire() + ",offload=" + offload;
    try (NetStack left = start(mode, wire, LEFT);
        NetStack right = start(mode, wire, RIGHT)) {
      int leftFrames = frames(left);
      int rightFrames = frames(right);
      listen(left, BYTES);
      listen(right, BYTES);
      List<StreamPeer> ofLeft = connect(left, RIGHT, i -> new StreamPeer(asked, answered, BYTES));
      List<StreamPeer> ofRight = connect(right, LEFT, i -> new StreamPeer(asked, answered, BYTES));
      ofLeft.forEach(TwoThreadsTest::assertWhole);
      ofRight.forEach(TwoThreadsTest::assertWhole);
      assertThat(accepted).hasSize(2 * CONNECTIONS);
      accepted.forEach(TwoThreadsTest::assertWhole);
      assertNothingLeft(left, leftFrames);
      assertNothingLeft(right, rightFrames);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "DRIVEN")
  void aborted_in_the_middle_leaves_nothing_and_disturbs_nobody(ShardMode mode) {
    String wire = newWire();
    try (NetStack left = start(mode, wire, LEFT);
        NetStack right = start(mode, wire, RIGHT)) {
      int leftFrames = frames(left);
      int rightFrames = frames(right);
      listen(right, BYTES);
      List<StreamPeer> peers =
          connect(
              left,
              RIGHT,
              i ->
                  new StreamPeer(asked, answered, BYTES, i % 2 == 0 ? i * 100_000 + 1 : BYTES + 1));
      for (int i = 0; i < CONNECTIONS; i += 2) {
        assertThat(Await.value("an aborted connection", peers.get(i).end()).reason())
            .isEqualTo(TcpCloseReason.ABORTED);
        assertWhole(peers.get(i + 1));
      }
      assertNothingLeft(left, leftFrames);
      assertNothingLeft(right, rightFrames);
      assertThat(accepted).hasSize(CONNECTIONS);
      assertThat(accepted.stream().filter(p -> p.end().join().reason() == TcpCloseReason.RESET))
          .hasSize(CONNECTIONS / 2);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "DRIVEN")
  void a_stack_that_closes_under_load_resets_its_peers_and_gives_its_memory_back(ShardMode mode) {
    String wire = newWire();
    long mapped = mappedByStacks();
    List<StreamPeer> peers;
    try (NetStack left = start(mode, wire, LEFT)) {
      int leftFrames;
      try (NetStack right = start(mode, wire, RIGHT)) {
        leftFrames = frames(left);
        listen(right, Long.MAX_VALUE);
        peers = connect(left, RIGHT, i -> new StreamPeer(asked, answered, Long.MAX_VALUE));
        Await.until("data on all connections", () -> accepted.size() == CONNECTIONS);
      }
      for (StreamPeer peer : accepted) {
        assertThat(peer.end()).as("told before close() returns").isDone();
        assertThat(peer.end().join().reason()).isEqualTo(TcpCloseReason.STACK_CLOSED);
      }
      for (StreamPeer peer : peers) {
        assertThat(Await.value("the end of a connection", peer.end()).reason())
            .isEqualTo(TcpCloseReason.RESET);
        assertThat(peer.end().join().firstWrong()).isEqualTo(-1);
      }
      assertNothingLeft(left, leftFrames);
    }
    assertThat(mappedByStacks()).isEqualTo(mapped);
  }

  /** The pieces of memory of this process that are the stacks': pools and wires. */
  private static long mappedByStacks() {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains("memfd:millrace")).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
