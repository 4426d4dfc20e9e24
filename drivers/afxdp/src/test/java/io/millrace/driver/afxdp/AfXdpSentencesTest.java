package io.millrace.driver.afxdp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.driver.afxdp.AfXdpOptions.Attach;
import io.millrace.driver.afxdp.AfXdpOptions.Mode;
import io.millrace.os.Linux;
import io.millrace.spi.Driver;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** What a person reads when an interface cannot be taken over. None of it needs a device. */
final class AfXdpSentencesTest {
  private static AfXdpOptions options(String device, Map<String, String> options) {
    return AfXdpOptions.of(new PortConfig(device, options, 1));
  }

  private static void assertRefused(String key, String value, String sentence) {
    assertThatThrownBy(() -> options("eth1", Map.of(key, value)))
        .isInstanceOf(PortException.class)
        .hasMessage(sentence);
  }

  @Test
  void isFoundByItsScheme() {
    assertThat(ServiceLoader.load(Driver.class)).extracting(Driver::scheme).contains("afxdp");
  }

  @Test
  void hasDefaults() {
    assertThat(options("eth1", Map.of()))
        .isEqualTo(
            new AfXdpOptions(
                "eth1",
                1,
                0,
                Mode.AUTO,
                Attach.AUTO,
                2048,
                false,
                false,
                0,
                64,
                null,
                null,
                false,
                null));
    assertThat(AfXdpOptions.of(new PortConfig("eth1", Map.of(), 4)).queues()).isEqualTo(4);
    assertThat(options("eth1", Map.of("busy-poll", "on")).busyPoll()).isEqualTo(20);
    assertThat(options("eth1", Map.of("txcsum", "on")).transmitChecksums()).isTrue();
    assertThat(
            AfXdpOptions.of(new PortConfig("eth1", Map.of("txcsum", "on"), 1, false))
                .transmitChecksums())
        .as("not where packets are to be damaged")
        .isFalse();
  }

  @Test
  void refusesWhatCannotBeTheNameOfAnInterface() {
    assertThatThrownBy(() -> options("", Map.of()))
        .hasMessage(
            "the network interface has no name: write, for example, afxdp:eth1; 'ip link' lists"
                + " them");
    assertThatThrownBy(() -> options("sixteencharacter", Map.of()))
        .hasMessage(
            "'sixteencharacter' is too long for a network interface: a name has at most 15"
                + " characters");
  }

  @Test
  void refusesOptionsOutOfRange() {
    assertRefused("queues", "0", "option queues=0: give a whole number from 1 to 256");
    assertRefused("mode", "fast", "option mode=fast: give auto, zerocopy, copy");
    assertRefused("attach", "skb", "option attach=skb: give auto, driver, generic");
    assertRefused("ring", "100", "option ring=100: give a power of two from 64 to 32768");
    assertRefused("ring", "32", "option ring=32: give a whole number from 64 to 32768");
    assertRefused("rxcsum", "on", "option rxcsum=on: give verify or trust");
    assertRefused("txcsum", "yes", "option txcsum=yes: give on or off");
    assertRefused("busy-poll", "1001", "option busy-poll=1001: give a whole number from 1 to 1000");
    assertRefused("hints", "time", "option hints=time: give on or off");
    assertThatThrownBy(() -> options("eth1", Map.of("hints", "on", "attach", "generic")))
        .isInstanceOf(PortException.class)
        .hasMessage(
            "option hints=on needs the program in the device's driver: leave attach=generic out");
    for (String key : new String[] {"6d5a", "x".repeat(80)}) {
      assertRefused(
          "rss-key",
          key,
          "option rss-key=" + key + ": give at least 40 bytes as hexadecimal digits");
    }
    assertThatThrownBy(() -> options("eth1", Map.of("mtu", "1500")))
        .hasMessageStartingWith("unknown option mtu; known are attach, busy-poll,");
  }

  @Test
  void saysWhatIsMissingAndHowToGetIt() {
    assertThat(AfXdpError.noDevice("eth1", -Linux.ENODEV))
        .hasMessage("there is no network interface eth1; 'ip link' lists those that there are");
    assertThat(AfXdpError.noSocket(-Linux.EPERM))
        .hasMessageStartingWith("AF_XDP sockets need root");
    assertThat(AfXdpError.noSocket(-97)).hasMessageContaining("CONFIG_XDP_SOCKETS");
    assertThat(AfXdpError.notRegistered("eth1", 32 << 20, -105))
        .hasMessage(
            "the kernel may not lock the 32 MiB of frames for eth1: raise the limit ('ulimit -l"
                + " unlimited', or LimitMEMLOCK=infinity in a service), or take fewer frames");
    assertThat(AfXdpError.notBound("eth1", 3, -Linux.EBUSY))
        .hasMessage("queue 3 of eth1 belongs to another AF_XDP socket already");
    assertThat(AfXdpError.tooLongForZeroCopy("eth1", 3502))
        .hasMessage(
            "option mode=zerocopy: the MTU of eth1 is too large for it; 'ip link set eth1 mtu"
                + " 3502' is the most");
    assertThat(AfXdpError.hintsUnknown("eth1", -Linux.ENOENT))
        .hasMessage(
            "option hints=on: this kernel does not say what the driver of eth1 knows of received"
                + " packets; that needs Linux 6.7 or later (No such file or directory (errno 2))");
    assertThat(AfXdpError.noQueue(options("eth1", Map.of("first-queue", "4")), 4))
        .hasMessage("option first-queue=4: eth1 has the queues 0 to 3");
  }

  @Test
  void refusesAnInterfaceThatIsNotThere() {
    assertThatThrownBy(() -> new AfXdpDriver().open(new PortConfig("mrx-not-there", Map.of(), 1)))
        .isInstanceOf(PortException.class)
        .hasMessage(
            "there is no network interface mrx-not-there; 'ip link' lists those that there are");
    assertThatThrownBy(() -> new AfXdpDriver().open(new PortConfig("lo", Map.of(), 1)))
        .isInstanceOf(PortException.class)
        .hasMessage("the network interface lo does not carry Ethernet");
  }
}
