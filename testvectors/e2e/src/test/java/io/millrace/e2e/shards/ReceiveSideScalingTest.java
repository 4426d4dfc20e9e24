package io.millrace.e2e.shards;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.time.ShardClock;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSocket;
import io.millrace.udp.UdpSteering;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Two stacks of several shards on a wire with as many queues, which hashes as hardware does. */
class ReceiveSideScalingTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static final int SHARDS = 4;

  private long now;

  private NetStack driven(String wire, String address) {
    return NetStack.builder()
        .shards(SHARDS)
        .driven(ShardClock.of(() -> now))
        .port(wire, address)
        .start();
  }

  private void turn(int times, NetStack... stacks) {
    for (int i = 0; i < times; i++) {
      now += 100_000;
      for (NetStack stack : stacks) {
        for (int shard = 0; shard < SHARDS; shard++) {
          stack.shard(shard).step();
        }
      }
    }
  }

  /** Sends a number of bytes, and counts what comes back. */
  private static final class Talk implements TcpHandler {
    final AtomicLong heard = new AtomicLong();
    final int size;
    Runnable done = () -> {};

    Talk(int size) {
      this.size = size;
    }

    @Override
    public void onConnected(TcpConnection connection) {
      connection.send(new byte[size], 0, size);
    }

    @Override
    public void onData(TcpConnection connection, Buffer data) {
      if (heard.addAndGet(data.length()) == size) {
        done.run();
      }
    }
  }

  private static TcpHandler echo(TcpConnection connection) {
    return (c, data) -> c.send(data);
  }

  @Test
  void no_frame_of_a_connection_comes_in_at_the_wrong_shard() {
    String wire = "mem:rss-driven,queues=" + SHARDS;
    try (NetStack client = driven(wire, "10.0.0.1/24");
        NetStack server = driven(wire, "10.0.0.2/24")) {
      Tcp.listen(server, 80, ReceiveSideScalingTest::echo);
      turn(20, client, server);
      // Every shard learns the link addresses; ARP replies are shown to all.
      List<Talk> talks = new ArrayList<>();
      for (int shard = 0; shard < SHARDS; shard++) {
        talks.add(new Talk(1));
        Tcp.of(client.shard(shard)).connect(SERVER, 80, talks.getLast());
        turn(20, client, server);
      }
      long handedOver = client.count(Counter.FRAMES_HANDED_OVER);
      long atServer = server.count(Counter.FRAMES_HANDED_OVER);
      for (int i = 0; i < 400; i++) {
        talks.add(new Talk(3_000));
        Tcp.of(client.shard(i % SHARDS)).connect(SERVER, 80, talks.getLast());
        turn(1, client, server);
      }
      turn(200, client, server);
      assertThat(talks).allMatch(talk -> talk.heard.get() == talk.size);
      assertThat(client.count(Counter.FRAMES_HANDED_OVER)).isEqualTo(handedOver);
      assertThat(server.count(Counter.FRAMES_HANDED_OVER)).isEqualTo(atServer);
      for (int shard = 0; shard < SHARDS; shard++) {
        assertThat(Tcp.of(server.shard(shard)).connectionCount()).isGreaterThan(50);
        assertThat(Tcp.of(client.shard(shard)).connectionCount()).isEqualTo(101);
      }
    }
  }

  @Test
  void datagrams_of_many_senders_reach_all_shards() {
    String wire = "mem:rss-udp,queues=" + SHARDS;
    Set<Integer> receivers = new HashSet<>();
    try (NetStack client = driven(wire, "10.0.0.1/24");
        NetStack server = driven(wire, "10.0.0.2/24")) {
      for (int i = 0; i < SHARDS; i++) {
        int shard = i;
        Udp.of(server.shard(i)).bind(7, (socket, data, hi, lo, port) -> receivers.add(shard));
      }
      for (int i = 0; i < 64; i++) {
        var socket = Udp.of(client.shard(0)).bind(0, (s, data, hi, lo, port) -> {});
        var data = client.shard(0).pool().allocate();
        data.append(8);
        socket.sendTo(SERVER, 7, data, 0, 8);
        data.release();
        turn(3, client, server);
      }
      turn(20, client, server);
      assertThat(receivers).containsExactlyInAnyOrder(0, 1, 2, 3);
    }
  }

  @Test
  void answers_to_a_connected_socket_come_in_at_its_shard() {
    String wire = "mem:rss-connected,queues=" + SHARDS;
    int[] answers = new int[SHARDS];
    try (NetStack client = driven(wire, "10.0.0.1/24");
        NetStack server = driven(wire, "10.0.0.2/24")) {
      for (int i = 0; i < SHARDS; i++) {
        Udp.of(server.shard(i))
            .bind(7, (socket, data, hi, lo, port) -> socket.sendTo(hi, lo, port, data));
      }
      List<UdpSocket> sockets = new ArrayList<>();
      // As many of each shard as may wait for a link address.
      for (int i = 0; i < 8 * SHARDS; i++) {
        int shard = i % SHARDS;
        sockets.add(
            Udp.of(client.shard(shard))
                .connect(SERVER, 7, (socket, data, hi, lo, port) -> answers[shard]++));
      }
      long handedOver = 0;
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < sockets.size(); i++) {
          Frame data = client.shard(i % SHARDS).pool().allocate();
          data.append(8);
          sockets.get(i).send(data);
          data.release();
        }
        turn(20, client, server);
        if (round == 0) {
          handedOver = client.count(Counter.FRAMES_HANDED_OVER); // link addresses were asked for
        }
      }
      assertThat(client.count(Counter.FRAMES_HANDED_OVER)).isEqualTo(handedOver);
    }
    assertThat(answers).containsOnly(24);
  }

  @Test
  void shards_with_threads_of_their_own_talk_to_each_other() throws InterruptedException {
    String wire = "mem:rss-threads,queues=2";
    int connections = 200;
    CountDownLatch done = new CountDownLatch(connections);
    try (NetStack server = NetStack.builder().shards(2).port(wire, "10.0.0.2/24").start();
        NetStack client = NetStack.builder().shards(2).port(wire, "10.0.0.1/24").start()) {
      Tcp.listen(server, 80, ReceiveSideScalingTest::echo);
      for (int i = 0; i < connections; i++) {
        Talk talk = new Talk(20_000);
        talk.done = done::countDown;
        var shard = client.shard(i % 2);
        shard.execute(() -> Tcp.of(shard).connect(SERVER, 80, talk));
      }
      assertThat(done.await(60, TimeUnit.SECONDS)).as("%s are missing", done.getCount()).isTrue();
      assertThat(client.count(Counter.EXCEPTIONS) + server.count(Counter.EXCEPTIONS)).isZero();
    }
  }

  /** A tunnel packet of GTP-U, version 1, with this identifier. */
  private static void sendTunnelled(NetStack from, UdpSocket socket, int tunnel) {
    Frame data = from.shard(0).pool().allocate();
    long at = data.append(12);
    Bytes.put32(at, 0x30ff_0004);
    Bytes.put32(at + 4, tunnel);
    Bytes.put32(at + 8, tunnel);
    socket.sendTo(SERVER, UdpSteering.GTP_U_PORT, data, 0, 12);
    data.release();
  }

  @Test
  void a_tunnels_packets_share_a_shard_and_tunnels_are_spread() {
    String wire = "mem:rss-gtp,queues=" + SHARDS;
    Map<Integer, Set<Integer>> homes = new HashMap<>();
    try (NetStack client = driven(wire, "10.0.0.1/24");
        NetStack server =
            NetStack.builder()
                .shards(SHARDS)
                .driven(ShardClock.of(() -> now))
                .with(UdpSteering.gtpU())
                .port(wire, "10.0.0.2/24")
                .start()) {
      for (int i = 0; i < SHARDS; i++) {
        int shard = i;
        Udp.of(server.shard(i))
            .bind(
                UdpSteering.GTP_U_PORT,
                (socket, data, hi, lo, port) ->
                    homes
                        .computeIfAbsent(Bytes.i32(data.address() + 4), t -> new HashSet<>())
                        .add(shard));
      }
      List<UdpSocket> senders = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        senders.add(Udp.of(client.shard(0)).bind(0, (s, data, hi, lo, port) -> {}));
      }
      for (int tunnel = 0x1000; tunnel < 0x1100; tunnel++) {
        for (UdpSocket sender : senders) {
          sendTunnelled(client, sender, tunnel);
        }
        turn(3, client, server);
      }
      turn(20, client, server);
    }
    assertThat(homes).hasSize(0x100);
    assertThat(homes.values()).as("shards of one tunnel").allMatch(shards -> shards.size() == 1);
    for (int i = 0; i < SHARDS; i++) {
      int shard = i;
      assertThat(homes.values().stream().filter(each -> each.contains(shard)).count())
          .isGreaterThan(32);
    }
  }
}
