package io.millrace.e2e.shards;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConfig;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import io.millrace.transport.AcceptPolicy;
import io.millrace.transport.ListenConfig;
import io.millrace.transport.Listening;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which shard a TCP connection lives on, and that its segments find it there. */
class TcpPlacementTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static final int SHARDS = 4;
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final World world = new World(11);
  private final NetStack client;
  private final NetStack server;

  /** Where the server's end of each connection lives, by the client's port. */
  private final Map<Integer, Integer> homes = new HashMap<>();

  private final List<String> seen = new ArrayList<>();

  TcpPlacementTest() {
    SimulatedLink link = world.link();
    client = world.stack(world.builder(link.port(), "10.0.0.1/24").shards(2));
    TcpConfig quick = TcpConfig.defaults().with().timeWait(SECOND.toNanos()).build();
    server = world.stack(world.builder(link.port(), "10.0.0.2/24").shards(SHARDS).with(quick));
    world.run(SECOND);
  }

  @AfterEach
  void close() {
    world.close();
  }

  private final class Echo implements TcpHandler {
    private final int home;

    Echo(int home) {
      this.home = home;
    }

    @Override
    public void onData(TcpConnection connection, Buffer data) {
      assertThat(connection.shard().index()).isEqualTo(home);
      connection.send(data);
    }
  }

  private TcpHandler accept(TcpConnection connection) {
    homes.put(connection.remotePort(), connection.shard().index());
    return new Echo(connection.shard().index());
  }

  private Listening listen(AcceptPolicy policy) {
    Listening listening =
        Tcp.listen(server, ListenConfig.port(80).withPolicy(policy), this::accept);
    world.settle();
    return listening;
  }

  /** Says a word and hears it again. */
  private final class Talk implements TcpHandler {
    private final String word;
    private String heard = "";

    Talk(String word) {
      this.word = word;
    }

    @Override
    public void onConnected(TcpConnection connection) {
      byte[] bytes = word.getBytes(StandardCharsets.US_ASCII);
      connection.send(bytes, 0, bytes.length);
    }

    @Override
    public void onData(TcpConnection connection, Buffer data) {
      heard += new String(data.toByteArray(), StandardCharsets.US_ASCII);
    }

    @Override
    public void onClosed(TcpConnection connection, TcpCloseReason reason) {
      seen.add(word + ": " + reason);
    }
  }

  private Map<TcpConnection, Talk> talk(int connections) {
    Map<TcpConnection, Talk> talks = new HashMap<>();
    for (int i = 0; i < connections; i++) {
      Talk talk = new Talk("word " + i);
      talks.put(Tcp.of(client.shard(i % 2)).connect(SERVER, 80, talk), talk);
      world.settle();
    }
    world.run(SECOND);
    talks.forEach((c, talk) -> assertThat(talk.heard).as("%s", c).isEqualTo(talk.word));
    return talks;
  }

  private List<Integer> perShard() {
    return IntStream.range(0, SHARDS)
        .mapToObj(i -> (int) homes.values().stream().filter(home -> home == i).count())
        .toList();
  }

  @Test
  void connections_stay_where_their_packets_hash_to() {
    Listening listening = listen(AcceptPolicy.RSS);
    talk(200);
    assertThat(listening.accepted()).isEqualTo(200);
    assertThat(perShard()).allMatch(n -> n > 20);
    for (int i = 0; i < SHARDS; i++) {
      assertThat(listening.accepted(i)).isEqualTo(perShard().get(i).longValue());
    }
  }

  @Test
  void least_connections_fill_the_shards_evenly() {
    listen(AcceptPolicy.LEAST_CONNECTIONS);
    talk(401);
    assertThat(perShard()).allMatch(n -> n >= 98 && n <= 103);
  }

  @Test
  void least_connections_count_those_that_are_open() {
    listen(AcceptPolicy.LEAST_CONNECTIONS);
    Map<TcpConnection, Talk> first = talk(200);
    // All of two shards go, and what comes then fills these two.
    first.keySet().stream().filter(c -> homes.get(c.localPort()) < 2).forEach(TcpConnection::close);
    world.run(SECOND);
    homes.clear();
    talk(40); // well below what each owner has seen go, however they hash
    assertThat(perShard().get(2) + perShard().get(3)).isLessThanOrEqualTo(2);
  }

  @Test
  void the_peers_port_can_choose_the_shard() {
    listen(AcceptPolicy.SOURCE_PORT);
    talk(50);
    assertThat(homes).allSatisfy((port, home) -> assertThat(home).isEqualTo(port % SHARDS));
  }

  @Test
  void one_shard_can_take_them_all() {
    listen(AcceptPolicy.fixed(3));
    talk(20);
    assertThat(perShard()).containsExactly(0, 0, 0, 20);
  }

  @Test
  void a_shard_that_listens_alone_gets_what_hashes_to_the_others() {
    Tcp.of(server.shard(2)).listen(null, 80, this::accept, 16);
    world.settle();
    talk(40);
    assertThat(perShard()).containsExactly(0, 0, 40, 0);
  }

  @Test
  void nothing_is_left_of_connections_that_are_over() {
    listen(AcceptPolicy.fixed(1));
    int[] free = IntStream.range(0, SHARDS).map(i -> server.shard(i).pool().available()).toArray();
    Map<TcpConnection, Talk> talks = talk(30);
    talks.keySet().forEach(TcpConnection::close);
    world.run(Duration.ofSeconds(400));
    assertThat(seen).hasSize(30).allMatch(each -> each.endsWith("NORMAL"));
    for (int i = 0; i < SHARDS; i++) {
      Tcp tcp = Tcp.of(server.shard(i));
      assertThat(tcp.connectionCount()).isZero();
      assertThat(tcp.timeWaitCount()).isZero();
      assertThat(server.shard(i).pool().available()).isEqualTo(free[i]);
      for (TcpConnection c : talks.keySet()) {
        int where =
            server
                .shard(i)
                .tcp()
                .shardOf(
                    c.remoteHi(),
                    c.remoteLo(),
                    c.localHi(),
                    c.localLo(),
                    Integer.rotateLeft(c.ports(), 16));
        assertThat(where).as("what shard %s remembers of %s", i, c).isEqualTo(-1);
      }
    }
  }

  @Test
  void a_reset_port_answers_from_any_shard() {
    for (int i = 0; i < 20; i++) {
      Tcp.of(client.shard(i % 2)).connect(SERVER, 81, new Talk("word " + i));
    }
    world.run(SECOND);
    assertThat(seen).hasSize(20).allMatch(each -> each.endsWith("REFUSED"));
  }

  @Test
  void stopping_to_accept_ends_it_on_all_shards_and_accepted_connections_live_on() {
    Listening listening = listen(AcceptPolicy.LEAST_CONNECTIONS);
    Map<TcpConnection, Talk> talks = talk(20);
    listening.stopAccepting();
    world.settle();
    Tcp.of(client.shard(0)).connect(SERVER, 80, new Talk("late"));
    world.run(SECOND);
    assertThat(seen).containsExactly("late: REFUSED");
    talks.forEach(
        (c, talk) -> {
          byte[] more = {'!'};
          c.send(more, 0, 1);
        });
    world.run(SECOND);
    assertThat(talks.values()).allMatch(talk -> talk.heard.endsWith("!"));
    assertThat(listening.accepted()).isEqualTo(20);
  }

  @Test
  void a_port_that_the_application_insists_on_works_from_any_shard() {
    listen(AcceptPolicy.RSS);
    List<Talk> talks = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Talk talk = new Talk("word " + i);
      talks.add(talk);
      Tcp.of(client.shard(i % 2)).connect(null, 5_000 + i, SERVER, 80, talk);
    }
    world.run(SECOND);
    assertThat(talks).allMatch(talk -> talk.heard.equals(talk.word));
  }
}
