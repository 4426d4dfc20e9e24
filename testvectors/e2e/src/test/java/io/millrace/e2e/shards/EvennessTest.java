package io.millrace.e2e.shards;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.ShardConfig;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.time.ShardClock;
import io.millrace.transport.AcceptPolicy;
import io.millrace.transport.ListenConfig;
import io.millrace.transport.Listening;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Many connections at once, spread over shards: 100,000 with {@code -Dmillrace.interop=full}, a
 * tenth of that otherwise.
 */
class EvennessTest {
  private static final int SHARDS = 4;
  private static final int ADDRESSES = 41;
  private static final int CONNECTIONS =
      "full".equals(System.getProperty("millrace.interop")) ? 100_000 : 10_000;
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.200");

  private long now;
  private int connected;

  private NetStack.Builder builder() {
    return NetStack.builder()
        .shards(SHARDS)
        .shards(ShardConfig.defaults().withFrames(4_096))
        .driven(ShardClock.of(() -> now));
  }

  private void turn(NetStack... stacks) {
    now += 100_000;
    for (NetStack stack : stacks) {
      for (int shard = 0; shard < SHARDS; shard++) {
        stack.shard(shard).step();
      }
    }
  }

  private final class Counting implements TcpHandler {
    @Override
    public void onConnected(TcpConnection connection) {
      connected++;
    }

    @Override
    public void onData(TcpConnection connection, Buffer data) {}
  }

  private int[] open(AcceptPolicy policy) {
    String wire = "mem:even-" + policy + ",queues=" + SHARDS;
    String[] addresses =
        IntStream.rangeClosed(1, ADDRESSES)
            .mapToObj(i -> "10.0.0." + i + "/24")
            .toArray(String[]::new);
    TcpHandler counting = new Counting();
    connected = 0;
    try (NetStack client = builder().port(wire, addresses).start();
        NetStack server = builder().port(wire, SERVER + "/24").start()) {
      Listening listening =
          Tcp.listen(
              server, ListenConfig.port(80).withPolicy(policy), connection -> (c, data) -> {});
      turn(client, server);
      turn(client, server);
      for (int i = 0; i < CONNECTIONS; i++) {
        IpAddress from = IpAddress.parse("10.0.0." + (1 + i % ADDRESSES));
        Tcp.of(client.shard(i % SHARDS)).connect(from, 0, SERVER, 80, counting);
        if (i % 50 == 0) {
          turn(client, server);
        }
      }
      for (int i = 0; i < 50_000 && listening.accepted() < CONNECTIONS; i++) {
        turn(client, server);
      }
      assertThat(connected).isEqualTo(CONNECTIONS);
      assertThat(listening.accepted()).isEqualTo(CONNECTIONS);
      return IntStream.range(0, SHARDS)
          .map(i -> Tcp.of(server.shard(i)).connectionCount())
          .toArray();
    }
  }

  private static double unevenness(int[] perShard) {
    return (double) IntStream.of(perShard).max().orElseThrow()
        / IntStream.of(perShard).min().orElseThrow();
  }

  @Test
  void least_connections_keep_the_shards_equal() {
    int[] perShard = open(AcceptPolicy.LEAST_CONNECTIONS);
    assertThat(IntStream.of(perShard).sum()).isEqualTo(CONNECTIONS);
    assertThat(unevenness(perShard)).as("of %s", perShard).isLessThanOrEqualTo(1.01);
  }

  @Test
  void the_hash_spreads_connections_over_all_shards() {
    assertThat(unevenness(open(AcceptPolicy.RSS))).isLessThan(1.5);
  }
}
