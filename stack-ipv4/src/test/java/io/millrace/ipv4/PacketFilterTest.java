package io.millrace.ipv4;

import static io.millrace.ipv4.RouterFixture.fromLeft;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.filter.Hook;
import io.millrace.filter.PacketFilter;
import io.millrace.filter.Verdict;
import io.millrace.ip.ForwardingConfig;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.testkit.host.TestTransport;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.IpV4Packet;

/** Network functions in the path of packets. */
class PacketFilterTest {
  /** Accepts everything and remembers where it was asked. */
  private static final class Witness implements PacketFilter {
    private final List<String> asked = new ArrayList<>();

    @Override
    public int filter(Frame frame, NetInterface at, int hook, long now) {
      assertThat(Bytes.u8(frame.l3Address()) >>> 4).as("version at hook " + hook).isEqualTo(4);
      asked.add(hook + "@" + at.index() + " ttl " + Bytes.u8(frame.l3Address() + 8));
      return Verdict.ACCEPT;
    }
  }

  private static Packets.Ip toRouter() {
    return fromLeft("10.0.0.1");
  }

  @Test
  void aForwardedDatagramPassesThreeHooks() {
    try (RouterFixture router = new RouterFixture()) {
      Witness witness = new Witness();
      router.stack.filter(shard -> witness);
      router.fromLeft(fromLeft(RouterFixture.RIGHT_HOST));
      assertThat(witness.asked)
          .containsExactly(
              Hook.PRE_ROUTING + "@0 ttl 64",
              Hook.FORWARD + "@1 ttl 64",
              Hook.POST_ROUTING + "@1 ttl 63");
    }
  }

  @Test
  void whatIsForUsAndWhatIsOursPassTheirs() {
    try (RouterFixture router = new RouterFixture()) {
      Witness witness = new Witness();
      router.stack.filter(shard -> witness);
      router.fromLeft(Packets.echo(1, 1, new byte[8]).from(RouterFixture.LEFT_HOST).to("10.0.0.1"));
      assertThat(witness.asked)
          .containsExactly(
              Hook.PRE_ROUTING + "@0 ttl 64",
              Hook.LOCAL_IN + "@0 ttl 64",
              Hook.LOCAL_OUT + "@0 ttl 64",
              Hook.POST_ROUTING + "@0 ttl 64");
      assertThat(RouterFixture.datagrams(router.left)).hasSize(1);
    }
  }

  @Test
  void fragmentsAreSeenOneByOneAndTheDatagramWhole() {
    try (RouterFixture router = new RouterFixture()) {
      Witness witness = new Witness();
      router.stack.filter(shard -> witness);
      byte[] data = Packets.udpPacket(1, 2, new byte[24]);
      byte[] first = java.util.Arrays.copyOf(data, 16);
      byte[] last = java.util.Arrays.copyOfRange(data, 16, 32);
      Packets.Ip[] both = {
        Packets.ip(17, first).from("10.0.0.2").to("10.0.0.1").id(1).fragment(0, true),
        Packets.ip(17, last).from("10.0.0.2").to("10.0.0.1").id(1).fragment(16, false)
      };
      for (Packets.Ip each : both) {
        router.fromLeft(each);
      }
      assertThat(witness.asked)
          .containsExactly(
              Hook.PRE_ROUTING + "@0 ttl 64",
              Hook.PRE_ROUTING + "@0 ttl 64",
              Hook.LOCAL_IN + "@0 ttl 64");
      ((TestTransport) router.shard.udp()).received.clear();
    }
  }

  @Test
  void everyHookCanDropForAReasonThatIsCounted() {
    int[] hooks = {
      Hook.PRE_ROUTING, Hook.LOCAL_IN, Hook.FORWARD, Hook.LOCAL_OUT, Hook.POST_ROUTING
    };
    for (int hook : hooks) {
      try (RouterFixture router = new RouterFixture()) {
        router.stack.filter(
            shard ->
                (frame, at, where, now) ->
                    where == hook ? Verdict.drop(DropReason.IP_BAD_SOURCE) : Verdict.ACCEPT);
        boolean local = hook == Hook.LOCAL_IN || hook == Hook.LOCAL_OUT;
        Packets.Ip ping = Packets.echo(1, 1, new byte[8]).from("10.0.0.2").to("10.0.0.1");
        router.expectDrop(
            DropReason.IP_BAD_SOURCE, local ? ping : fromLeft(RouterFixture.RIGHT_HOST));
        assertThat(router.left.takeSent()).isEmpty();
        router.stack.filter(null);
        router.fromLeft(fromLeft(RouterFixture.RIGHT_HOST));
        assertThat(RouterFixture.datagrams(router.right)).hasSize(1);
      }
    }
  }

