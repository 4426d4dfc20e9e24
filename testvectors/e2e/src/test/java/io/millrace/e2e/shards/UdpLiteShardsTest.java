package io.millrace.e2e.shards;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.net.NetStack;
import io.millrace.testkit.World;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpLite;
import io.millrace.udp.UdpSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** UDP-Lite, and datagrams without a checksum, for another shard than the one that receives. */
class UdpLiteShardsTest {
  private static final IpAddress SERVER = IpAddress.parse("2001:db8::2");
  private static final Ipv6Autoconf AT_ONCE = Ipv6Autoconf.defaults().withDadTransmits(0);

  private final World world = new World(7);
  private final NetStack client;
  private final NetStack server;
  private final Listener near = new Listener();
  private final Listener far = new Listener();

  UdpLiteShardsTest() {
    var link = world.link();
    client = world.stack(world.builder(link.port(), "2001:db8::1/64").with(AT_ONCE));
    server = world.stack(world.builder(link.port(), SERVER + "/64").with(AT_ONCE).shards(4));
    world.run(Duration.ofSeconds(1));
  }

  @AfterEach
  void close() {
    world.close();
  }

  private static final class Listener implements UdpHandler {
    private final List<Integer> lengths = new ArrayList<>();
    private final List<IcmpError> errors = new ArrayList<>();

    @Override
    public void onDatagram(UdpSocket socket, Frame data, long hi, long lo, int port) {
      lengths.add(data.length());
    }

    @Override
    public void onError(UdpSocket socket, IcmpError error, long hi, long lo, int port) {
      errors.add(error);
    }
  }

  private void send(UdpSocket from, int port, int bytes) {
    Frame data = from.newDatagram();
    data.append(bytes);
    assertThat(from.sendFrame(data, SERVER.hi(), SERVER.lo(), port)).isEqualTo(SendResult.SENT);
    world.run(Duration.ofSeconds(1));
  }

  @Test
  void a_datagram_of_udp_lite_reaches_the_shard_that_has_its_port_bound() {
    UdpLite.of(server.shard(3)).bind(7, far).minimumCoverage(20);
    Udp.of(server.shard(1)).bind(7, near);
    UdpSocket sender = UdpLite.of(client.shard(0)).bind(0, near).coverage(20);
    send(sender, 7, 100);
    send(sender, 7, 1400);
    assertThat(far.lengths).containsExactly(100, 1400);
    assertThat(near.lengths).isEmpty();
    assertThat(server.count(Counter.FRAMES_HANDED_OVER)).isPositive();
    sender.coverage(19);
    send(sender, 7, 100);
    assertThat(far.lengths).hasSize(2);
    assertThat(server.dropped(DropReason.UDPLITE_COVERAGE_TOO_SMALL)).isEqualTo(1);
    send(sender, 8, 1);
    assertThat(near.errors).containsExactly(IcmpError.PORT_UNREACHABLE);
  }

  @Test
  void a_datagram_without_a_checksum_is_judged_by_the_shard_that_it_is_for() {
    UdpSocket receiver = Udp.of(server.shard(3)).bind(7, far);
    UdpSocket sender = Udp.of(client.shard(0)).bind(0, near).sendChecksums(false);
    send(sender, 7, 100);
    assertThat(far.lengths).isEmpty();
    assertThat(server.dropped(DropReason.UDP_ZERO_CHECKSUM)).isEqualTo(1);
    receiver.acceptZeroChecksums(true);
    send(sender, 7, 100);
    assertThat(far.lengths).containsExactly(100);
    send(sender, 8, 100);
    assertThat(near.errors).isEmpty();
    assertThat(server.dropped(DropReason.UDP_ZERO_CHECKSUM)).isEqualTo(2);
  }
}
