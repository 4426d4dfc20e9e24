package io.millrace.ipv6.nd;

import static io.millrace.ipv6.nd.Lab.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6Autoconf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Addresses made from prefixes: RFC 4862 §5.5, RFC 7217, RFC 8981, RFC 4429. */
class AutoconfTest {
  private static final String PREFIX = "2001:db8:5::";
  private static final long HI = IpAddress.parse(PREFIX).hi();
  private static final long HOUR = 3_600;
  private static final long DAY = 24 * HOUR;

  private static void advertise(Lab lab, long valid, long preferred) {
    lab.advertise(Packet.ra(1_800), Packet.prefix(PREFIX, 64, "A", valid, preferred));
    lab.advance(3 * SECOND);
  }

  /** A lab with one address of the prefix. */
  private static Lab with(Ipv6Autoconf config, long valid, long preferred) {
    Lab lab = Lab.auto(config);
    advertise(lab, valid, preferred);
    assertThat(lab.globals()).isNotEmpty();
    return lab;
  }

  private static Lab with(long valid, long preferred) {
    return with(Ipv6Autoconf.defaults(), valid, preferred);
  }

  private static AddressState state(Lab lab) {
    assertThat(lab.globals()).hasSizeLessThanOrEqualTo(1);
    return lab.globals().isEmpty() ? null : lab.state(lab.globals().getFirst());
  }