  @Test
  void theSimpleVerdictHasAReasonOfItsOwn() {
    try (RouterFixture router = new RouterFixture()) {
      router.stack.filter(shard -> (frame, at, hook, now) -> Verdict.DROP);
      router.expectDrop(DropReason.FILTERED, toRouter());
    }
  }

  /** Lets hosts on the left open nothing but one service on the right. */
  private static final class Firewall implements PacketFilter {
    @Override
    public int filter(Frame frame, NetInterface at, int hook, long now) {
      long ip = frame.l3Address();
      long transport = ip + ((Bytes.u8(ip) & 15) << 2);
      boolean service =
          Bytes.u8(ip + 9) == IpProtocol.UDP
              && frame.address() + frame.length() - transport >= 8
              && Bytes.u16(transport + 2) == 53;
      return hook != Hook.FORWARD || service ? Verdict.ACCEPT : Verdict.DROP;
    }
  }

  @Test
  void aFirewall() {
    try (RouterFixture router = new RouterFixture()) {
      router.stack.filter(shard -> new Firewall());
      router.expectDrop(DropReason.FILTERED, fromLeft(RouterFixture.RIGHT_HOST));
      router.fromLeft(
          Packets.udp(9, 53, new byte[4])
              .from(RouterFixture.LEFT_HOST)
              .to(RouterFixture.RIGHT_HOST));
      assertThat(RouterFixture.datagrams(router.right)).hasSize(1);
    }
  }

  /**
   * Spreads what is for a virtual address over servers, rewrites the destination in place and puts
   * the datagram in again, at the start of the next duty cycle.
   */
  private static final class LoadBalancer implements PacketFilter {
    private static final int VIRTUAL = IpAddress.parse("10.77.0.1").v4Bits();

    private final Shard shard;
    private final int[] servers;

    LoadBalancer(Shard shard, String... servers) {
      this.shard = shard;
      this.servers =
          java.util.Arrays.stream(servers)
              .mapToInt(each -> IpAddress.parse(each).v4Bits())
              .toArray();
    }

    @Override
    public int filter(Frame frame, NetInterface at, int hook, long now) {
      long ip = frame.l3Address();
      if (hook != Hook.PRE_ROUTING || Bytes.i32(ip + 16) != VIRTUAL) {
        return Verdict.ACCEPT;
      }
      int server = servers[Bytes.u16(ip + 20) % servers.length];
      for (int half = 0; half < 4; half += 2) {
        int before = Bytes.u16(ip + 16 + half);
        Bytes.put16(ip + 16 + half, server >>> (16 - 8 * half));
        int after = Bytes.u16(ip + 16 + half);
        Bytes.put16(ip + 10, Checksum.update(Bytes.u16(ip + 10), before, after));
      }
      shard.later(() -> shard.inject(frame, at, shard.clock().now()));
      return Verdict.STEAL;
    }
  }

  @Test
  void aLoadBalancer() {
    try (RouterFixture router = new RouterFixture()) {
      router.stack.filter(
          shard -> new LoadBalancer(shard, RouterFixture.RIGHT_HOST, RouterFixture.NEXT_ROUTER));
      for (int port = 10; port < 14; port++) {
        router.fromLeft(
            Packets.udp(port, 80, new byte[4]).from(RouterFixture.LEFT_HOST).to("10.77.0.1"));
        IpV4Packet sent = RouterFixture.datagrams(router.right).getFirst();
        assertThat(sent.getHeader().getDstAddr().getHostAddress())
            .isEqualTo(port % 2 == 0 ? RouterFixture.RIGHT_HOST : RouterFixture.NEXT_ROUTER);
      }
      // What goes elsewhere is left alone.
      router.expectDrop(DropReason.IP_NO_ROUTE, fromLeft("10.77.0.2"));
    }
  }

  @Test
  void whatIsPutInIsValidatedLikeWhatComesIn() {
    try (RouterFixture router = new RouterFixture(1500, ForwardingConfig.defaults(), b -> {})) {
      for (int length : new int[] {0, 1, 19, 20}) {
        Frame frame = router.shard.pool().allocate();
        long at = frame.append(length);
        for (int i = 0; i < length; i++) {
          Bytes.put8(at + i, 0x45);
        }
        long before = router.shard.counters().totalDrops();
        router.shard.inject(frame, router.shard.networkInterface(0), router.now());
        assertThat(router.shard.counters().totalDrops()).isEqualTo(before + 1);
      }
    }
  }
}
