package io.millrace.ipv6.nd;

import static io.millrace.ipv6.nd.Lab.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.ipv6.Ipv6Autoconf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The link-local address: RFC 4862 §5.3, RFC 7217. */
class LinkLocalTest {
  private static final String SECRET = "a secret of the test";

  private static Lab started(Ipv6Autoconf config) {
    Lab lab = new Lab(config);
    lab.nd.start(lab.on, lab.now());
    return lab;
  }

  private static IpAddress addressOf(Ipv6Autoconf config) {
    try (Lab lab = started(config)) {
      lab.advance(3 * SECOND);
      assertThat(lab.addresses).hasSize(1);
      return lab.addresses.keySet().iterator().next();
    }
  }

  @Tag("rfc4862:5.3-1")
  @Test
  void an_interface_gets_one_from_the_link_local_prefix() {
    IpAddress address = addressOf(Ipv6Autoconf.defaults());
    assertThat(address.hi()).isEqualTo(0xfe80L << 48);
    assertThat(InterfaceIds.isReserved(address.lo())).isFalse();
  }

  @Tag("rfc4862:5.4.2-1")
  @Test
  void all_nodes_is_joined_at_once() {
    try (Lab lab = started(Ipv6Autoconf.defaults())) {
      assertThat(lab.groups).containsOnlyKeys("ff02:0:0:0:0:0:0:1");
    }
  }

  @Test
  void with_a_secret_it_survives_a_restart() {
    Ipv6Autoconf config = Ipv6Autoconf.defaults().withSecret(SECRET);
    assertThat(addressOf(config)).isEqualTo(addressOf(config));
    assertThat(addressOf(config)).isNotEqualTo(addressOf(config.withSecret(SECRET + "!")));
    assertThat(addressOf(Ipv6Autoconf.defaults()))
        .as("without one it does not")
        .isNotEqualTo(addressOf(Ipv6Autoconf.defaults()));
  }

  @Test
  void one_that_is_taken_is_replaced_three_times() {
    try (Lab lab = started(Ipv6Autoconf.defaults().withSecret(SECRET))) {
      List<IpAddress> tried = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        while (lab.sent.isEmpty()) {
          lab.advance(SECOND / 100);
        }
        IpAddress wanted = lab.sent().getFirst().target();
        tried.add(wanted);
        lab.receive(
            Packet.of(
                wanted.toString(),
                "ff02::1",
                Packet.na(wanted.toString(), "O"),
                Packet.targetMac(Lab.PEER_MAC)));
      }
      lab.advance(10 * SECOND);
      assertThat(tried).doesNotHaveDuplicates();
      assertThat(lab.sent()).isEmpty();
      assertThat(lab.addresses).isEmpty();
      assertThat(lab.groups).containsOnlyKeys("ff02:0:0:0:0:0:0:1");
    }
  }

  @Test
  void reserved_identifiers_are_known() {
    assertThat(InterfaceIds.isReserved(0)).isTrue();
    assertThat(InterfaceIds.isReserved(0x0200_5eff_fe00_0001L)).isTrue();
    assertThat(InterfaceIds.isReserved(0xfdff_ffff_ffff_ff80L)).isTrue();
    assertThat(InterfaceIds.isReserved(0xfdff_ffff_ffff_ffffL)).isTrue();
    assertThat(InterfaceIds.isReserved(0xfdff_ffff_ffff_ff7fL)).isFalse();
    assertThat(InterfaceIds.isReserved(1)).isFalse();
  }
}
