package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.ForwardingConfig;
import io.millrace.net.NetStack;
import io.millrace.testkit.host.TestPort;
import io.millrace.time.ShardClock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Redirects that a host receives: RFC 792, RFC 1122 §3.2.2.2. */
class RedirectsTest {
  private static final String FAR = "192.0.2.1";
  private static final String BETTER = "10.0.0.77";
  private static final long BETTER_MAC = TestHost.PEER_MAC + 0x77;
  private static final byte[] DATA = Packets.random(3, 24);

  private static TestHost host(int redirects) {
    return TestHost.start(
            1500, 0, Ipv4Config.defaults().withRedirects(redirects), TestHost.OURS + "/24")
        .introduce(TestHost.ROUTER, TestHost.PEER_MAC)
        .introduce(BETTER, BETTER_MAC);
  }

  private static Packets.Ip redirect(int code, String destination, String better) {
    byte[] sent = Packets.udp(1, 2, DATA).from(TestHost.OURS).to(destination).datagram();
    return Packets.ip(1, Packets.icmp(5, code, Packets.bits(better), sent)).from(TestHost.ROUTER);
  }

  private static String sentTo(TestHost host, String destination) {
    host.send(host.routeTo(destination), Packets.udpPacket(1, 2, DATA), true);
    return host.sentOne().getHeader().getDstAddr().toString();
  }

  private static final String BY_ROUTER = "02:00:00:00:00:02";
  private static final String BY_BETTER = "02:00:00:00:00:79";

  @Tag("rfc1122:3.2.2.2-2")
  @Tag("rfc1122:3.2.2.2-3")
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void changesTheRouteOfTheDestinationAndOfNoOther(int code) {
    try (TestHost host = host(8)) {
      Ipv4Route before = host.routeTo(FAR);
      assertThat(sentTo(host, FAR)).isEqualTo(BY_ROUTER);
      host.receive(redirect(code, FAR, BETTER).build());
      assertThat(host.shard.counters().totalDrops()).isZero();
      assertThat(sentTo(host, FAR)).isEqualTo(BY_BETTER);
      assertThat(sentTo(host, "192.0.2.2")).isEqualTo(BY_ROUTER);
      // Who has the route already follows as well.
      host.send(before, Packets.udpPacket(1, 2, DATA), true);
      assertThat(host.sentOne().getHeader().getDstAddr().toString()).isEqualTo(BY_BETTER);
    }
  }

  @Tag("rfc1122:3.2.2.2-4")
  @ParameterizedTest
  @CsvSource({
    "10.0.0.9, 1, 192.0.2.1, 10.0.0.77, not from the router",
    "10.0.0.254, 4, 192.0.2.1, 10.0.0.77, no such code",
    "10.0.0.254, 1, 192.0.2.1, 10.5.0.77, not on the link",
    "10.0.0.254, 1, 192.0.2.1, 10.0.0.254, the router itself",
    "10.0.0.254, 1, 192.0.2.1, 10.0.0.1, ourselves",
    "10.0.0.254, 1, 192.0.2.1, 10.0.0.255, everybody",
    "10.0.0.254, 1, 10.0.0.9, 10.0.0.77, a neighbor needs no router",
    "10.0.0.254, 1, 127.0.0.1, 10.0.0.77, ourselves",
    "10.0.0.254, 1, 224.0.0.9, 10.0.0.77, a group",
  })
  void isSilentlyDiscardedIfItCannotBeRight(
      String from, int code, String destination, String better, String why) {
    try (TestHost host = host(8).introducePeer()) {
      host.expectDrop(
          DropReason.ICMP_IGNORED, redirect(code, destination, better).from(from).build());
      assertThat(host.sent()).as(why).isEmpty();
      assertThat(sentTo(host, FAR)).isEqualTo(BY_ROUTER);
    }
  }

  @Test
  void isIgnoredIfItQuotesWhatWeCannotHaveSent() {
    try (TestHost host = host(8)) {
      byte[] others = Packets.udp(1, 2, DATA).from("10.0.0.3").to(FAR).datagram();
      byte[] message = Packets.icmp(5, 1, Packets.bits(BETTER), others);
      host.expectDrop(
          DropReason.ICMP_IGNORED, Packets.ip(1, message).from(TestHost.ROUTER).build());
      host.expectDrop(
          DropReason.ICMP_IGNORED,
          Packets.ip(1, Packets.icmp(5, 1, Packets.bits(BETTER), new byte[8]))
              .from(TestHost.ROUTER)
              .build());
      assertThat(sentTo(host, FAR)).isEqualTo(BY_ROUTER);
    }
  }

  @Test
  void isIgnoredUnlessTheHostIsToldToFollow() {
    try (TestHost host = host(0)) {
      assertThat(Ipv4Config.defaults().redirects()).isZero();
      host.expectDrop(DropReason.ICMP_IGNORED, redirect(1, FAR, BETTER).build());
      assertThat(sentTo(host, FAR)).isEqualTo(BY_ROUTER);
    }
  }

  @Test
  void isIgnoredByARouter() {
    TestPort port = new TestPort(1500, 0);
    try (NetStack stack =
        NetStack.builder()
            .driven(ShardClock.of(() -> TestHost.SECOND))
            .port(port, TestHost.OURS + "/24")
            .route("0.0.0.0/0", TestHost.ROUTER)
            .with(Ipv4Config.defaults().withRedirects(8))
            .with(ForwardingConfig.defaults())
            .start()) {
      port.put(redirect(1, FAR, BETTER).build());
      stack.shard(0).step();
      assertThat(stack.dropped(DropReason.ICMP_IGNORED)).isEqualTo(1);
    }
  }

  @Test
  void aRouterThatDoesNotAnswerIsNotUsedAnyMore() {
    try (TestHost host = host(8)) {
      host.receive(redirect(1, FAR, "10.0.0.78").build());
      host.send(host.routeTo(FAR), Packets.udpPacket(1, 2, DATA), true);
      host.advance(4 * TestHost.SECOND);
      host.sent();
      assertThat(sentTo(host, FAR)).isEqualTo(BY_ROUTER);
    }
  }

  @Test
  void manyDestinationsTakeABoundedPlace() {
    try (TestHost host = host(4)) {
      for (int i = 1; i <= 9; i++) {
        host.receive(redirect(1, "192.0.2." + i, BETTER).build());
      }
      for (int i = 1; i <= 9; i++) {
        assertThat(sentTo(host, "192.0.2." + i)).isEqualTo(i <= 5 ? BY_ROUTER : BY_BETTER);
      }
    }
  }

  @Test
  void aLaterOneForTheSameDestinationCounts() {
    try (TestHost host = host(8)) {
      host.receive(redirect(1, FAR, "10.0.0.78").build());
      host.receive(redirect(1, FAR, BETTER).from("10.0.0.78").build());
      assertThat(sentTo(host, FAR)).isEqualTo(BY_BETTER);
    }
  }
}
