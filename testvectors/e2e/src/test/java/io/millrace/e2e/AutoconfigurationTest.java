package io.millrace.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.ipv6.Ipv6RouterConfig;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.tcp.Tcp;
import io.millrace.testkit.SimulatedLink;
import io.millrace.testkit.World;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpSocket;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Routers, hosts and their addresses on one link, each a stack of its own. */
class AutoconfigurationTest {
  private static final String PREFIX = "2001:db8:5::";

  private static NetStack router(World world, SimulatedLink link) {
    Ipv6RouterConfig.Link advertised =
        Ipv6RouterConfig.Link.of(0, PREFIX + "/64")
            .withDns(List.of(IpAddress.parse(PREFIX + "53")), List.of("example.org"));
    return world.stack(
        world.builder(link.port(), PREFIX + "1/64").with(Ipv6RouterConfig.of(advertised)));
  }

  private static List<IpAddress> globals(NetStack stack, int shard) {
    return stack.shard(shard).ipv6().addresses().stream()
        .map(IpPrefix::address)
        .filter(each -> !Ipv6Scope.isLinkLocal(each.hi()))
        .toList();
  }

  private static boolean reaches(NetStack from, IpAddress to) {
    return from.shard(0).ipv6().route(0, 0, to.hi(), to.lo()) != null;
  }

  @Test
  void hosts_get_addresses_a_router_and_servers() {
    try (World world = new World(1)) {
      SimulatedLink link = world.link();
      NetStack router = router(world, link);
      NetStack one = world.stack(world.builder(link.port(), "auto"));
      NetStack two = world.stack(world.builder(link.port(), "auto"));
      world.run(Duration.ofSeconds(30));
      assertThat(globals(router, 0)).containsExactly(IpAddress.parse(PREFIX + "1"));
      for (NetStack host : List.of(one, two)) {
        assertThat(globals(host, 0)).hasSize(1);
        assertThat(globals(host, 0).getFirst().hi()).isEqualTo(IpAddress.parse(PREFIX).hi());
        assertThat(reaches(host, IpAddress.parse("2001:db8:ffff::1"))).isTrue();
        assertThat(host.shard(0).nameServers().servers())
            .containsExactly(IpAddress.parse(PREFIX + "53"));
        assertThat(host.shard(0).nameServers().domains()).containsExactly("example.org");
      }
      assertThat(globals(one, 0)).isNotEqualTo(globals(two, 0));
    }
  }

  @Test
  void a_router_that_says_goodbye_is_no_longer_used() {
    try (World world = new World(2)) {
      SimulatedLink link = world.link();
      NetStack router = router(world, link);
      NetStack host = world.stack(world.builder(link.port(), "auto"));
      world.run(Duration.ofSeconds(30));
      IpAddress far = IpAddress.parse("2001:db8:ffff::1");
      assertThat(reaches(host, far)).isTrue();
      router.close();
      world.run(Duration.ofSeconds(1));
      assertThat(reaches(host, far)).isFalse();
      assertThat(globals(host, 0)).as("its address is valid for days").hasSize(1);
    }
  }

  @Test
  void all_shards_of_a_host_know_its_addresses_and_routes() {
    try (World world = new World(3)) {
      SimulatedLink link = world.link();
      router(world, link);
      NetStack host = world.stack(world.builder(link.port(), "auto").shards(3));
      world.run(Duration.ofSeconds(30));
      for (int i = 0; i < 3; i++) {
        Shard shard = host.shard(i);
        assertThat(globals(host, i)).isEqualTo(globals(host, 0)).hasSize(1);
        assertThat(shard.route(0, 0, IpAddress.parse("2001:db8:ffff::1").hi(), 1)).isNotNull();
        assertThat(shard.nameServers().servers()).hasSize(1);
      }
    }
  }

  @Test
  @Tag("rfc4861:6.3.4-1")
  void packets_of_transports_have_the_hop_limit_that_the_router_says() {
    try (World world = new World(5)) {
      SimulatedLink link = world.link();
      Ipv6RouterConfig.Link advertised =
          Ipv6RouterConfig.Link.of(0, PREFIX + "/64").withHopLimit(33);
      world.stack(
          world.builder(link.port(), PREFIX + "1/64").with(Ipv6RouterConfig.of(advertised)));
      NetStack host = world.stack(world.builder(link.port(), "auto").shards(2));
      world.run(Duration.ofSeconds(30));
      List<String> seen = new ArrayList<>();
      long own = host.shard(0).networkInterface(0).mac();
      link.tap(
          (sender, frame, nanos) -> {
            ByteBuffer packet = ByteBuffer.wrap(frame);
            int next = packet.get(20);
            if (packet.getLong(4) << 16 >>> 16 == own && (next == 6 || next == 17)) {
              seen.add((next == 6 ? "TCP " : "UDP ") + packet.get(21));
            }
          });
      IpAddress far = IpAddress.parse("2001:db8:ffff::1");
      for (int i = 0; i < 2; i++) {
        Shard shard = host.shard(i);
        UdpSocket socket = Udp.of(shard).bind(0, (s, data, hi, lo, port) -> {});
        try (Arena arena = Arena.ofConfined()) {
          socket.sendTo(far, 9, WrappedBuffer.of(arena.allocate(4)), 0, 4);
        }
        Tcp.of(shard).connect(far, 9, (connection, data) -> {});
      }
      world.run(Duration.ofMillis(100));
      assertThat(seen).containsExactlyInAnyOrder("UDP 33", "UDP 33", "TCP 33", "TCP 33");
    }
  }

  @Test
  void of_two_hosts_with_one_address_the_second_does_not_get_it() {
    try (World world = new World(4)) {
      SimulatedLink link = world.link();
      NetStack first = world.stack(link, PREFIX + "7/64");
      world.run(Duration.ofSeconds(10));
      NetStack second = world.stack(link, PREFIX + "7/64");
      world.run(Duration.ofSeconds(10));
      assertThat(globals(first, 0)).hasSize(1);
      assertThat(globals(second, 0)).isEmpty();
    }
  }

  @Test
  void of_two_that_want_it_at_the_same_time_not_both_get_it() {
    for (int seed = 0; seed < 20; seed++) {
      try (World world = new World(100 + seed)) {
        SimulatedLink link = world.link();
        NetStack first = world.stack(link, PREFIX + "7/64");
        NetStack second = world.stack(link, PREFIX + "7/64");
        world.run(Duration.ofSeconds(10));
        assertThat(globals(first, 0).size() + globals(second, 0).size())
            .as("with seed %d", 100 + seed)
            .isLessThanOrEqualTo(1);
      }
    }
  }

  @Test
  void without_questions_a_stack_has_its_address_at_once() {
    try (World world = new World(5)) {
      NetStack stack =
          world.stack(
              world
                  .builder(world.link().port(), PREFIX + "7/64")
                  .with(Ipv6Autoconf.defaults().withDadTransmits(0)));
      assertThat(globals(stack, 0)).hasSize(1);
    }
  }
}