  @Tag("rfc4862:5.4-1")
  @Tag("rfc4862:5.5.3-4")
  @Test
  void a_prefix_makes_one_address_which_is_checked_first() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(Packet.ra(1_800), Packet.prefix(PREFIX, 64, "A", DAY, HOUR));
      assertThat(lab.globals()).isEmpty();
      lab.advance(3 * SECOND);
      assertThat(lab.globals()).hasSize(1);
      assertThat(lab.globals().getFirst().hi()).isEqualTo(HI);
      assertThat(state(lab)).isEqualTo(AddressState.PREFERRED);
      Packet question = lab.sent().getFirst();
      assertThat(question.target()).isEqualTo(lab.globals().getFirst());
      assertThat(question.source()).isEqualTo(IpAddress.parse("::"));
      assertThat(lab.onLink).as("RFC 5942: an address says nothing about the link").isEmpty();
    }
  }

  @Tag("rfc4862:5.5.4-1")
  @Tag("rfc4862:5.5.4-2")
  @Test
  void it_is_deprecated_and_removed_when_its_lifetimes_end() {
    try (Lab lab = with(2 * HOUR, HOUR)) {
      lab.advance((HOUR - 10) * SECOND);
      assertThat(state(lab)).isEqualTo(AddressState.PREFERRED);
      lab.advance(20 * SECOND);
      assertThat(state(lab)).isEqualTo(AddressState.DEPRECATED);
      lab.advance((HOUR - 20) * SECOND);
      assertThat(state(lab)).isEqualTo(AddressState.DEPRECATED);
      lab.advance(20 * SECOND);
      assertThat(state(lab)).isNull();
      assertThat(lab.groups.keySet()).as("but for the link-local's").hasSize(2);
    }
  }

  @Tag("rfc4862:5.5.3-5")
  @Test
  void advertisements_keep_it_preferred_and_bring_it_back() {
    try (Lab lab = with(2 * HOUR, 60)) {
      advertise(lab, 2 * HOUR, 60);
      lab.advance(55 * SECOND);
      assertThat(state(lab)).isEqualTo(AddressState.PREFERRED);
      lab.advance(10 * SECOND);
      assertThat(state(lab)).isEqualTo(AddressState.DEPRECATED);
      advertise(lab, 2 * HOUR, 60);
      assertThat(state(lab)).isEqualTo(AddressState.PREFERRED);
    }
  }

  @Tag("rfc4862:5.5.3-5")
  @Test
  void a_router_can_deprecate_it_at_once() {
    try (Lab lab = with(DAY, DAY)) {
      advertise(lab, DAY, 0);
      assertThat(state(lab)).isEqualTo(AddressState.DEPRECATED);
    }
  }

  @Tag("rfc4862:5.5.3-8")
  @Test
  void a_router_can_shorten_its_life_to_two_hours_only() {
    try (Lab lab = with(DAY, DAY)) {
      advertise(lab, 10, 10);
      lab.advance((2 * HOUR - 10) * SECOND);
      assertThat(lab.globals()).hasSize(1);
      lab.advance(20 * SECOND);
      assertThat(lab.globals()).isEmpty();
    }
  }

  @Tag("rfc4862:5.5.3-7")
  @Test
  void of_what_is_left_below_two_hours_nothing_is_taken() {
    try (Lab lab = with(HOUR, HOUR)) {
      advertise(lab, 10, 10);
      lab.advance((HOUR - 20) * SECOND);
      assertThat(lab.globals()).hasSize(1);
      lab.advance(30 * SECOND);
      assertThat(lab.globals()).isEmpty();
    }
  }

  @Tag("rfc4862:5.5.3-6")
  @Test
  void what_is_longer_is_taken() {
    try (Lab lab = with(60, 60)) {
      advertise(lab, 3_000, 3_000);
      lab.advance(2_990 * SECOND);
      assertThat(lab.globals()).hasSize(1);
      lab.advance(20 * SECOND);
      assertThat(lab.globals()).isEmpty();
    }
  }

  @Tag("rfc4862:5.5.3-1")
  @Tag("rfc4862:5.5.3-2")
  @Tag("rfc4862:5.5.3-3")
  @Tag("rfc4862:5.5.3-4")
  @Test
  void prefixes_that_are_none_of_ours_make_no_address() {
    try (Lab lab = Lab.auto()) {
      lab.advertise(
          Packet.ra(1_800),
          Packet.prefix(PREFIX, 64, "L", DAY, DAY), // not autonomous
          Packet.prefix("fe80::", 64, "A", DAY, DAY),
          Packet.prefix("ff02::", 64, "A", DAY, DAY),
          Packet.prefix("2001:db8:6::", 64, "A", 10, 20), // preferred longer than valid
          Packet.prefix("2001:db8:7::", 64, "A", 0, 0),
          Packet.prefix("2001:db8:8::", 63, "A", DAY, DAY),
          Packet.prefix("2001:db8:9::", 80, "A", DAY, DAY),
          Packet.prefix("2001:db8:a::", 200, "A", DAY, DAY));
      lab.advance(3 * SECOND);
      assertThat(lab.globals()).isEmpty();
    }
  }

  @Test
  void with_a_secret_a_prefix_makes_the_same_address_after_a_restart() {
    Ipv6Autoconf config = Ipv6Autoconf.defaults().withSecret("a secret of the test");
    try (Lab one = with(config, DAY, DAY);
        Lab two = with(config, DAY, DAY);
        Lab other = with(DAY, DAY)) {
      assertThat(one.globals()).isEqualTo(two.globals()).isNotEqualTo(other.globals());
      IpAddress linkLocal = one.addresses.keySet().iterator().next();
      assertThat(one.globals().getFirst().lo())
          .as("each prefix another identifier")
          .isNotEqualTo(linkLocal.lo());
    }
  }

  @Test
  void one_that_is_taken_is_replaced_three_times_and_not_tried_for_ever() {
    try (Lab lab = Lab.auto()) {
      List<IpAddress> tried = new ArrayList<>();
      for (int round = 0; round < 3; round++) {
        lab.advertise(Packet.ra(1_800), Packet.prefix(PREFIX, 64, "A", DAY, DAY));
        for (int i = 0; i < 50; i++) {
          lab.advance(SECOND / 10);
          for (Packet each : lab.sent()) {
            tried.add(each.target());
            String text = each.target().toString();
            lab.receive(
                Packet.of(text, "ff02::1", Packet.na(text, "O"), Packet.targetMac(Lab.PEER_MAC)));
          }
        }
      }
      assertThat(tried).hasSize(4).doesNotHaveDuplicates();
      assertThat(lab.globals()).isEmpty();
    }
  }

  // ---- optimistic, RFC 4429 ----

  @Test
  void an_optimistic_address_is_there_at_once_and_used_with_care() {
    try (Lab lab = Lab.auto(Ipv6Autoconf.defaults().withOptimistic(true))) {
      lab.advertise(Packet.ra(1_800), Packet.prefix(PREFIX, 64, "A", DAY, DAY));
      assertThat(state(lab)).isEqualTo(AddressState.OPTIMISTIC);
      IpAddress ours = lab.globals().getFirst();
      lab.sent();
      // §3.3: asked from another address; answered without the override flag.
      lab.sendTo(ours.toString(), Lab.PEER);
      assertThat(lab.sent().getFirst().source().hi()).isEqualTo(NdAddress.LINK_LOCAL_HI);
      lab.receive(
          Packet.of(
              Lab.PEER,
              ours.toString(),
              Packet.ns(ours.toString()),
              Packet.sourceMac(Lab.PEER_MAC)));
      assertThat(lab.sent().getLast().flags()).isEqualTo("S");
      lab.advance(2 * SECOND);
      assertThat(state(lab)).isEqualTo(AddressState.PREFERRED);
    }
  }

  @Test
  void an_optimistic_address_that_is_taken_is_given_up() {
    try (Lab lab = Lab.auto(Ipv6Autoconf.defaults().withOptimistic(true))) {
      lab.advertise(Packet.ra(1_800), Packet.prefix(PREFIX, 64, "A", DAY, DAY));
      IpAddress first = lab.globals().getFirst();
      String text = first.toString();
      lab.receive(Packet.of(text, "ff02::1", Packet.na(text, "O"), Packet.targetMac(Lab.PEER_MAC)));
      assertThat(lab.globals()).hasSize(1).doesNotContain(first);
    }
  }

  // ---- temporary addresses, RFC 8981 ----

  private static Ipv6Autoconf temporary(long valid, long preferred) {
    return Ipv6Autoconf.defaults().withTemporary(valid, preferred);
  }

  private static List<IpAddress> in(Lab lab, AddressState state) {
    return lab.globals().stream().filter(each -> lab.state(each) == state).toList();
  }

  @Test
  void a_temporary_address_stands_beside_the_stable_one() {
    try (Lab lab = with(temporary(2 * DAY, DAY), 30 * DAY, 7 * DAY)) {
      assertThat(in(lab, AddressState.PREFERRED)).hasSize(1);
      assertThat(in(lab, AddressState.TEMPORARY)).hasSize(1);
      assertThat(in(lab, AddressState.TEMPORARY).getFirst().hi()).isEqualTo(HI);
    }
  }

  @Test
  void another_one_takes_over_before_the_first_is_deprecated() {
    try (Lab lab = with(temporary(2 * HOUR, HOUR), 30 * DAY, 7 * DAY)) {
      IpAddress before = in(lab, AddressState.TEMPORARY).getFirst();
      // The preferred lifetime less at most 40 % for desynchronisation.
      lab.advance(HOUR * 59 / 100 * SECOND);
      assertThat(in(lab, AddressState.TEMPORARY)).containsExactly(before);
      lab.advance(HOUR * 41 / 100 * SECOND);
      assertThat(in(lab, AddressState.TEMPORARY)).hasSize(1).doesNotContain(before);
      assertThat(in(lab, AddressState.DEPRECATED)).containsExactly(before);
      lab.advance(HOUR * SECOND);
      assertThat(lab.globals()).as("valid for two hours").doesNotContain(before);
    }
  }

  @Test
  void there_is_always_one_however_often_the_router_speaks() {
    try (Lab lab = with(temporary(2 * HOUR, HOUR), 30 * DAY, 7 * DAY)) {
      for (int i = 0; i < 400; i++) {
        advertise(lab, 30 * DAY, 7 * DAY);
        lab.advance(97 * SECOND);
        assertThat(in(lab, AddressState.TEMPORARY)).hasSizeBetween(1, 2);
        assertThat(lab.globals()).hasSizeLessThanOrEqualTo(6);
      }
    }
  }

  @Test
  void no_router_can_make_it_last() {
    try (Lab lab = with(temporary(2 * HOUR, HOUR), 0xffff_ffffL, 0xffff_ffffL)) {
      IpAddress before = in(lab, AddressState.TEMPORARY).getFirst();
      for (int i = 0; i < 8; i++) {
        advertise(lab, 0xffff_ffffL, 0xffff_ffffL);
        lab.advance(HOUR / 4 * SECOND);
      }
      assertThat(lab.globals()).doesNotContain(before);
    }
  }

  @Test
  void a_prefix_that_is_soon_deprecated_gets_none() {
    try (Lab lab = with(temporary(2 * HOUR, HOUR), DAY, 4)) {
      assertThat(in(lab, AddressState.TEMPORARY)).isEmpty();
      assertThat(lab.globals()).hasSize(1);
    }
  }
}
