package io.millrace.driver.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.os.Linux;
import io.millrace.spi.Driver;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** What a person reads when a TAP cannot be had. None of it needs a device. */
final class TapSentencesTest {
  private static final TapOptions MR0 = options("mr0", Map.of());

  private static TapOptions options(String device, Map<String, String> options) {
    return TapOptions.of(new PortConfig(device, options, 1));
  }

  @Test
  void isFoundByItsScheme() {
    assertThat(ServiceLoader.load(Driver.class)).extracting(Driver::scheme).containsExactly("tap");
  }

  @Test
  void hasDefaults() {
    assertThat(MR0).isEqualTo(new TapOptions("mr0", null, false, 0, true, 1, null, 0, false));
    assertThat(TapOptions.of(new PortConfig("mr0", Map.of(), 4)).queues()).isEqualTo(4);
    assertThat(options("mr0", Map.of("address", "10.0.0.1/24")).up()).isTrue();
    assertThat(options("mr0", Map.of("address", "10.0.0.1/24", "up", "off")).up()).isFalse();
  }

  @Test
  void refusesWhatCannotBeTheNameOfADevice() {
    assertRefused("", "the TAP device has no name: write, for example, tap:mr0");
    assertRefused(
        "sixteencharacter",
        "'sixteencharacter' is too long for a device: a name has at most 15 characters");
    assertThat(options("fifteencharacte", Map.of()).device()).hasSize(15);
    for (String name : new String[] {".", "..", "a/b", "a b", "a:b", "tap%d", "täp", "a\u0000"}) {
      assertRefused(name, "'" + name + "' cannot be the name of a device");
    }
  }

  private static void assertRefused(String device, String sentence) {
    assertThatThrownBy(() -> options(device, Map.of()))
        .isInstanceOf(PortException.class)
        .hasMessage(sentence);
  }

  @Test
  void refusesOptionsOutOfRange() {
    assertRefused("mtu", "67", "option mtu=67: give a whole number from 68 to 65521");
    assertRefused("mtu", "65522", "option mtu=65522: give a whole number from 68 to 65521");
    assertRefused("queues", "0", "option queues=0: give a whole number from 1 to 256");
    assertRefused("queues", "257", "option queues=257: give a whole number from 1 to 256");
    assertRefused("offload", "1", "option offload=1: give on or off");
    String address = ": give an IPv4 address and its length, 10.0.0.1/24";
    for (String text : new String[] {"10.0.0.1", "10.0.0.1/33", "x/24", "fd00::1/64"}) {
      assertRefused("address", text, "option address=" + text + address);
    }
    assertRefused(
        "speed",
        "1",
        "unknown option speed; known are address, mac, mtu, netns, offload, persist, queues, up");
  }

  private static void assertRefused(String key, String value, String sentence) {
    assertThatThrownBy(() -> options("mr0", Map.of(key, value)))
        .isInstanceOf(PortException.class)
        .hasMessage(sentence);
  }

  @Test
  void saysHowToGetTheRight() {
    assertThat(TapError.notAttached(MR0, -Linux.EPERM, KernelLink.Kind.NONE))
        .hasMessage(
            "opening the TAP device mr0 needs root (CAP_NET_ADMIN in its network namespace), or a"
                + " device made for this user beforehand: sudo ip tuntap add dev mr0 mode tap user"
                + " $USER");
    assertThat(
            TapError.notAttached(
                options("mr0", Map.of("queues", "2")), -Linux.EPERM, KernelLink.Kind.NONE))
        .hasMessageEndingWith("sudo ip tuntap add dev mr0 mode tap multi_queue user $USER");
    assertThat(TapError.noTun(-Linux.ENOENT)).hasMessageContaining("sudo modprobe tun");
    assertThat(TapError.noTun(-Linux.EACCES)).hasMessageContaining("may not open /dev/net/tun");
    assertThat(TapError.noTun(-24)).hasMessageContaining("Too many open files");
    assertThat(TapError.notSet("mr0", "the MTU", -Linux.EPERM))
        .hasMessage("setting the MTU of mr0 needs root");
    assertThat(TapError.notSet("mr0", "the MTU", -Linux.EINVAL))
        .hasMessageStartingWith("the kernel refuses to set the MTU of mr0: Invalid argument");
  }

  @Test
  void saysWhoHasTheDevice() {
    assertThat(TapError.notAttached(MR0, -Linux.EBUSY, KernelLink.Kind.TAP))
        .hasMessage("the TAP device mr0 is in use by another process");
    assertThat(TapError.notAttached(MR0, -Linux.EINVAL, KernelLink.Kind.OTHER))
        .hasMessage("the device mr0 is not a TAP device");
  }
}
