package io.millrace.e2e.shards;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ipv4.Ping;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.World;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A stack of four shards on a port with one queue: what the first shard receives reaches whom it is
 * for, and what the others send goes out through the first.
 */
class SharedPortTest {
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");
  private static final IpAddress CLIENT = IpAddress.parse("10.0.0.1");
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final World world = new World(7);
  private final NetStack client;
  private final NetStack server;
  private final List<String> seen = new ArrayList<>();

  SharedPortTest() {
    var link = world.link();
    client = world.stack(link, "10.0.0.1/24");
    server = world.stack(world.builder(link.port(), "10.0.0.2/24").shards(4));
    world.run(SECOND);
  }

  @AfterEach
  void close() {
    world.close();
  }

  private Udp udp(Shard shard) {
    return Udp.of(shard);
  }

  private static void echo(
      UdpSocket socket, Frame data, long sourceHi, long sourceLo, int sourcePort) {
    socket.sendTo(sourceHi, sourceLo, sourcePort, data);
  }

  private UdpSocket sender() {
    return udp(client.shard(0))
        .bind(0, (socket, data, hi, lo, port) -> seen.add("answer of " + data.length() + " bytes"));
  }

  private void send(UdpSocket socket, IpAddress to, int port, int bytes) {
    send(client.shard(0), socket, to, port, bytes);
  }

  private static void send(Shard shard, UdpSocket from, IpAddress to, int port, int bytes) {
    Frame large = shard.pool().allocateLarge();
    large.append(bytes);
    from.sendTo(to, port, large, 0, bytes);
    large.release();
  }

  @Test
  void a_datagram_reaches_the_only_shard_that_has_its_port_bound() {
    udp(server.shard(3)).bind(7, SharedPortTest::echo);
    send(sender(), SERVER, 7, 100);
    world.run(SECOND);
    assertThat(seen).containsExactly("answer of 100 bytes");
    assertThat(server.shard(3).counters().get(Counter.UDP_IN_DATAGRAMS)).isOne();
    assertThat(server.shard(0).counters().get(Counter.FRAMES_HANDED_OVER)).isPositive();
    assertThat(server.count(Counter.IP_IN_RECEIVES)).isOne();
  }

  @Test
  void fragments_are_put_together_where_they_arrive_and_the_datagram_is_handed_over_whole() {
    udp(server.shard(2)).bind(7, SharedPortTest::echo);
    world.settle(); // the other shards hear of it
    UdpSocket sender = sender();
    send(sender, SERVER, 7, 1);
    world.run(SECOND); // the link address is known: only a few fragments would wait for it
    send(sender, SERVER, 7, 6_000);
    send(sender, SERVER, 7, 40_000);
    world.run(SECOND);
    assertThat(seen)
        .containsExactly("answer of 1 bytes", "answer of 6000 bytes", "answer of 40000 bytes");
    assertThat(server.shard(0).counters().get(Counter.IP_REASM_OKS)).isEqualTo(2);
    assertThat(server.shard(2).counters().get(Counter.UDP_IN_DATAGRAMS)).isEqualTo(3);
  }

  @Test
  void a_port_that_is_given_up_is_unreachable_again() {
    UdpSocket bound = udp(server.shard(3)).bind(7, SharedPortTest::echo);
    world.run(SECOND);
    bound.close();
    world.run(SECOND);
    UdpSocket sender =
        udp(client.shard(0))
            .bind(
                0,
                new UdpHandler() {
                  @Override
                  public void onDatagram(UdpSocket s, Frame data, long hi, long lo, int port) {}

                  @Override
                  public void onError(UdpSocket s, IcmpError error, long hi, long lo, int port) {
                    seen.add(error + " from port " + port);
                  }
                });
    send(sender, SERVER, 7, 10);
    world.run(SECOND);
    assertThat(seen).containsExactly("PORT_UNREACHABLE from port 7");
  }

  @Test
  void every_shard_asks_for_link_addresses_itself_and_hears_the_answer() {
    udp(client.shard(0)).bind(9, (socket, data, hi, lo, port) -> seen.add("port " + port));
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      UdpSocket socket = udp(server.shard(i)).bind(100 + i, SharedPortTest::echo);
      expected.add("port " + (100 + i));
      send(server.shard(i), socket, CLIENT, 9, 10);
    }
    world.run(SECOND);
    assertThat(seen).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void an_icmp_error_reaches_the_shard_whose_datagram_it_is_about() {
    UdpSocket socket =
        udp(server.shard(2))
            .bind(
                0,
                new UdpHandler() {
                  @Override
                  public void onDatagram(UdpSocket s, Frame data, long hi, long lo, int port) {}

                  @Override
                  public void onError(UdpSocket s, IcmpError error, long hi, long lo, int port) {
                    seen.add(error + " at shard 2");
                  }
                });
    send(server.shard(2), socket, CLIENT, 1234, 10);
    world.run(SECOND);
    assertThat(seen).containsExactly("PORT_UNREACHABLE at shard 2");
  }

  @Test
  void a_ping_of_any_shard_hears_its_reply() {
    for (int i = 0; i < 4; i++) {
      int shard = i;
      Ping ping =
          Ping.open(
              server.shard(i), CLIENT, new Replies(() -> seen.add("reply at shard " + shard)));
      ping.send(1, 56, 64, false, world.now());
    }
    world.run(SECOND);
    assertThat(seen)
        .containsExactlyInAnyOrder(
            "reply at shard 0", "reply at shard 1", "reply at shard 2", "reply at shard 3");
  }

  @Test
  void a_broadcast_reaches_the_sockets_of_all_shards() {
    for (int i = 0; i < 4; i++) {
      int shard = i;
      udp(server.shard(i)).bind(67, (socket, data, hi, lo, port) -> seen.add("shard " + shard));
    }
    world.settle();
    UdpSocket sender = sender();
    sender.allowBroadcast(true);
    send(sender, IpAddress.parse("10.0.0.255"), 67, 300);
    world.run(SECOND);
    assertThat(seen).containsExactlyInAnyOrder("shard 0", "shard 1", "shard 2", "shard 3");
  }

  @Test
  void ephemeral_ports_of_different_shards_differ() {
    List<Integer> ports = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      ports.add(udp(server.shard(i % 4)).bind(0, SharedPortTest::echo).localPort());
    }
    assertThat(ports).doesNotHaveDuplicates();
  }

  @Test
  void no_frame_is_lost_on_the_way() {
    int[] free = new int[4];
    for (int i = 0; i < 4; i++) {
      free[i] = server.shard(i).pool().available();
    }
    udp(server.shard(3)).bind(7, SharedPortTest::echo);
    UdpSocket sender = sender();
    for (int i = 0; i < 1_000; i++) {
      send(sender, SERVER, i % 3 == 0 ? 8 : 7, i);
      world.settle();
    }
    world.run(Duration.ofSeconds(120));
    for (int i = 0; i < 4; i++) {
      assertThat(server.shard(i).pool().available()).as("shard %s", i).isEqualTo(free[i]);
    }
  }
}
