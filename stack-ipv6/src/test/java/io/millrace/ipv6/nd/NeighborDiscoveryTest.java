package io.millrace.ipv6.nd;

import static io.millrace.ipv6.nd.Lab.OTHER_MAC;
import static io.millrace.ipv6.nd.Lab.OURS;
import static io.millrace.ipv6.nd.Lab.OUR_MAC;
import static io.millrace.ipv6.nd.Lab.PEER;
import static io.millrace.ipv6.nd.Lab.PEER_MAC;
import static io.millrace.ipv6.nd.Lab.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.link.Neighbor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Neighbor solicitations and advertisements: RFC 4861 §7. */
class NeighborDiscoveryTest {
  private static final String OUR_GROUP = "ff02::1:ff00:1";

  private static Packet solicitation() {
    return Packet.of(PEER, OUR_GROUP, Packet.ns(OURS), Packet.sourceMac(PEER_MAC));
  }

  private static Packet advertisement(String flags) {
    return Packet.of(PEER, OURS, Packet.na(PEER, flags), Packet.targetMac(PEER_MAC));
  }

  // ---- answers, §7.2.3 and §7.2.4 ----

  @Tag("rfc4861:7.2.4-1")
  @Tag("rfc4861:7.2.4-2")
  @Test
  void a_solicitation_for_our_address_is_answered_to_the_asker() {
    try (Lab lab = Lab.withAddress()) {
      lab.receive(solicitation());
      assertThat(lab.sentTo).containsExactly(PEER_MAC);
      Packet answer = lab.sent().getFirst();
      assertThat(answer)
          .hasToString(
              "NA 2001:db8:0:0:0:0:0:1 SO from 2001:db8:0:0:0:0:0:1 to 2001:db8:0:0:0:0:0:2");
      assertThat(answer.hopLimit()).isEqualTo(255);
      assertThat(answer.value48(2)).isEqualTo(OUR_MAC);
    }
  }

  @Tag("rfc4861:7.2.3-2")
  @Tag("rfc4861:7.3.3-1")
  @Test
  void the_asker_is_remembered_and_confirmed_only_when_it_is_used() {
    try (Lab lab = Lab.withAddress()) {
      lab.receive(solicitation());
      Neighbor peer = lab.neighbor(PEER);
      assertThat(peer.mac()).isEqualTo(PEER_MAC);
      assertThat(peer.isUsable()).as("STALE").isFalse();
      lab.sent();
      lab.sendTo(OURS, PEER);
      assertThat(lab.datagramsTo()).containsExactly(PEER_MAC);
      assertThat(lab.sent()).isEmpty();
      lab.advance(6 * SECOND);
      assertThat(lab.sentTo).as("asked alone, DELAY_FIRST_PROBE_TIME later").startsWith(PEER_MAC);
    }
  }

  @Tag("rfc4861:7.2.4-1")
  @Test
  void a_router_says_that_it_is_one() {
    try (Lab lab = Lab.withAddress()) {
      lab.router = true;
      lab.receive(solicitation());
      assertThat(lab.sent().getFirst().flags()).isEqualTo("RSO");
    }
  }

  @Test
  void an_asker_without_a_link_address_is_answered_by_way_of_the_neighbor_table() {
    try (Lab lab = Lab.withAddress()) {
      lab.receive(Packet.of(PEER, OURS, Packet.ns(OURS)));
      assertThat(lab.sentTo).containsExactly(-1L);
      assertThat(lab.neighbor(PEER)).isNull();
    }
  }

  @Tag("rfc4861:7.2.3-3")
  @Tag("rfc4861:7.2.4-2")
  @Test
  void who_asks_from_no_address_is_answered_to_all_nodes() {
    try (Lab lab = Lab.withAddress()) {
      lab.receive(Packet.of("::", OUR_GROUP, Packet.ns(OURS)));
      assertThat(lab.sentTo).containsExactly(0x3333_0000_0001L);
      assertThat(lab.sentTexts())
          .containsExactly(
              "NA 2001:db8:0:0:0:0:0:1 O from 2001:db8:0:0:0:0:0:1 to ff02:0:0:0:0:0:0:1");
      assertThat(lab.nd.neighbors().size()).isZero();
    }
  }

