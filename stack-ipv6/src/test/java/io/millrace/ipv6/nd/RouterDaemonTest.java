package io.millrace.ipv6.nd;

import static io.millrace.ipv6.nd.Lab.PEER_MAC;
import static io.millrace.ipv6.nd.Lab.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ipv6.Ipv6Autoconf;
import io.millrace.ipv6.Ipv6RouterConfig;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The stack as a router to hosts: RFC 4861 §6.2 and §8.2. */
class RouterDaemonTest {
  private static final Ipv6RouterConfig.Link CONFIG =
      Ipv6RouterConfig.Link.of(0, "2001:db8:5::/64");

  private static Lab advertising(Ipv6RouterConfig.Link config) {
    Lab lab = new Lab();
    lab.nd.start(lab.on, lab.now());
    lab.nd.advertise(lab.on, config, lab.now());
    while (next(lab) == null) {
      lab.advance(SECOND / 10);
    }
    return lab;
  }

  private static Packet next(Lab lab) {
    return lab.sent.stream().filter(each -> each.type() == Packet.RA).findFirst().orElse(null);
  }

  /** When the next advertisements are sent. */
  private static List<Long> times(Lab lab, int count) {
    List<Long> times = new ArrayList<>();
    lab.sent();
    while (times.size() < count) {
      lab.advance(SECOND / 100);
      if (next(lab) != null) {
        times.add(lab.now());
        lab.sent();
      }
    }
    return times;
  }

  private static Packet solicitation() {
    return Packet.of(
        "fe80::2", "ff02::2", Packet.hex("85 00 0000 00000000"), Packet.sourceMac(PEER_MAC));
  }

  @Tag("rfc4861:6.2.2-1")
  @Tag("rfc4861:6.2.3-1")
  @Test
  void the_first_one_goes_to_all_nodes_as_soon_as_there_is_a_link_local_address() {
    try (Lab lab = advertising(CONFIG)) {
      Packet ra = next(lab);
      IpAddress ours = lab.addresses.keySet().iterator().next();
      assertThat(ra.toString()).isEqualTo("RA from " + ours + " to ff02:0:0:0:0:0:0:1");
      assertThat(ra.hopLimit()).isEqualTo(255);
      assertThat(lab.groups).containsKey("ff02:0:0:0:0:0:0:2");
    }
  }

  @Tag("rfc4861:6.2.3-1")
  @Test
  void it_says_what_is_configured() {
    Ipv6RouterConfig.Link config =
        new Ipv6RouterConfig.Link(
            0,
            200,
            600,
            1,
            true,
            true,
            55,
            1_400,
            30_000,
            2_000,
            List.of(
                new Ipv6RouterConfig.Prefix(
                    IpPrefix.parse("2001:db8:5::77/64"), true, true, 86_400, 3_600)),
            List.of(new Ipv6RouterConfig.Route(IpPrefix.parse("2001:db8:6::/48"), -1, 900)),
            List.of(IpAddress.parse("2001:db8::53")),
            List.of("example.org", "lab"));
    try (Lab lab = advertising(config)) {
      assertThat(HexFormat.of().formatHex(next(lab).bytes()))
          .isEqualTo(
              "86000000"
                  + "37c80258"
                  + "00007530"
                  + "000007d0"
                  + "0101020000000001"
                  + "0501000000000578"
                  + "030440c0"
                  + "00015180"
                  + "00000e10"
                  + "00000000"
                  + "20010db8000500000000000000000000"
                  + "18033018"
                  + "00000384"
                  + "20010db8000600000000000000000000"
                  + "19030000"
                  + "00000258"
                  + "20010db8000000000000000000000053"
                  + "1f040000"
                  + "00000258"
                  + "076578616d706c65036f726700"
                  + "036c616200"
                  + "000000000000");
    }
  }

  @Test
  void a_host_of_ours_understands_it() {
    try (Lab router = advertising(CONFIG);
        Lab host = Lab.auto(Ipv6Autoconf.defaults())) {
      Packet ra = next(router);
      host.receive(ra);
      host.advance(3 * SECOND);
      assertThat(host.routes).containsEntry("0:0:0:0:0:0:0:0/0", ra.source().toString());
      assertThat(host.globals().getFirst().hi()).isEqualTo(IpAddress.parse("2001:db8:5::").hi());
      assertThat(host.hopLimit).isEqualTo(64);
    }
  }

  @Tag("rfc4861:6.2.4-1")
  @Tag("rfc4861:6.2.4-2")
  @Test
  void three_come_soon_and_then_one_per_interval() {
    try (Lab lab = advertising(CONFIG)) {
      long before = lab.now();
      List<Long> times = times(lab, 6);
      for (int i = 0; i < times.size(); i++) {
        long gap = times.get(i) - before;
        before = times.get(i);
        if (i < 2) {
          assertThat(gap).isLessThanOrEqualTo(17 * SECOND);
        } else {
          assertThat(gap).isBetween(199 * SECOND, 601 * SECOND);
        }
      }
    }
  }

