package io.millrace.driver.afpacket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.os.Linux;
import io.millrace.spi.Driver;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/**
 * What a port's name may say, and what a person reads when it cannot be had. Needs no interface.
 */
final class AfPacketOptionsTest {
  private static AfPacketOptions options(Map<String, String> options) {
    return AfPacketOptions.of(new PortConfig("eth1", options, 3));
  }

  @Test
  void isFoundByItsScheme() {
    assertThat(ServiceLoader.load(Driver.class))
        .filteredOn(driver -> driver instanceof AfPacketDriver)
        .extracting(Driver::scheme)
        .containsExactly("afpacket");
  }

  @Test
  void hasDefaults() {
    assertThat(options(Map.of()))
        .isEqualTo(new AfPacketOptions("eth1", true, 3, true, 0, 0, false, true, null));
  }

  @Test
  void takesWhatIsGiven() {
    Map<String, String> all =
        Map.of(
            "offload", "off",
            "queues", "2",
            "fanout", "hash",
            "ring", "128",
            "mac", "02:00:00:00:00:01",
            "promiscuous", "on",
            "bypass", "off",
            "netns", "red");
    assertThat(options(all))
        .isEqualTo(
            new AfPacketOptions(
                "eth1", false, 2, false, 128, 0x0200_0000_0001L, true, false, "red"));
    assertThat(AfPacketOptions.of(new PortConfig("eth1", Map.of(), 1, false)).offload())
        .as("a port that may merge nothing")
        .isFalse();
  }

  @Test
  void refusesWhatIsOutOfRangeOrUnknown() {
    assertRefused("queues", "257", "option queues=257: give a whole number from 1 to 256");
    assertRefused("ring", "63", "option ring=63: give a whole number from 64 to 65536");
    assertRefused("ring", "100", "option ring=100: give a power of two, for example 4096");
    assertRefused("fanout", "cpu", "option fanout=cpu: give toeplitz or hash");
    assertRefused(
        "mtu",
        "9000",
        "unknown option mtu; known are bypass, fanout, mac, netns, offload, promiscuous, queues,"
            + " ring");
    assertThatThrownBy(() -> AfPacketOptions.of(new PortConfig("", Map.of(), 1)))
        .isInstanceOf(PortException.class)
        .hasMessage("the interface has no name: write, for example, afpacket:eth1");
  }

  private static void assertRefused(String key, String value, String sentence) {
    assertThatThrownBy(() -> options(Map.of(key, value)))
        .isInstanceOf(PortException.class)
        .hasMessage(sentence);
  }

  @Test
  void saysWhatMayNotBeDone() {
    assertThat(PacketError.noSocket(-Linux.EPERM))
        .hasMessage(
            "opening a network interface needs root (CAP_NET_RAW in its network namespace)");
    assertThat(PacketError.noSocket(-Linux.EAFNOSUPPORT))
        .hasMessageContaining("modprobe af_packet");
    assertThat(PacketError.noSocket(-24)).hasMessageContaining("Too many open files");
    assertThat(PacketError.noFanout("mrp0", -Linux.EINVAL, false))
        .hasMessageContaining("sudo ip link set mrp0 up");
    assertThat(PacketError.noFanout("mrp0", -Linux.EPERM, true))
        .hasMessage("setting the division among queues of mrp0 needs root");
    assertThat(PacketError.notSet("mrp0", "the receive ring", -Linux.ENOMEM))
        .hasMessageContaining("ring=256");
  }
}