  @Tag("rfc4861:7.2.3-1")
  @Tag("rfc4861:7.2.5-1")
  @Test
  void what_is_not_ours_is_neither_answered_nor_remembered() {
    try (Lab lab = Lab.withAddress()) {
      lab.expectDrop(
          DropReason.ND_NOT_FOR_US,
          Packet.of(PEER, OUR_GROUP, Packet.ns("2001:db8::100:1"), Packet.sourceMac(PEER_MAC)));
      lab.expectDrop(
          DropReason.ND_NOT_FOR_US, Packet.of("::", OUR_GROUP, Packet.ns("2001:db8::100:1")));
      lab.expectDrop(DropReason.ND_NOT_FOR_US, advertisement("SO"));
      assertThat(lab.nd.neighbors().size()).isZero();
    }
  }

  @Test
  void our_own_solicitation_come_back_is_not_answered() {
    try (Lab lab = Lab.withAddress()) {
      lab.expectDrop(
          DropReason.ND_IGNORED,
          Packet.of(OURS, OUR_GROUP, Packet.ns(OURS), Packet.sourceMac(OUR_MAC)));
    }
  }

  // ---- questions, §7.2.2 and §7.3.3 ----

  @Tag("rfc4861:7.2.2-1")
  @Tag("rfc4861:7.2.5-4")
  @Test
  void a_neighbor_is_asked_for_in_its_solicited_node_group_from_the_datagrams_source() {
    try (Lab lab = Lab.withAddress()) {
      lab.sendTo(OURS, PEER);
      assertThat(lab.sentTo).containsExactly(0x3333_ff00_0002L);
      Packet question = lab.sent().getFirst();
      assertThat(question)
          .hasToString(
              "NS 2001:db8:0:0:0:0:0:2 from 2001:db8:0:0:0:0:0:1 to ff02:0:0:0:0:1:ff00:2");
      assertThat(question.hopLimit()).isEqualTo(255);
      assertThat(question.value48(1)).isEqualTo(OUR_MAC);
      assertThat(lab.datagramsTo()).isEmpty();
      lab.receive(advertisement("SO"));
      assertThat(lab.datagramsTo()).containsExactly(PEER_MAC);
      assertThat(lab.neighbor(PEER).isUsable()).isTrue();
    }
  }

  @Test
  void a_forwarded_datagrams_source_is_not_asked_from() {
    try (Lab lab = Lab.withAddress()) {
      lab.sendTo("2001:db8:1::1", PEER);
      assertThat(lab.sent().getFirst().source()).isEqualTo(IpAddress.parse(OURS));
    }
  }

  @Tag("rfc4861:7.2.2-2")
  @Tag("rfc4861:7.2.2-4")
  @Test
  void it_is_asked_three_times_a_second_apart_and_then_the_sender_hears_of_it() {
    try (Lab lab = Lab.withAddress()) {
      long start = lab.now();
      lab.sendTo(OURS, PEER);
      lab.advance(10 * SECOND);
      assertThat(lab.sent()).hasSize(3);
      assertThat(lab.unreachable).containsExactly(start + 3 * SECOND);
    }
  }

  @Tag("rfc4861:6.3.2-1")
  @Test
  void reachability_is_confirmed_by_questions_to_the_neighbor_alone() {
    try (Lab lab = Lab.withAddress()) {
      lab.sendTo(OURS, PEER);
      lab.receive(advertisement("SO"));
      lab.sent();
      long start = lab.now();
      while (lab.sent.isEmpty()) {
        // In use all the time, so that it is not left to go stale.
        lab.sendTo(OURS, PEER);
        lab.advance(SECOND / 2);
      }
      // RFC 4861 §6.3.2: REACHABLE_TIME times 0.5 to 1.5.
      assertThat(lab.now() - start).isBetween(15 * SECOND, 46 * SECOND);
      assertThat(lab.sentTo).containsExactly(PEER_MAC);
      assertThat(lab.sent().getFirst().destination()).isEqualTo(IpAddress.parse(PEER));
    }
  }

  @Tag("rfc4861:7.2.5-2")
  @Tag("rfc4861:7.2.5-3")
  @Test
  void an_advertisement_without_the_override_flag_does_not_replace_an_address() {
    try (Lab lab = Lab.withAddress()) {
      lab.sendTo(OURS, PEER);
      lab.receive(advertisement("SO"));
      lab.receive(Packet.of(PEER, "ff02::1", Packet.na(PEER, ""), Packet.targetMac(OTHER_MAC)));
      assertThat(lab.neighbor(PEER).mac()).isEqualTo(PEER_MAC);
      assertThat(lab.neighbor(PEER).isUsable()).isFalse();
      lab.receive(Packet.of(PEER, "ff02::1", Packet.na(PEER, "O"), Packet.targetMac(OTHER_MAC)));
      assertThat(lab.neighbor(PEER).mac()).isEqualTo(OTHER_MAC);
    }
  }