  @Tag("rfc4861:6.2.6-2")
  @Tag("rfc4861:6.2.6-3")
  @Test
  void a_solicitation_is_answered_to_all_but_not_within_three_seconds() {
    try (Lab lab = advertising(CONFIG)) {
      lab.sent();
      long first = lab.now();
      for (int i = 0; i < 20; i++) {
        lab.receive(solicitation());
      }
      List<Long> times = times(lab, 1);
      assertThat(times.getFirst() - first).isBetween(29 * SECOND / 10, 4 * SECOND);
      lab.advance(100 * SECOND);
      lab.sent();
      lab.receive(solicitation());
      lab.advance(SECOND / 2);
      assertThat(lab.sent()).hasSize(1);
      assertThat(lab.neighbor("fe80::2").mac()).isEqualTo(PEER_MAC);
    }
  }

  @Tag("rfc4861:6.2.6-1")
  @Test
  void hosts_do_not_answer_solicitations() {
    try (Lab lab = Lab.auto()) {
      lab.expectDrop(DropReason.ND_IGNORED, solicitation());
    }
  }

  @Tag("rfc4861:6.1.1-1")
  @Test
  void invalid_solicitations_are_dropped() {
    try (Lab lab = advertising(CONFIG)) {
      Packet good = solicitation();
      for (Packet bad :
          List.of(
              good.withHopLimit(254),
              good.with(1, 1),
              good.cut(7),
              good.with(9, 0),
              Packet.of(
                  "::",
                  "ff02::2",
                  Packet.hex("85 00 0000 00000000"),
                  Packet.sourceMac(PEER_MAC)))) {
        lab.expectDrop(DropReason.ND_MALFORMED, bad);
      }
    }
  }

  @Test
  void others_advertisements_are_not_taken_and_ours_say_that_we_are_a_router() {
    try (Lab lab = advertising(CONFIG)) {
      lab.nd.autoconfigure(lab.on, lab.now());
      lab.expectDrop(DropReason.ND_IGNORED, Packet.of(Lab.ROUTER, "ff02::1", Packet.ra(1_800)));
      lab.sent();
      String ours = lab.addresses.keySet().iterator().next().toString();
      lab.receive(Packet.of("fe80::2", ours, Packet.ns(ours), Packet.sourceMac(PEER_MAC)));
      assertThat(lab.sent().getFirst().flags()).isEqualTo("RSO");
    }
  }

  @Tag("rfc4861:6.2.5-1")
  @Test
  void closing_says_that_we_are_no_router_any_more() {
    try (Lab lab = advertising(CONFIG)) {
      lab.sent();
      lab.nd.close(lab.now());
      assertThat(HexFormat.of().formatHex(next(lab).bytes(), 0, 8)).isEqualTo("8600000040000000");
      lab.sent();
      lab.advance(2_000 * SECOND);
      assertThat(lab.sent()).isEmpty();
    }
  }

  @Tag("rfc4861:6.2.1-1")
  @Test
  void what_no_router_may_advertise_is_refused() {
    assertThatThrownBy(() -> CONFIG.withTimes(3, 1_800)).hasMessageContaining("4 to 1800");
    assertThatThrownBy(() -> CONFIG.withTimes(600, 599)).hasMessageContaining("600 to 9000");
    assertThatThrownBy(() -> Ipv6RouterConfig.Prefix.of("2001:db8::/48"))
        .hasMessageContaining("length 64");
    assertThatThrownBy(() -> Ipv6RouterConfig.Prefix.of("10.0.0.0/8"))
        .hasMessageContaining("not an IPv6 prefix");
    assertThatThrownBy(() -> CONFIG.withDns(List.of(), List.of("a..b")))
        .hasMessageContaining("not a domain");
  }

  // ---- redirects, §8.2 ----

  @Tag("rfc4861:8.2-2")
  @Test
  void a_redirect_quotes_the_packet_within_the_smallest_mtu() {
    for (int size : new int[] {40, 47, 48, 1_000, 1_500}) {
      try (Lab lab = advertising(CONFIG)) {
        lab.receive(
            Packet.of(
                "fe80::dd",
                "ff02::2",
                Packet.hex("85 00 0000 00000000"),
                Packet.sourceMac(PEER_MAC)));
        lab.sent();
        Frame packet = lab.shard.pool().allocate();
        Bytes.fill(packet.append(size), size, 0x5a);
        byte[] addresses =
            Packet.join(Packet.address("2001:db8:5::2"), Packet.address("2001:db8:9::1"));
        Bytes.copyIn(addresses, 0, packet.address() + 8, 32);
        IpAddress target = IpAddress.parse("fe80::dd");
        assertThat(lab.nd.sendRedirect(packet, lab.on, target.hi(), target.lo(), lab.now()))
            .isTrue();
        packet.release();
        Packet redirect = lab.sent().getFirst();
        assertThat(redirect.type()).isEqualTo(Packet.REDIRECT);
        assertThat(redirect.source().hi()).isEqualTo(NdAddress.LINK_LOCAL_HI);
        assertThat(redirect.destination()).isEqualTo(IpAddress.parse("2001:db8:5::2"));
        assertThat(redirect.target()).isEqualTo(target);
        assertThat(redirect.addressAt(24)).isEqualTo(IpAddress.parse("2001:db8:9::1"));
        assertThat(redirect.value48(2)).isEqualTo(PEER_MAC);
        assertThat(redirect.bytes().length).isLessThanOrEqualTo(1_240);
        assertThat(redirect.option(4).length).isEqualTo(8 + Math.min(size, 1_184) / 8 * 8);
      }
    }
  }
}
