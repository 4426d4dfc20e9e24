package io.millrace.blocking;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.tcp.Tcp;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** A server on two shards. */
class ManyShardsTest {
  private static final int PORT = 7;
  private static final int CLIENTS = 24;

  private static NetStack stack(String wire, String address, int shards) {
    return NetStack.builder()
        .shards(ShardConfig.defaults().withFrames(4_096))
        .shards(shards)
        .port("mem:" + wire + ",queues=2", address + "/24")
        .start();
  }

  private static boolean echoed(NetStack stack, int seed) throws IOException {
    try (BlockingConnection c = BlockingTcp.connect(stack, "10.0.0.2", PORT)) {
      byte[] data = new byte[20_000];
      Arrays.fill(data, (byte) seed);
      c.write(data);
      byte[] answer = new byte[data.length];
      c.readFully(answer);
      return Arrays.equals(answer, data);
    }
  }

  private static void echo(BlockingConnection c) throws IOException {
    byte[] data = new byte[4_096];
    int n;
    while ((n = c.read(data)) >= 0) {
      c.write(data, 0, n);
    }
  }

  private static void askAll(NetStack client) {
    List<CompletableFuture<Boolean>> answers = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      int seed = i;
      CompletableFuture<Boolean> answer = new CompletableFuture<>();
      answers.add(answer);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  answer.complete(echoed(client, seed));
                } catch (IOException | RuntimeException e) {
                  answer.completeExceptionally(e);
                }
              });
    }
    answers.forEach(each -> assertThat(Await.value(each)).isTrue());
  }

  private static void assertNoConnections(NetStack stack) {
    for (int i = 0; i < stack.shardCount(); i++) {
      Shard shard = stack.shard(i);
      Await.until(
          "no connection is left",
          () -> Await.ask(shard, () -> Tcp.of(shard).connectionCount() == 0));
    }
  }

  @Test
  void each_connection_is_served_on_its_own_shard() {
    try (NetStack server = stack("faces-2-a", "10.0.0.2", 2);
        NetStack client = stack("faces-2-a", "10.0.0.1", 2)) {
      Set<Integer> used = ConcurrentHashMap.newKeySet();
      BlockingServer serving =
          BlockingTcp.serve(
              server,
              PORT,
              c -> {
                if (c.shard().isOwner()) {
                  used.add(c.shard().index());
                }
                echo(c);
              });
      askAll(client);
      assertThat(used).containsExactlyInAnyOrder(0, 1);
      serving.close();
      assertNoConnections(server);
      assertNoConnections(client);
    }
  }

  @Test
  void a_thread_of_one_shard_may_use_connections_of_another() {
    try (NetStack server = stack("faces-2-b", "10.0.0.2", 2);
        NetStack client = stack("faces-2-b", "10.0.0.1", 2)) {
      BlockingListener listener = BlockingTcp.listen(server, PORT);
      Set<Integer> used = ConcurrentHashMap.newKeySet();
      Shard first = server.shard(0);
      for (int i = 0; i < CLIENTS; i++) {
        BlockingThreads.start(
            first,
            "serve-" + i,
            () -> {
              try (BlockingConnection c = listener.accept()) {
                assertThat(first.isOwner()).isTrue();
                used.add(c.shard().index());
                echo(c);
              } catch (IOException e) {
                used.add(-1);
              }
            });
      }
      askAll(client);
      assertThat(used).containsExactlyInAnyOrder(0, 1);
      listener.close();
      assertNoConnections(server);
      assertNoConnections(client);
    }
  }
}