  // ---- validation, §7.1 ----

  @Tag("rfc4861:4.6-1")
  @Tag("rfc4861:7.1.1-1")
  @Tag("rfc4862:5.4.1-1")
  @Test
  void invalid_solicitations_are_dropped() {
    try (Lab lab = Lab.withAddress()) {
      Packet good = solicitation();
      for (Packet bad :
          List.of(
              good.withHopLimit(254),
              good.with(1, 1), // code
              good.cut(23),
              good.cut(24 + 7),
              good.with(25, 0), // an option without a length
              good.with(25, 2), // an option longer than the message
              Packet.of(PEER, OUR_GROUP, Packet.ns("ff02::1")),
              Packet.of("::", OURS, Packet.ns(OURS)),
              Packet.of("::", OUR_GROUP, Packet.ns(OURS), Packet.sourceMac(PEER_MAC)))) {
        lab.expectDrop(DropReason.ND_MALFORMED, bad);
      }
      assertThat(lab.nd.neighbors().size()).isZero();
    }
  }

  @Tag("rfc4861:4.6-1")
  @Tag("rfc4861:7.1.2-1")
  @Tag("rfc4862:5.4.1-1")
  @Test
  void invalid_advertisements_are_dropped() {
    try (Lab lab = Lab.withAddress()) {
      lab.sendTo(OURS, PEER);
      Packet good = advertisement("SO");
      for (Packet bad :
          List.of(
              good.withHopLimit(0),
              good.with(1, 255),
              good.cut(8),
              good.with(25, 0),
              Packet.of(PEER, OURS, Packet.na("ff02::2", "SO"), Packet.targetMac(PEER_MAC)),
              Packet.of(PEER, "ff02::1", Packet.na(PEER, "SO"), Packet.targetMac(PEER_MAC)))) {
        lab.expectDrop(DropReason.ND_MALFORMED, bad);
      }
      assertThat(lab.neighbor(PEER).isResolved()).isFalse();
    }
  }

  @Tag("rfc4861:9-1")
  @Test
  void options_that_are_not_known_are_skipped() {
    try (Lab lab = Lab.withAddress()) {
      lab.receive(
          Packet.of(
              PEER,
              OUR_GROUP,
              Packet.ns(OURS),
              Packet.hex("fd 02 000000000000 0000000000000000"),
              Packet.sourceMac(PEER_MAC)));
      assertThat(lab.neighbor(PEER).mac()).isEqualTo(PEER_MAC);
    }
  }

  @Test
  void a_link_address_that_no_host_has_counts_as_none() {
    try (Lab lab = Lab.withAddress()) {
      for (long mac : new long[] {0, 0x3333_0000_0001L, 0xffff_ffff_ffffL}) {
        lab.receive(Packet.of(PEER, OURS, Packet.ns(OURS), Packet.sourceMac(mac)));
      }
      assertThat(lab.sentTo).containsExactly(-1L, -1L, -1L);
      assertThat(lab.nd.neighbors().size()).isZero();
    }
  }

  @Test
  void link_local_neighbors_are_known_as_on_the_wire() {
    try (Lab lab = Lab.withAddress()) {
      IpAddress peer = IpAddress.parse("fe80::2");
      // As a family with a zone in the address may have it on the frame.
      Packet plain = Packet.of("fe80::2", OUR_GROUP, Packet.ns(OURS), Packet.sourceMac(PEER_MAC));
      lab.receive(
          new Packet(
              new IpAddress(peer.hi() | 7 << 16, peer.lo()),
              plain.destination(),
              255,
              plain.bytes()));
      assertThat(lab.neighbor("fe80::2").mac()).isEqualTo(PEER_MAC);
      assertThat(lab.sent().getFirst().destination()).isEqualTo(peer);
    }
  }

  @Test
  void a_flood_of_askers_stays_within_the_tables_bound() {
    try (Lab lab = Lab.withAddress()) {
      for (int i = 0; i < 10_000; i++) {
        IpAddress from = new IpAddress(0x2001_0db8_0000_0000L, 0x1000 + i);
        lab.receive(
            Packet.of(
                from.toString(), OUR_GROUP, Packet.ns(OURS), Packet.sourceMac(PEER_MAC + i * 2L)));
        lab.sent();
      }
      assertThat(lab.nd.neighbors().size()).isEqualTo(4_096);
    }
  }
}
