package io.millrace.driver.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.link.Ethernet;
import io.millrace.spi.Driver;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** Opening and closing: names, options, and the sentences of what cannot be had. */
final class MemDriverTest {
  private static Port open(String name, Map<String, String> options) {
    return new MemDriver().open(new PortConfig(name, options, 1));
  }

  @Test
  void isFoundByItsScheme() {
    assertThat(ServiceLoader.load(Driver.class)).extracting(Driver::scheme).containsExactly("mem");
  }

  @Test
  void aWireHasTwoEnds() {
    try (Port one = open("two", Map.of());
        Port _ = open("two", Map.of())) {
      assertThat(one.info().name()).isEqualTo("mem:two");
      assertThat(one.info().mtu()).isEqualTo(1500);
      assertThat(one.info().offloads()).isZero();
      assertThatThrownBy(() -> open("two", Map.of()))
          .isInstanceOf(PortException.class)
          .hasMessage("the wire mem:two has both its ends in use; choose another name");
      try (Port elsewhere = open("three", Map.of())) {
        assertThat(elsewhere.info().name()).isEqualTo("mem:three");
      }
    }
  }

  @Test
  void itsEndsHaveDifferentLocallyAdministeredAddresses() {
    try (Port one = open("macs", Map.of());
        Port other = open("macs", Map.of())) {
      assertThat(one.info().mac()).isNotEqualTo(other.info().mac());
      for (Port port : new Port[] {one, other}) {
        assertThat(Ethernet.isGroup(port.info().mac())).isFalse();
        assertThat(port.info().mac() >>> 40 & 2).isEqualTo(2);
      }
    }
  }

  @Test
  void anAddressCanBeGiven() {
    try (Port port = open("mac", Map.of("mac", "02:00:00:00:00:2a"))) {
      assertThat(port.info().mac()).isEqualTo(0x0200_0000_002aL);
    }
  }

  @Test
  void theSecondEndTakesOverTheWireOrSaysTheSame() {
    try (Port _ = open("same", Map.of("mtu", "9000", "offload", "on"));
        Port silent = open("same", Map.of())) {
      assertThat(silent.info().mtu()).isEqualTo(9000);
      assertThat(silent.info().offers(PortInfo.TX_SEGMENT_TCP4 | PortInfo.RX_LARGE)).isTrue();
    }
    try (Port _ = open("same", Map.of("mtu", "9000"));
        Port same = open("same", Map.of("mtu", "9000"))) {
      assertThat(same.info().mtu()).isEqualTo(9000);
    }
    try (Port _ = open("same", Map.of("mtu", "9000"))) {
      assertThatThrownBy(() -> open("same", Map.of("mtu", "1400")))
          .isInstanceOf(PortException.class)
          .hasMessage(
              "the wire mem:same exists already with"
                  + " mtu=9000,ring=512,queues=1,drop=off,offload=off; its other end must say the"
                  + " same or nothing");
    }
  }

  @Test
  void aNameIsFreeAgainWhenBothEndsAreClosed() {
    for (int mtu = 1000; mtu < 1010; mtu++) {
      try (Port _ = open("again", Map.of("mtu", "" + mtu));
          Port other = open("again", Map.of())) {
        assertThat(other.info().mtu()).isEqualTo(mtu);
      }
    }
  }

  @Test
  void saysWhatIsWrongWithAnOption() {
    assertRefused("", Map.of(), "the wire has no name: write, for example, mem:wire0");
    assertRefused("x", Map.of("mtu", "67"), "option mtu=67: give a whole number from 68 to 65535");
    assertRefused("x", Map.of("ring", "48"), "option ring=48: give a power of two from 2 to 32768");
    assertRefused("x", Map.of("ring", "1"), "option ring=1: give a whole number from 2 to 32768");
    assertRefused("x", Map.of("drop", "yes"), "option drop=yes: give on or off");
    assertRefused(
        "x",
        Map.of("loss", "1"),
        "unknown option loss; known are drop, mac, mtu, offload, queues, ring");
    for (String mac :
        new String[] {"1", "00:00:00:00:00:00", "01:00:5e:00:00:01", "02:00:00:00:00:0g"}) {
      assertRefused(
          "x",
          Map.of("mac", mac),
          "option mac=" + mac + ": give a link address such as 02:00:00:00:00:01");
    }
  }

  /** A wire that could not be made must not stay behind and hold its name. */
  private static void assertRefused(String name, Map<String, String> options, String sentence) {
    assertThatThrownBy(() -> open(name, options))
        .isInstanceOf(PortException.class)
        .hasMessage(sentence);
    if (!name.isEmpty()) {
      open(name, Map.of("mtu", "1234")).close();
    }
  }
}
