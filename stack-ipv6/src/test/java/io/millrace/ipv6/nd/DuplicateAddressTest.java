package io.millrace.ipv6.nd;

import static io.millrace.ipv6.nd.Lab.OTHER_MAC;
import static io.millrace.ipv6.nd.Lab.OURS;
import static io.millrace.ipv6.nd.Lab.OUR_MAC;
import static io.millrace.ipv6.nd.Lab.PEER;
import static io.millrace.ipv6.nd.Lab.PEER_MAC;
import static io.millrace.ipv6.nd.Lab.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6Autoconf;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Duplicate address detection: RFC 4862 §5.4, RFC 7527. */
class DuplicateAddressTest {
  private static final String OUR_GROUP = "ff02::1:ff00:1";
  private static final IpAddress OUR_ADDRESS = IpAddress.parse(OURS);

  /** A lab in which the first question is out. */
  private static Lab asking(int transmits) {
    Lab lab = new Lab(Ipv6Autoconf.defaults().withDadTransmits(transmits));
    lab.claim(OURS + "/64");
    while (lab.sent.isEmpty()) {
      lab.advance(SECOND / 100);
    }
    return lab;
  }

  private static void expectRefused(Lab lab) {
    lab.sent();
    lab.advance(10 * SECOND);
    assertThat(lab.addresses).isEmpty();
    assertThat(lab.groups).isEmpty();
    assertThat(lab.onLink).isEmpty();
    assertThat(lab.sent()).isEmpty();
    assertThat(lab.count(Counter.ND_CONFLICTS)).isEqualTo(1);
  }

  @Tag("rfc4861:7.2.1-1")
  @Tag("rfc4862:5.4.2-1")
  @Tag("rfc4862:5.4.2-2")
  @Tag("rfc4862:5.4.2-3")
  @Test
  void the_first_question_waits_up_to_a_second_and_the_group_is_joined_by_then() {
    try (Lab lab = new Lab()) {
      long start = lab.now();
      lab.claim(OURS + "/64");
      assertThat(lab.sent).isEmpty();
      assertThat(lab.groups).isEmpty();
      while (lab.sent.isEmpty()) {
        lab.advance(SECOND / 100);
      }
      assertThat(lab.now() - start).isLessThanOrEqualTo(SECOND + SECOND / 100);
      assertThat(lab.groups).containsOnlyKeys("ff02:0:0:0:0:1:ff00:1");
      assertThat(lab.sentTo).containsExactly(0x3333_ff00_0001L);
      Packet question = lab.sent().getFirst();
      assertThat(question)
          .hasToString("NS 2001:db8:0:0:0:0:0:1 from 0:0:0:0:0:0:0:0 to ff02:0:0:0:0:1:ff00:1");
      assertThat(question.option(1)).as("no link address when nobody sends").isNull();
      assertThat(question.value48(14)).as("RFC 7527: a nonce").isNotNegative();
    }
  }

  @Tag("rfc4862:5.4-1")
  @Test
  void an_address_is_ours_when_nobody_has_answered_for_a_second() {
    try (Lab lab = asking(1)) {
      lab.advance(SECOND * 98 / 100);
      assertThat(lab.addresses).isEmpty();
      lab.advance(SECOND * 3 / 100);
      assertThat(lab.addresses)
          .containsOnly(java.util.Map.entry(OUR_ADDRESS, AddressState.PREFERRED));
      assertThat(lab.onLink).containsExactly("2001:db8:0:0:0:0:0:1/64");
      // RFC 9131: the routers hear of it.
      assertThat(lab.sentTexts().getLast())
          .isEqualTo("NA 2001:db8:0:0:0:0:0:1  from 2001:db8:0:0:0:0:0:1 to ff02:0:0:0:0:0:0:2");
    }
  }

  @Tag("rfc4862:5.1-1")
  @Test
  void as_many_questions_as_configured_are_asked_each_with_another_nonce() {
    try (Lab lab = asking(3)) {
      lab.advance(10 * SECOND);
      List<Packet> questions =
          lab.sent().stream().filter(each -> each.type() == Packet.NS).toList();
      assertThat(questions).hasSize(3);
      assertThat(questions.stream().map(each -> each.value48(14)).distinct()).hasSize(3);
    }
  }

  @Tag("rfc4862:5.1-1")
  @Test
  void without_questions_an_address_is_ours_at_once() {
    try (Lab lab = new Lab(Ipv6Autoconf.defaults().withDadTransmits(0))) {
      lab.claim(OURS + "/64");
      assertThat(lab.addresses).containsOnlyKeys(OUR_ADDRESS);
      assertThat(lab.sent()).allMatch(each -> each.type() == Packet.NA);
    }
  }

