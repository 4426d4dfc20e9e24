package io.millrace.ipv6;

import static io.millrace.ipv6.RouterFixture.fromLeft;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.filter.Hook;
import io.millrace.filter.PacketFilter;
import io.millrace.filter.Verdict;
import io.millrace.net.NetInterface;
import io.millrace.testkit.host.TestTransport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Network functions in the path of IPv6's packets. */
class PacketFilterTest {
  /** Accepts everything and remembers where it was asked. */
  private static final class Witness implements PacketFilter {
    private final List<String> asked = new ArrayList<>();

    @Override
    public int filter(Frame frame, NetInterface at, int hook, long now) {
      assertThat(Bytes.u8(frame.l3Address()) >>> 4).as("version at hook " + hook).isEqualTo(6);
      asked.add(hook + "@" + at.index() + " hops " + Bytes.u8(frame.l3Address() + 7));
      return Verdict.ACCEPT;
    }
  }

  @Test
  void aForwardedPacketPassesThreeHooks() {
    try (RouterFixture router = new RouterFixture()) {
      Witness witness = new Witness();
      router.stack.filter(shard -> witness);
      router.fromLeft(fromLeft(RouterFixture.RIGHT_HOST));
      assertThat(witness.asked)
          .containsExactly(
              Hook.PRE_ROUTING + "@0 hops 64",
              Hook.FORWARD + "@1 hops 64",
              Hook.POST_ROUTING + "@1 hops 63");
    }
  }

  @Test
  void whatIsForUsAndWhatIsOursPassTheirs() {
    try (RouterFixture router = new RouterFixture()) {
      Witness witness = new Witness();
      router.stack.filter(shard -> witness);
      router.fromLeft(
          Packets.echo(1, 1, new byte[8]).from(RouterFixture.LEFT_HOST).to(RouterFixture.LEFT));
      assertThat(witness.asked)
          .containsExactly(
              Hook.PRE_ROUTING + "@0 hops 64",
              Hook.LOCAL_IN + "@0 hops 64",
              Hook.LOCAL_OUT + "@0 hops 64",
              Hook.POST_ROUTING + "@0 hops 64");
      assertThat(RouterFixture.frames(router.left)).hasSize(1);
    }
  }

  @Test
  void neighborDiscoveryPassesThemAsWell() {
    try (RouterFixture router = new RouterFixture()) {
      Witness witness = new Witness();
      router.stack.filter(shard -> witness);
      router.introduce(router.left, "2001:db8::9", 0x02_00_00_00_00_09L);
      assertThat(witness.asked)
          .containsExactly(
              Hook.PRE_ROUTING + "@0 hops 255",
              Hook.LOCAL_IN + "@0 hops 255",
              Hook.LOCAL_OUT + "@0 hops 255",
              Hook.POST_ROUTING + "@0 hops 255");
    }
  }

  @Test
  void fragmentsAreSeenOneByOneAndThePacketWhole() {
    try (RouterFixture router = new RouterFixture()) {
      Witness witness = new Witness();
      router.stack.filter(shard -> witness);
      byte[] data = Packets.udpPacket(1, 2, new byte[24]);
      Packets.Ip first = Packets.ip(17, Arrays.copyOf(data, 16)).fragment(1, 0, true);
      Packets.Ip last = Packets.ip(17, Arrays.copyOfRange(data, 16, 32)).fragment(1, 16, false);
      for (Packets.Ip each : List.of(first, last)) {
        router.fromLeft(each.from(RouterFixture.LEFT_HOST).to(RouterFixture.LEFT));
      }
      assertThat(witness.asked)
          .containsExactly(
              Hook.PRE_ROUTING + "@0 hops 64",
              Hook.PRE_ROUTING + "@0 hops 64",
              Hook.LOCAL_IN + "@0 hops 64");
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
        Packets.Ip ping =
            Packets.echo(1, 1, new byte[8]).from(RouterFixture.LEFT_HOST).to(RouterFixture.LEFT);
        router.expectDrop(
            DropReason.IP_BAD_SOURCE, local ? ping : fromLeft(RouterFixture.RIGHT_HOST));
        assertThat(RouterFixture.frames(router.left)).isEmpty();
        router.stack.filter(null);
        router.fromLeft(fromLeft(RouterFixture.RIGHT_HOST));
        assertThat(RouterFixture.frames(router.right)).hasSize(1);
      }
    }
  }
}
