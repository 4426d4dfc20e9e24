package io.millrace.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The name of a port, and the options that a driver reads from it. */
class PortSpecTest {
  @Test
  void aNameIsSchemeTargetAndOptionsInOrder() {
    PortSpec spec = PortSpec.parse("tap:mr0,mtu=9000,capture=a=b.pcapng,up,empty=");
    assertThat(spec.scheme()).isEqualTo("tap");
    assertThat(spec.target()).isEqualTo("mr0");
    assertThat(spec.options())
        .containsExactly(
            Map.entry("mtu", "9000"),
            Map.entry("capture", "a=b.pcapng"),
            Map.entry("up", "on"),
            Map.entry("empty", ""));
  }

  @Test
  void theTargetMayHoldColonsOrNothing() {
    assertThat(PortSpec.parse("pcap:C:/x.pcap").target()).isEqualTo("C:/x.pcap");
    assertThat(PortSpec.parse("mem:").target()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "''; is not a port",
        "mr0; is not a port",
        ":mr0; is not a port",
        "tap:mr0,; has an empty option",
        "tap:mr0,,up; has an empty option",
        "tap:mr0,=5; has an empty option",
        "'tap:mr0, up'; has a space beside the option up",
        "tap:mr0,a=1,a=2; gives the option a twice",
      })
  void saysWhatIsWrong(String text, String said) {
    assertThatThrownBy(() -> PortSpec.parse(text))
        .isInstanceOf(PortException.class)
        .hasMessageContaining(said)
        .hasMessageStartingWith("'" + text + "'");
  }

  @ParameterizedTest
  @CsvSource({
    "dchp, 'neither an address with its prefix, as in 10.0.0.2/24, nor one of the words dhcp,"
        + " auto'",
    "'', neither an address",
    "10.0.0.2, as in 10.0.0.2/24",
    "fe80::1, as in 2001:db8::2/64",
  })
  void saysWhatAnAddressLooksLike(String text, String said) {
    assertThatThrownBy(() -> PortRequest.of(null, null, text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("'" + text + "'")
        .hasMessageContaining(said);
  }

  @Property
  void garbageIsAPortOrRefusedButNothingElse(@ForAll @StringLength(max = 40) String text) {
    try {
      assertThat(PortSpec.parse(text).scheme()).isNotEmpty();
    } catch (PortException e) {
      assertThat(e).hasMessageStartingWith("'");
    }
  }

  @Test
  void aDriverReadsItsOptions() {
    PortConfig config =
        new PortConfig("x", Map.of("mtu", "1400", "up", "on", "down", "off", "bad", "9x"), 1);
    assertThat(config.offload()).isTrue();
    assertThat(config.option("mtu", "1")).isEqualTo("1400");
    assertThat(config.option("none", "1")).isEqualTo("1");
    assertThat(config.number("mtu", 1, 68, 65_535)).isEqualTo(1_400);
    assertThat(config.number("none", 7, 68, 65_535)).isEqualTo(7);
    assertThat(config.flag("up", false)).isTrue();
    assertThat(config.flag("down", true)).isFalse();
    assertThat(config.flag("none", true)).isTrue();
    assertThatThrownBy(() -> config.number("mtu", 1, 1_500, 9_000))
        .isInstanceOf(PortException.class)
        .hasMessage("option mtu=1400: give a whole number from 1500 to 9000");
    assertThatThrownBy(() -> config.number("up", 1, 1_500, 9_000))
        .hasMessage("option up without a value: give a whole number from 1500 to 9000");
    assertThatThrownBy(() -> config.number("bad", 1, 0, 9))
        .hasMessage("option bad=9x: give a whole number from 0 to 9");
    assertThatThrownBy(() -> config.flag("bad", true)).hasMessage("option bad=9x: give on or off");
    assertThatThrownBy(() -> config.allow(Set.of("mtu", "up", "down")))
        .hasMessage("unknown option bad; known are down, mtu, up");
    assertThatThrownBy(() -> new PortConfig("x", Map.of("a", "b"), 1).allow(Set.of()))
        .hasMessage("unknown option a; there are none");
    assertThatThrownBy(() -> new PortConfig("x", Map.of(), 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