  @Tag("rfc4862:5.4.4-1")
  @Tag("rfc4862:5.4.5-1")
  @Tag("rfc4862:5.4.5-2")
  @Test
  void an_answer_refuses_the_address() {
    for (byte[] options :
        List.of(Packet.targetMac(PEER_MAC), Packet.targetMac(OUR_MAC), new byte[0])) {
      try (Lab lab = asking(1)) {
        lab.receive(Packet.of(OURS, "ff02::1", Packet.na(OURS, "O"), options));
        expectRefused(lab);
      }
    }
  }

  @Tag("rfc4862:5.4.3-1")
  @Tag("rfc4862:5.4.5-1")
  @Test
  void somebody_who_asks_for_it_at_the_same_time_refuses_the_address() {
    for (byte[] options : List.of(Packet.nonce(4711), new byte[0])) {
      try (Lab lab = asking(1)) {
        lab.receive(Packet.of("::", OUR_GROUP, Packet.ns(OURS), options));
        expectRefused(lab);
      }
    }
  }

  @Test
  void an_answer_during_the_delay_refuses_it_too() {
    try (Lab lab = new Lab()) {
      lab.claim(OURS + "/64");
      lab.receive(Packet.of(OURS, "ff02::1", Packet.na(OURS, "O"), Packet.targetMac(PEER_MAC)));
      expectRefused(lab);
    }
  }

  @Tag("rfc4861:7.2.3-1")
  @Tag("rfc4862:5.4-2")
  @Tag("rfc4862:5.4.3-2")
  @Test
  void a_tentative_address_is_not_answered_for() {
    try (Lab lab = asking(1)) {
      lab.expectDrop(
          DropReason.ND_NOT_FOR_US,
          Packet.of(PEER, OUR_GROUP, Packet.ns(OURS), Packet.sourceMac(PEER_MAC)));
      lab.advance(3 * SECOND);
      assertThat(lab.addresses).as("who resolves an address does not claim it").hasSize(1);
    }
  }

  @Tag("rfc4862:5.4.3-1")
  @Test
  void our_own_question_come_back_is_no_duplicate_but_we_ask_again() {
    try (Lab lab = asking(1)) {
      Packet question = lab.sent().getFirst();
      lab.receive(question);
      lab.advance(SECOND * 3 / 2);
      assertThat(lab.addresses).isEmpty();
      lab.advance(5 * SECOND);
      assertThat(lab.sent().stream().filter(each -> each.type() == Packet.NS))
          .as("MAX_MULTICAST_SOLICIT more, RFC 7527 §4.1")
          .hasSize(3);
      assertThat(lab.addresses).containsOnlyKeys(OUR_ADDRESS);
      assertThat(lab.count(Counter.ND_CONFLICTS)).isZero();
    }
  }

  @Test
  void while_the_link_loops_the_address_stays_tentative() {
    try (Lab lab = asking(1)) {
      for (int i = 0; i < 20; i++) {
        lab.sent().forEach(lab::receive);
        lab.advance(SECOND);
      }
      assertThat(lab.addresses).isEmpty();
      lab.sent();
      lab.advance(5 * SECOND);
      assertThat(lab.addresses).hasSize(1);
    }
  }

  @Test
  void our_own_advertisement_come_back_is_no_conflict() {
    try (Lab lab = Lab.withAddress()) {
      lab.expectDrop(
          DropReason.ND_IGNORED,
          Packet.of(OURS, "ff02::2", Packet.na(OURS, ""), Packet.targetMac(OUR_MAC)));
      assertThat(lab.count(Counter.ND_CONFLICTS)).isZero();
    }
  }

  @Test
  void an_address_that_is_ours_is_kept_and_the_conflict_counted() {
    try (Lab lab = Lab.withAddress()) {
      for (int i = 0; i < 3; i++) {
        lab.receive(Packet.of(OURS, "ff02::1", Packet.na(OURS, "O"), Packet.targetMac(OTHER_MAC)));
      }
      assertThat(lab.addresses).containsOnlyKeys(OUR_ADDRESS);
      assertThat(lab.count(Counter.ND_CONFLICTS)).isEqualTo(3);
    }
  }

  @Test
  void two_addresses_may_share_a_solicited_node_group() {
    try (Lab lab = Lab.withAddress()) {
      lab.claim("2001:db8:1::1/64").advance(3 * SECOND);
      assertThat(lab.addresses).hasSize(2);
      assertThat(lab.groups).containsOnly(java.util.Map.entry("ff02:0:0:0:0:1:ff00:1", 2));
    }
  }

  @Test
  void the_same_address_is_claimed_once() {
    try (Lab lab = Lab.withAddress()) {
      lab.claim(OURS + "/64").advance(3 * SECOND);
      assertThat(lab.sent()).isEmpty();
      assertThat(lab.onLink).hasSize(1);
    }
  }
}
