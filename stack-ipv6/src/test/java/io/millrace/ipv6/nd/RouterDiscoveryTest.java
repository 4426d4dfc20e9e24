package io.millrace.ipv6.nd;

import static io.millrace.ipv6.nd.Lab.PEER_MAC;
import static io.millrace.ipv6.nd.Lab.ROUTER;
import static io.millrace.ipv6.nd.Lab.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6RouterConfig;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Routers as a host finds and chooses them: RFC 4861 §6.3, RFC 4191, RFC 8106, RFC 8028. */
class RouterDiscoveryTest {
  private static final String DEFAULT = "0:0:0:0:0:0:0:0/0";
  private static final String FIRST = "fe80:0:0:0:0:0:0:ff";
  private static final String OTHER = "fe80::ee";
  private static final String SECOND_ROUTER = "fe80:0:0:0:0:0:0:ee";
  private static final int HIGH = 0x08;
  private static final int LOW = 0x18;

  // ---- solicitations, §6.3.7 and RFC 7559 ----

  @Tag("rfc4861:6.3.7-1")
  @Test
  void routers_are_asked_for_when_there_is_a_link_local_address() {
    try (Lab lab = new Lab()) {
      lab.nd.start(lab.on, lab.now());
      lab.nd.autoconfigure(lab.on, lab.now());
      lab.advance(3 * SECOND);
      IpAddress ours = lab.addresses.keySet().iterator().next();
      Packet asked = lab.sent().getLast();
      assertThat(asked.toString()).isEqualTo("RS from " + ours + " to ff02:0:0:0:0:0:0:2");
      assertThat(asked.hopLimit()).isEqualTo(255);
      assertThat(asked.value48(1)).isEqualTo(Lab.OUR_MAC);
    }
  }

