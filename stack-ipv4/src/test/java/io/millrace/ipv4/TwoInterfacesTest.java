package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.testkit.host.TestPort;
import io.millrace.testkit.host.TestTransport;
import io.millrace.time.ShardClock;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A host on two links (RFC 1122 §3.3.4). */
class TwoInterfacesTest {
  private final TestPort left = new TestPort(1500, 0);
  private final TestPort right = new TestPort(1400, 0);
  private final NetStack stack =
      NetStack.builder()
          .driven(ShardClock.of(() -> TestHost.SECOND))
          .port(left, "10.0.0.1/24")
          .port(right, "10.5.0.1/24", "10.6.0.1/24")
          .start();
  private final Shard shard = stack.shard(0);

  @BeforeEach
  void announced() {
    shard.step();
    assertThat(left.takeSent()).hasSize(1);
    assertThat(right.takeSent()).hasSize(2);
  }

  @AfterEach
  void close() {
    stack.close();
  }

  private Ipv4Route routeTo(String address) {
    IpAddress to = IpAddress.parse(address);
    return (Ipv4Route) shard.route(0, 0, to.hi(), to.lo());
  }

  @Tag("rfc791:2.3-1")
  @Tag("rfc1122:3.2.1.3-1")
  @Tag("rfc1122:3.2.2.9-1")
  @Tag("rfc1122:3.3.1.1-2")
  @Tag("rfc1122:3.3.1.6-1")
  @Test
  void everyNetworkIsReachedThroughItsInterface() {
    assertThat(routeTo("10.0.0.9").networkInterface().index()).isZero();
    assertThat(routeTo("10.5.0.9").networkInterface().index()).isEqualTo(1);
    assertThat(routeTo("10.5.0.9").pathMtu()).isEqualTo(1400);
    assertThat(routeTo("10.6.0.9").source()).isEqualTo(Packets.bits("10.6.0.1"));
    assertThat(routeTo("10.7.0.9")).isNull();
    // RFC 1122 §3.3.6: out of the link that the source address is on.
    IpAddress source = IpAddress.parse("10.6.0.1");
    IpAddress all = IpAddress.parse("255.255.255.255");
    assertThat(shard.route(source.hi(), source.lo(), all.hi(), all.lo()).networkInterface().index())
        .isEqualTo(1);
  }

  @Test
  void linkAddressesAreToldOnlyWhereTheyAre() {
    left.put(Packets.arp(1, TestHost.PEER_MAC, "10.0.0.2", 0, "10.5.0.1"));
    right.put(Packets.arp(1, TestHost.PEER_MAC, "10.5.0.2", 0, "10.5.0.1"));
    shard.step();
    assertThat(left.takeSent()).isEmpty();
    assertThat(right.takeSent()).hasSize(1);
  }

  @Test
  void anyAddressOfOursIsOursOnAnyLink() {
    // The weak model of RFC 1122 §3.3.4.2.
    left.put(Packets.udp(1, 2, new byte[4]).to("10.5.0.1").build());
    shard.step();
    assertThat(((TestTransport) shard.udp()).received).hasSize(1);
  }

  @Test
  void theSameAddressOnTwoLinksIsTwoNeighbors() {
    left.put(Packets.arp(1, TestHost.PEER_MAC, "10.0.0.2", 0, "10.0.0.1"));
    shard.step();
    left.takeSent();
    Ipv4Route route = routeTo("10.5.0.2");
    route.send(shard.pool().allocate(), IpProtocol.UDP, 0, 64, true, TestHost.SECOND);
    shard.step();
    List<byte[]> asked = right.takeSent();
    assertThat(asked).hasSize(1);
    assertThat(left.takeSent()).isEmpty();
  }
}
