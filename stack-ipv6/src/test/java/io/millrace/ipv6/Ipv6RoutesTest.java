package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.IpRoute;
import io.millrace.ip.NextHop;
import io.millrace.ip.NextHops;
import io.millrace.net.NetInterface;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Configured routes beside those that Neighbor Discovery finds out. */
class Ipv6RoutesTest {
  private static final IpPrefix NETWORK = IpPrefix.parse("2001:db8:7::/48");
  private static final IpAddress DESTINATION = IpAddress.parse("2001:db8:7::1");
  private static final IpAddress ONE = IpAddress.parse("fe80::1");
  private static final IpAddress OTHER = IpAddress.parse("fe80::2");

  private final RouterFixture host = new RouterFixture(1500, null, builder -> {});
  private final NetInterface left = host.shard.networkInterface(0);
  private final NetInterface right = host.shard.networkInterface(1);
  private final Ipv6Routes routes = new Ipv6Routes();

  @AfterEach
  void close() {
    host.close();
  }

  private NextHops ways() {
    return routes.lookup(DESTINATION.hi(), DESTINATION.lo());
  }

  private static NextHop to(NetInterface through, IpAddress via, int metric) {
    return new NextHop(through, via, metric, null);
  }

  @Test
  void whatIsConfiguredComesBeforeTheLinkAndThatBeforeWhatIsLearned() {
    routes.put(Ipv6Routes.Kind.LEARNED, NETWORK, ONE, left);
    assertThat(ways().first().viaLo()).isEqualTo(1);
    routes.put(Ipv6Routes.Kind.ON_LINK, NETWORK, null, right);
    assertThat(ways().first().isOnLink()).isTrue();
    routes.add(NETWORK, to(left, OTHER, 1000));
    assertThat(ways().first().viaLo()).isEqualTo(2);
    routes.remove(NETWORK, to(left, OTHER, 0));
    assertThat(ways().first().isOnLink()).isTrue();
    routes.remove(Ipv6Routes.Kind.ON_LINK, NETWORK, right);
    assertThat(ways().first().viaLo()).isEqualTo(1);
    routes.remove(Ipv6Routes.Kind.LEARNED, NETWORK, left);
    assertThat(ways()).isNull();
  }

  @Test
  void ofTwoLinksWithOnePrefixTheNewestCounts() {
    routes.put(Ipv6Routes.Kind.ON_LINK, NETWORK, null, left);
    routes.put(Ipv6Routes.Kind.ON_LINK, NETWORK, null, right);
    assertThat(ways().isSingle()).isTrue();
    assertThat(ways().first().through()).isSameAs(right);
    routes.remove(Ipv6Routes.Kind.ON_LINK, NETWORK, right);
    assertThat(ways().first().through()).isSameAs(left);
  }

  @Test
  void aWayThatIsConfiguredAndLearnedGoesWhenNeitherIsLeft() {
    routes.put(Ipv6Routes.Kind.LEARNED, NETWORK, ONE, left);
    routes.add(NETWORK, to(left, ONE, 5));
    assertThat(ways().all()).extracting(NextHop::metric).containsExactly(5);
    routes.remove(NETWORK, to(left, ONE, 0));
    assertThat(ways().first().viaLo()).isEqualTo(1);
    routes.add(NETWORK, to(left, ONE, 5));
    routes.remove(Ipv6Routes.Kind.LEARNED, NETWORK, left);
    assertThat(ways().all()).extracting(NextHop::metric).containsExactly(5);
    routes.remove(NETWORK, to(left, ONE, 0));
    assertThat(ways()).isNull();
  }

  @Test
  void whatIsLearnedIsNotTakenAwayByHand() {
    routes.put(Ipv6Routes.Kind.LEARNED, NETWORK, ONE, left);
    routes.remove(NETWORK, to(left, ONE, 0));
    assertThat(ways().first().viaLo()).isEqualTo(1);
  }

  @Test
  void bitsBehindThePrefixMeanNothing() {
    routes.put(Ipv6Routes.Kind.ON_LINK, IpPrefix.parse("2001:db8:7::9/48"), null, left);
    assertThat(routes.ways(NETWORK)).isNotNull();
    routes.remove(Ipv6Routes.Kind.ON_LINK, IpPrefix.parse("2001:db8:7::3/48"), left);
    assertThat(routes.ways(NETWORK)).isNull();
  }

  /** As an application sees them: {@link io.millrace.net.NetStack#addRoute}. */
  @Nested
  class OfTheStack {
    private static final String NEXT_ROUTER = RouterFixture.NEXT_ROUTER;

    private Ipv6Route routeTo(String destination) {
      host.step();
      IpAddress to = IpAddress.parse(destination);
      return (Ipv6Route) host.family.route(0, 0, to.hi(), to.lo());
    }

    @Test
    void theSmallestMetricCounts() {
      host.stack.addRoute(IpRoute.of("2001:db8:7::/48", "fe80::1", 0).withMetric(10));
      host.stack.addRoute(IpRoute.of("2001:db8:7::/48", NEXT_ROUTER, 1).withMetric(20));
      assertThat(routeTo("2001:db8:7::1").networkInterface()).isSameAs(left);
      host.stack.removeRoute(IpRoute.of("2001:db8:7::/48", "fe80::1", 0));
      assertThat(routeTo("2001:db8:7::1").networkInterface()).isSameAs(right);
      host.stack.removeRoute(IpRoute.of("2001:db8:7::/48", NEXT_ROUTER, 1));
      assertThat(routeTo("2001:db8:7::1")).isNull();
    }

    @Test
    void aRouteSaysWhichAddressToSendFrom() {
      host.stack.addRoute(
          IpRoute.of("2001:db8:7::/48", NEXT_ROUTER, 1).withSource(RouterFixture.LEFT));
      IpAddress source = IpAddress.parse(RouterFixture.LEFT);
      assertThat(routeTo("2001:db8:7::1").sourceLo()).isEqualTo(source.lo());
      assertThat(routeTo("2001:db8:7::1").sourceHi()).isEqualTo(source.hi());
    }

    @Test
    void theZoneOfARouterIsThatOfThePort() {
      host.stack.addRoute(new IpRoute(NETWORK, host.stack.address("fe80::9%2"), 1, 0, null));
      assertThat(routeTo("2001:db8:7::1")).isNotNull();
      host.stack.removeRoute(IpRoute.of("2001:db8:7::/48", NEXT_ROUTER, 1));
      assertThat(routeTo("2001:db8:7::1")).isNull();
    }

    @Test
    void theMetricsOfWhatIsFoundOutAreNobodyElses() {
      NextHop hop = to(left, ONE, Ipv6Routes.FIRST_FOUND_METRIC);
      assertThatThrownBy(() -> host.family.addRoute(NETWORK, hop))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("metric");
    }
  }
}