  @Test
  void they_are_asked_for_ever_more_rarely() {
    try (Lab lab = Lab.auto()) {
      List<Long> times = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        while (lab.sent().isEmpty()) {
          lab.advance(SECOND / 10);
        }
        times.add(lab.now());
      }
      for (int i = 2; i < times.size(); i++) {
        double ratio =
            (double) (times.get(i) - times.get(i - 1)) / (times.get(i - 1) - times.get(i - 2));
        assertThat(ratio).isBetween(1.6, 2.5);
      }
    }
  }

  @Tag("rfc4861:6.3.7-2")
  @Test
  void an_advertisement_ends_the_questions() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(65_535));
      lab.advance(1_000 * SECOND);
      assertThat(lab.sent()).isEmpty();
    }
  }

  @Test
  void one_that_is_no_default_router_does_not() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(0));
      lab.advance(100 * SECOND);
      assertThat(lab.sent()).isNotEmpty();
    }
  }

  @Test
  void without_auto_nobody_is_asked_and_nobody_is_believed() {
    try (Lab lab = Lab.withAddress()) {
      lab.expectDrop(DropReason.ND_IGNORED, Packet.of(ROUTER, "ff02::1", Packet.ra(1_800)));
      assertThat(lab.routes).isEmpty();
    }
  }

  @Tag("rfc4862:5.5.1-1")
  @Test
  void who_advertises_does_not_listen_to_routers() {
    try (Lab lab = Lab.auto()) {
      lab.nd.advertise(lab.on, Ipv6RouterConfig.Link.of(0), lab.now());
      lab.advance(SECOND / 10);
      lab.sent();
      lab.expectDrop(DropReason.ND_IGNORED, Packet.of(ROUTER, "ff02::1", Packet.ra(1_800)));
      lab.nd.close(lab.now());
    }
  }

  /** RFC 7084 §4.2, W-1. */
  @Test
  void who_forwards_listens_where_it_was_told_to() {
    try (Lab lab = Lab.auto()) {
      lab.router = true;
      lab.receive(Packet.of(ROUTER, "ff02::1", Packet.ra(1_800)));
      assertThat(lab.routes).hasSize(1);
    }
  }

  // ---- the default router, §6.3.4 and §6.3.6 ----

  @Tag("rfc4861:6.3.4-2")
  @Test
  void a_router_is_the_default_route_for_its_lifetime() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(1_800), Packet.sourceMac(PEER_MAC));
      assertThat(lab.routes).containsOnly(java.util.Map.entry(DEFAULT, FIRST));
      assertThat(lab.neighbor(ROUTER).mac()).isEqualTo(PEER_MAC);
      lab.advance(1_799 * SECOND);
      assertThat(lab.routes).isNotEmpty();
      lab.advance(2 * SECOND);
      assertThat(lab.routes).isEmpty();
    }
  }

  @Tag("rfc4861:6.3.4-2")
  @Test
  void a_lifetime_of_zero_ends_it_at_once() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(1_800));
      lab.advertise(Packet.ra(0));
      assertThat(lab.routes).isEmpty();
    }
  }

  @Tag("rfc4861:6.3.4-7")
  @Tag("rfc4861:6.3.5-1")
  @Test
  void the_first_of_equals_stays_and_the_second_takes_over() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(600));
      lab.advertiseFrom(OTHER, Packet.ra(1_800));
      assertThat(lab.routes).containsEntry(DEFAULT, FIRST);
      lab.advance(601 * SECOND);
      assertThat(lab.routes).containsEntry(DEFAULT, SECOND_ROUTER);
    }
  }

  @Test
  void a_preferred_router_is_chosen() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(1_800));
      lab.advertiseFrom(OTHER, Packet.ra(0, HIGH, 1_800, 0, 0));
      assertThat(lab.routes).containsEntry(DEFAULT, SECOND_ROUTER);
      lab.advertiseFrom(OTHER, Packet.ra(0, LOW, 1_800, 0, 0));
      assertThat(lab.routes).containsEntry(DEFAULT, FIRST);
    }
  }

  @Tag("rfc4861:6.3.6-1")
  @Test
  void one_that_does_not_answer_gives_way_for_a_minute() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(0, HIGH, 1_800, 0, 0), Packet.sourceMac(PEER_MAC));
      lab.advertiseFrom(OTHER, Packet.ra(1_800), Packet.sourceMac(Lab.OTHER_MAC));
      assertThat(lab.routes).containsEntry(DEFAULT, FIRST);
      lab.sendTo("2001:db8::1", ROUTER);
      lab.advance(9 * SECOND);
      assertThat(lab.routes)
          .as("STALE, DELAY, three questions")
          .containsEntry(DEFAULT, SECOND_ROUTER);
      // That it advertises proves one direction only.
      lab.advertise(Packet.ra(0, HIGH, 1_800, 0, 0), Packet.sourceMac(PEER_MAC));
      assertThat(lab.routes).containsEntry(DEFAULT, SECOND_ROUTER);
      lab.advance(60 * SECOND);
      assertThat(lab.routes).containsEntry(DEFAULT, FIRST);
    }
  }

  @Test
  void one_that_answers_again_is_back_at_once() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(0, HIGH, 1_800, 0, 0), Packet.sourceMac(PEER_MAC));
      lab.advertiseFrom(OTHER, Packet.ra(1_800));
      lab.sendTo("2001:db8::1", ROUTER);
      lab.advance(9 * SECOND);
      assertThat(lab.routes).containsEntry(DEFAULT, SECOND_ROUTER);
      lab.sendTo("2001:db8::1", ROUTER);
      IpAddress ours = lab.addresses.keySet().iterator().next();
      lab.receive(
          Packet.of(ROUTER, ours.toString(), Packet.na(ROUTER, "RSO"), Packet.targetMac(PEER_MAC)));
      assertThat(lab.routes).containsEntry(DEFAULT, FIRST);
    }
  }

  @Tag("rfc4861:6.3.6-1")
  @Test
  void when_none_answers_they_are_tried_in_turn() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(1_800));
      lab.advertiseFrom(OTHER, Packet.ra(1_800));
      List<String> tried = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        String via = lab.routes.get(DEFAULT);
        tried.add(via);
        lab.sendTo("2001:db8::1", via);
        lab.advance(10 * SECOND);
      }
      assertThat(tried).containsExactly(FIRST, SECOND_ROUTER, FIRST, SECOND_ROUTER);
    }
  }

  @Tag("rfc4861:7.2.5-5")
  @Test
  void one_that_says_it_is_a_host_now_is_no_router_any_more() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(1_800), Packet.sourceMac(PEER_MAC));
      lab.receive(Packet.of(ROUTER, "ff02::1", Packet.na(ROUTER, "O"), Packet.targetMac(PEER_MAC)));
      assertThat(lab.routes).isEmpty();
    }
  }

  @Tag("rfc4861:6.3.4-7")
  @Test
  void a_flood_of_routers_stays_within_the_bound_and_keeps_the_preferred() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(0, HIGH, 1_800, 0, 0));
      for (int i = 1; i < 8; i++) {
        lab.advertiseFrom("fe80::" + i, Packet.ra(1_800));
      }
      for (int i = 8; i < 1_000; i++) {
        lab.expectDrop(DropReason.ND_FULL, Packet.of("fe80::" + i, "ff02::1", Packet.ra(1_800)));
      }
      assertThat(lab.routes).containsEntry(DEFAULT, FIRST);
    }
  }

  // ---- more-specific routes, RFC 4191 ----

  @Test
  void a_router_may_be_one_for_a_prefix_only() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(1_800));
      lab.advertiseFrom(OTHER, Packet.ra(0), Packet.route("2001:db8:77:88::", 56, 0, 600));
      assertThat(lab.routes)
          .containsEntry(DEFAULT, FIRST)
          .containsEntry("2001:db8:77:0:0:0:0:0/56", SECOND_ROUTER);
      lab.advance(601 * SECOND);
      assertThat(lab.routes).containsOnlyKeys(DEFAULT);
    }
  }

  @Test
  void a_prefix_whose_router_does_not_answer_goes_the_default_way() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(1_800));
      lab.advertiseFrom(OTHER, Packet.ra(0), Packet.route("2001:db8:77::", 56, 0, 600));
      lab.sendTo("2001:db8::1", OTHER);
      lab.advance(9 * SECOND);
      assertThat(lab.routes).containsOnlyKeys(DEFAULT);
      lab.advance(60 * SECOND);
      assertThat(lab.routes).hasSize(2);
    }
  }

  @Test
  void a_route_of_no_length_stands_above_the_header() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(1_800));
      lab.advertiseFrom(OTHER, Packet.ra(1_800), Packet.route("::", 0, 1, 600));
      assertThat(lab.routes).containsOnly(java.util.Map.entry(DEFAULT, SECOND_ROUTER));
    }
  }

  @Test
  void senseless_routes_are_ignored() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(
          Packet.ra(0),
          Packet.route("2001:db8::", 129, 0, 600),
          Packet.route("2001:db8::", 65, 0, 600), // needs 16 bytes of prefix
          Packet.route("2001:db8::", 32, -2, 600), // reserved preference
          Packet.route("ff02::", 16, 0, 600),
          Packet.route("fe80::", 64, 0, 600));
      assertThat(lab.routes).isEmpty();
    }
  }

  // ---- what is on the link, §6.3.4 ----

  @Tag("rfc4861:6.3.4-4")
  @Tag("rfc4861:6.3.4-5")
  @Tag("rfc4861:6.3.4-6")
  @Test
  void a_prefix_is_on_the_link_if_it_says_so_and_for_as_long() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(
          Packet.ra(0),
          Packet.prefix("2001:db8::", 64, "L", 600, 600),
          Packet.prefix("2001:db8:2::", 64, "", 600, 600),
          Packet.prefix("fe80::", 64, "L", 600, 600));
      assertThat(lab.onLink).containsExactly("2001:db8:0:0:0:0:0:0/64");
      lab.advance(599 * SECOND);
      assertThat(lab.onLink).hasSize(1);
      lab.advance(2 * SECOND);
      assertThat(lab.onLink).isEmpty();
    }
  }

  @Tag("rfc4861:6.3.4-4")
  @Test
  void a_valid_lifetime_of_zero_takes_it_off_the_link() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(0), Packet.prefix("2001:db8::", 64, "L", 0xffff_ffffL, 0));
      assertThat(lab.onLink).hasSize(1);
      lab.advance(100_000 * SECOND);
      assertThat(lab.onLink).as("all ones are for ever").hasSize(1);
      lab.advertise(Packet.ra(0), Packet.prefix("2001:db8::", 64, "L", 0, 0));
      assertThat(lab.onLink).isEmpty();
    }
  }

  @Test
  void a_flood_of_prefixes_stays_within_the_bounds() {
    try (Lab lab = Lab.auto()) {
      for (int i = 0; i < 1_000; i++) {
        String prefix = "2001:db8:" + Integer.toHexString(i) + "::";
        lab.advertise(
            Packet.ra(0),
            Packet.prefix(prefix, 64, "LA", 600, 600),
            Packet.route(prefix, 64, 0, 600));
      }
      lab.advance(3 * SECOND);
      assertThat(lab.onLink).hasSize(16);
      assertThat(lab.globals()).hasSize(16);
      assertThat(lab.routes).hasSize(16);
    }
  }

  // ---- the link's variables, §6.3.4 ----

  @Tag("rfc4861:6.3.4-1")
  @Tag("rfc4861:6.3.4-3")
  @Test
  void hop_limit_and_mtu_are_taken_where_they_make_sense() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(0, 0, 0, 0, 0), Packet.mtu(1_279));
      lab.advertise(Packet.ra(0), Packet.mtu(1_501));
      assertThat(lab.hopLimit).as("unspecified").isZero();
      assertThat(lab.mtu).as("impossible").isZero();
      lab.advertise(Packet.ra(55, 0, 0, 0, 0), Packet.mtu(1_400));
      assertThat(lab.hopLimit).isEqualTo(55);
      assertThat(lab.mtu).isEqualTo(1_400);
    }
  }

  @Tag("rfc4861:6.3.4-1")
  @Test
  void times_of_neighbors_are_taken() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(0, 0, 1_800, 5_000, 3_000));
      long start = lab.now();
      lab.sendTo("2001:db8::1", Lab.PEER);
      lab.advance(8 * SECOND);
      assertThat(lab.sent()).as("every three seconds now").hasSize(3);
      lab.advance(2 * SECOND);
      assertThat(lab.unreachable).containsExactly(start + 9 * SECOND);
    }
  }

  // ---- DNS, RFC 8106 ----

  @Test
  void servers_and_domains_are_known_for_as_long_as_they_are_advertised() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(
          Packet.ra(0),
          Packet.dnsServers(600, "2001:db8::53", "2001:db8::54"),
          // example.org and lab
          Packet.dnsSearch(300, "07 6578616d706c65 03 6f7267 00 03 6c6162 00"));
      assertThat(lab.shard.nameServers().servers())
          .containsExactly(IpAddress.parse("2001:db8::53"), IpAddress.parse("2001:db8::54"));
      assertThat(lab.shard.nameServers().domains()).containsExactly("example.org", "lab");
      lab.advance(301 * SECOND);
      assertThat(lab.shard.nameServers().domains()).isEmpty();
      assertThat(lab.shard.nameServers().servers()).hasSize(2);
      lab.advertise(Packet.ra(0), Packet.dnsServers(0, "2001:db8::53"));
      assertThat(lab.shard.nameServers().servers())
          .containsExactly(IpAddress.parse("2001:db8::54"));
      lab.advance(300 * SECOND);
      assertThat(lab.shard.nameServers().servers()).isEmpty();
    }
  }

  @Test
  void senseless_servers_and_domains_are_ignored() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(
          Packet.ra(0),
          Packet.dnsServers(600),
          Packet.hex("19 02 0000 00000258 2001 0db8 0000 0000"),
          Packet.dnsServers(600, "ff02::1", "::1", "::"),
          Packet.dnsSearch(600, "07 6578616d"),
          Packet.dnsSearch(600, "03 61 20 62 00"), // "a b"
          Packet.dnsSearch(600, "c0 0c 00"), // compression
          Packet.dnsSearch(600, ""));
      assertThat(lab.shard.nameServers().servers()).isEmpty();
      assertThat(lab.shard.nameServers().domains()).isEmpty();
    }
  }

  // ---- the router of a source address, RFC 8028 ----

  @Test
  void what_a_router_gave_the_prefix_of_goes_through_that_router() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(1_800), Packet.prefix("2001:db8:1::", 64, "LA", 600, 600));
      lab.advertiseFrom(OTHER, Packet.ra(1_800), Packet.prefix("2001:db8:2::", 64, "LA", 600, 600));
      assertThat(routerFor(lab, "2001:db8:1::5")).isEqualTo(IpAddress.parse(FIRST));
      assertThat(routerFor(lab, "2001:db8:2::5")).isEqualTo(IpAddress.parse(SECOND_ROUTER));
      assertThat(routerFor(lab, "2001:db8:3::5")).isNull();
      lab.sendTo("2001:db8:2::5", OTHER);
      lab.advance(9 * SECOND);
      assertThat(routerFor(lab, "2001:db8:2::5")).as("it does not answer").isNull();
    }
  }

  private static IpAddress routerFor(Lab lab, String source) {
    IpAddress from = IpAddress.parse(source);
    return lab.nd.routerFor(lab.on, from.hi(), from.lo(), lab.now());
  }

  // ---- validation, §6.1.2 ----

  @Tag("rfc4861:6.1.2-1")
  @Test
  void invalid_advertisements_are_dropped() {
    try (Lab lab = Lab.auto()) {
      Packet good = Packet.of(ROUTER, "ff02::1", Packet.ra(1_800), Packet.sourceMac(PEER_MAC));
      for (Packet bad :
          List.of(
              good.withHopLimit(254),
              good.with(1, 1),
              good.cut(15),
              good.cut(20),
              good.with(17, 0),
              Packet.of("2001:db8::ff", "ff02::1", Packet.ra(1_800)),
              Packet.of("::", "ff02::1", Packet.ra(1_800)))) {
        lab.expectDrop(DropReason.ND_MALFORMED, bad);
      }
      assertThat(lab.routes).isEmpty();
    }
  }
}
