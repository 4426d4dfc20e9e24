package io.millrace.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.spi.PortException;
import io.millrace.spi.ScriptedPort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How networks on a port are named. */
class VlanTagsTest {
  @Test
  void oneNumberIsATagAndTwoAreTwo() {
    assertThat(VlanTags.parse("1")).isEqualTo(1);
    assertThat(VlanTags.parse("4094")).isEqualTo(4094);
    assertThat(VlanTags.parse("100.10")).isEqualTo(100 << 16 | 10);
    assertThat(VlanTags.format(VlanTags.parse("100.10"))).isEqualTo("100.10");
    assertThat(VlanTags.format(7)).isEqualTo("7");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "0", "4095", "-1", "x", "1.", ".1", "1.2.3", "0.1", "1.4095", "99999"})
  void otherTextIsRefusedWithAnExample(String text) {
    assertThatThrownBy(() -> VlanTags.parse(text))
        .isInstanceOf(PortException.class)
        .hasMessageContaining("'" + text + "'")
        .hasMessageContaining("100.10");
  }

  @Test
  void aNetworkNeedsAPortAndIsThereOnce() {
    assertThatThrownBy(() -> NetStack.builder().port(new ScriptedPort()).vlan(1, "10").start())
        .isInstanceOf(PortException.class)
        .hasMessage("the network 10 is on port 1, and the ports are numbered from 0 to 0");
    assertThatThrownBy(
            () -> NetStack.builder().port(new ScriptedPort()).vlan(0, "7").vlan(0, "7").start())
        .isInstanceOf(PortException.class)
        .hasMessage("the network 7 is on port 0 twice");
  }
}
