package io.millrace.e2e.shards;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConfig;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import io.millrace.testkit.packet.PacketBuilder;
import io.millrace.transport.AcceptPolicy;
import io.millrace.transport.ListenConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A flood of SYNs (RFC 4987) at a port whose connections live on another shard than their packets
 * come in at: the shard that they come in at sends the cookies, and any shard takes them back.
 */
class TcpCookiesAcrossShardsTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static final int SHARDS = 4;
  private static final int HOME = 3;
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final World world = new World(12);
  private final NetStack client;
  private final NetStack server;
  private final List<Integer> homes = new ArrayList<>();

  TcpCookiesAcrossShardsTest() {
    SimulatedLink link = world.link();
    client = world.stack(world.builder(link.port(), "10.0.0.1/24"));
    TcpConfig quick = TcpConfig.defaults().with().timeWait(SECOND.toNanos()).build();
    server = world.stack(world.builder(link.port(), "10.0.0.2/24").shards(SHARDS).with(quick));
    world.run(SECOND);
  }

  @BeforeEach
  void listen() {
    ListenConfig two = ListenConfig.port(80).withBacklog(2).withPolicy(AcceptPolicy.fixed(HOME));
    Tcp.listen(server, two, this::accept);
    world.settle();
  }

  @AfterEach
  void close() {
    world.close();
  }

  private TcpHandler accept(TcpConnection connection) {
    homes.add(connection.shard().index());
    return new Echo();
  }

  private static final class Echo implements TcpHandler {
    @Override
    public void onData(TcpConnection connection, Buffer data) {
      connection.send(data);
    }

    @Override
    public void onPeerClosed(TcpConnection connection) {
      connection.close();
    }
  }

  /** Says much as soon as it may, and hears it again. */
  private static final class Talk implements TcpHandler {
    private static final int LENGTH = 20_000;

    private int heard;
    private TcpCloseReason end;

    @Override
    public void onConnected(TcpConnection connection) {
      connection.send(new byte[LENGTH], 0, LENGTH);
    }

    @Override
    public void onData(TcpConnection connection, Buffer data) {
      heard += data.length();
    }

    @Override
    public void onClosed(TcpConnection connection, TcpCloseReason reason) {
      end = reason;
    }
  }

  /** SYNs of a host that is not there. */
  private void flood(int ports) {
    for (int i = 0; i < ports; i++) {
      send(PacketBuilder.tcp().from("10.0.0.77", 1_000 + i).seq(i).flags("S"));
      world.settle();
    }
  }

  private void send(PacketBuilder segment) {
    byte[] bytes = segment.to("10.0.0.2", 80).ipBytes();
    Shard shard = client.shard(0);
    Frame frame = shard.pool().allocate();
    frame.append(bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      Bytes.put8(frame.address() + i, bytes[i]);
    }
    assertThat(shard.sendDatagram(frame)).isTrue();
  }

  private int remembered() {
    int sum = 0;
    for (int i = 0; i < SHARDS; i++) {
      sum += Tcp.of(server.shard(i)).connectionCount();
    }
    return sum;
  }

  @Test
  void connections_are_made_and_live_where_the_policy_says() {
    flood(100);
    assertThat(server.dropped(DropReason.TCP_BACKLOG_FULL)).as("how it is found out").isPositive();
    List<Talk> talks = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Talk talk = new Talk();
      talks.add(talk);
      Tcp.of(client.shard(0)).connect(SERVER, 80, talk);
      world.settle();
    }
    world.run(SECOND);
    assertThat(talks).allMatch(talk -> talk.heard == Talk.LENGTH);
    assertThat(homes).hasSize(40).containsOnly(HOME);
    assertThat(server.count(Counter.TCP_COOKIES_IN)).isEqualTo(40);
  }

  @Test
  void who_is_lost_in_the_beginning_comes_in_when_it_asks_again() {
    flood(2); // the backlog
    Talk talk = new Talk();
    for (int i = 0; i < 20; i++) {
      Tcp.of(client.shard(0)).connect(SERVER, 80, i == 0 ? talk : new Talk());
    }
    world.run(Duration.ofSeconds(10));
    assertThat(talk.heard).isEqualTo(Talk.LENGTH);
    assertThat(homes).hasSize(20).containsOnly(HOME);
  }

  @Test
  void the_owners_answer_a_flood_themselves_and_remember_nothing_of_it() {
    flood(100);
    long handedOver = server.count(Counter.FRAMES_HANDED_OVER);
    int before = remembered();
    flood(500);
    // The link has one queue, so three quarters are given to the shards that own them.
    assertThat(server.count(Counter.FRAMES_HANDED_OVER) - handedOver).isLessThan(450);
    assertThat(server.count(Counter.TCP_COOKIES_OUT)).isGreaterThan(500);
    assertThat(remembered()).isEqualTo(before);
  }

  @Test
  void an_acknowledgment_of_no_cookie_opens_nothing_and_is_reset() {
    flood(100);
    long resets = server.count(Counter.TCP_OUT_RSTS);
    for (int i = 0; i < 50; i++) {
      send(PacketBuilder.tcp().from("10.0.0.1", 2_000 + i).seq(7).ack(1_000_000 + i).flags("A"));
      world.settle();
    }
    assertThat(homes).isEmpty();
    assertThat(server.count(Counter.TCP_COOKIES_FAILED)).isEqualTo(50);
    assertThat(server.count(Counter.TCP_OUT_RSTS) - resets).isEqualTo(50);
  }

  @Test
  void nothing_is_left_when_all_is_over() {
    flood(100);
    List<TcpConnection> connections = new ArrayList<>();
    List<Talk> talks = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Talk talk = new Talk();
      talks.add(talk);
      connections.add(Tcp.of(client.shard(0)).connect(SERVER, 80, talk));
      world.settle();
    }
    world.run(SECOND);
    connections.forEach(TcpConnection::close);
    world.run(Duration.ofSeconds(400));
    assertThat(talks).allMatch(talk -> talk.end == TcpCloseReason.NORMAL);
    assertThat(remembered()).isZero();
    for (int i = 0; i < SHARDS; i++) {
      for (TcpConnection c : connections) {
        int ports = Integer.rotateLeft(c.ports(), 16);
        assertThat(
                server
                    .shard(i)
                    .tcp()
                    .shardOf(c.remoteHi(), c.remoteLo(), c.localHi(), c.localLo(), ports))
            .as("what shard %s remembers of %s", i, c)
            .isEqualTo(-1);
      }
    }
  }
}
