package io.millrace.ipv6.nd;

import static io.millrace.ipv6.nd.Lab.PEER_MAC;
import static io.millrace.ipv6.nd.Lab.ROUTER;
import static io.millrace.ipv6.nd.Lab.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ipv6.Ipv6Autoconf;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Redirects as a host takes them: RFC 4861 §8. */
class RedirectTest {
  private static final String FAR = "2001:db8:9::1";
  private static final String FAR_ROUTE = "2001:db8:9:0:0:0:0:1/128";
  private static final String BETTER = "fe80::dd";
  private static final String OURS = "fe80::1";

  private static Lab routed(Ipv6Autoconf config) {
    Lab lab = Lab.auto(config);
    lab.advertise(Packet.ra(65_535));
    return lab;
  }

  private static Lab routed() {
    return routed(Ipv6Autoconf.defaults());
  }

  private static Packet redirect(String from, String target, String destination) {
    return Packet.of(from, OURS, Packet.redirect(target, destination), Packet.targetMac(PEER_MAC));
  }

  @Tag("rfc4861:8.3-1")
  @Test
  void a_destination_goes_through_the_better_router() {
    try (Lab lab = routed()) {
      lab.receive(redirect(ROUTER, BETTER, FAR));
      assertThat(lab.routes).containsEntry(FAR_ROUTE, "fe80:0:0:0:0:0:0:dd");
      assertThat(lab.neighbor(BETTER).mac()).isEqualTo(PEER_MAC);
    }
  }

  @Tag("rfc4861:8.3-1")
  @Test
  void a_target_that_is_the_destination_is_a_neighbor() {
    try (Lab lab = routed()) {
      lab.receive(redirect(ROUTER, FAR, FAR));
      assertThat(lab.routes).containsEntry(FAR_ROUTE, "on link");
      assertThat(lab.neighbor(FAR).mac()).isEqualTo(PEER_MAC);
    }
  }

  @Tag("rfc4861:8.1-1")
  @Test
  void only_the_router_that_is_used_for_the_destination_is_believed() {
    try (Lab lab = routed()) {
      lab.expectDrop(DropReason.ND_IGNORED, redirect("fe80::66", BETTER, FAR));
      lab.receive(redirect(ROUTER, BETTER, FAR));
      lab.expectDrop(DropReason.ND_IGNORED, redirect(ROUTER, "fe80::66", FAR));
      lab.receive(redirect(BETTER, "fe80::cc", FAR));
      assertThat(lab.routes).containsEntry(FAR_ROUTE, "fe80:0:0:0:0:0:0:cc");
    }
  }

  @Test
  void a_router_that_does_not_answer_is_forgotten() {
    try (Lab lab = routed()) {
      lab.receive(redirect(ROUTER, BETTER, FAR));
      lab.sendTo("2001:db8::1", BETTER);
      lab.advance(9 * SECOND);
      assertThat(lab.routes).doesNotContainKey(FAR_ROUTE);
    }
  }

  @Tag("rfc4861:8.3-2")
  @Test
  void the_oldest_goes_when_there_are_too_many() {
    try (Lab lab = routed(Ipv6Autoconf.defaults().withRedirects(3))) {
      for (int i = 1; i <= 5; i++) {
        lab.receive(redirect(ROUTER, BETTER, "2001:db8:9::" + i));
      }
      assertThat(lab.routes)
          .hasSize(1 + 3)
          .containsKeys("2001:db8:9:0:0:0:0:3/128", "2001:db8:9:0:0:0:0:5/128");
    }
  }

  @Tag("rfc4861:8.2-1")
  @Test
  void they_can_be_ignored() {
    try (Lab lab = routed(Ipv6Autoconf.defaults().withRedirects(0))) {
      lab.expectDrop(DropReason.ND_IGNORED, redirect(ROUTER, BETTER, FAR));
    }
    try (Lab lab = routed()) {
      lab.router = true;
      lab.expectDrop(DropReason.ND_IGNORED, redirect(ROUTER, BETTER, FAR));
    }
  }

  @Tag("rfc4861:8.1-1")
  @Test
  void invalid_redirects_are_dropped() {
    try (Lab lab = routed()) {
      Packet good = redirect(ROUTER, BETTER, FAR);
      for (Packet bad :
          List.of(
              good.withHopLimit(64),
              good.with(1, 1),
              good.cut(39),
              good.with(41, 0),
              redirect("2001:db8::ff", BETTER, FAR), // not from a link-local address
              redirect(ROUTER, BETTER, "ff02::5"),
              redirect(ROUTER, "2001:db8::dd", FAR))) { // neither a router nor the destination
        lab.expectDrop(DropReason.ND_MALFORMED, bad);
      }
      assertThat(lab.routes).hasSize(1);
    }
  }
}
