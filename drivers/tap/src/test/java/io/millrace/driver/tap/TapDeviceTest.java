package io.millrace.driver.tap;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.Ethernet;
import io.millrace.spi.Port;
import io.millrace.spi.PortConfig;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.UnsafeApi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The device as the kernel sees it: made, set up, refused, removed. */
final class TapDeviceTest {
  private NetworkNamespace namespace;

  @BeforeEach
  void makeNamespace() {
    NetworkNamespace.assumeAvailable();
    namespace = NetworkNamespace.create("tap");
    namespace.withoutIpv6();
  }

  @AfterEach
  void removeNamespace() {
    if (namespace != null) {
      namespace.close();
    }
  }

  private Port open(String device, String... options) {
    Map<String, String> map = new HashMap<>();
    map.put("netns", namespace.name());
    for (String option : options) {
      map.put(option.substring(0, option.indexOf('=')), option.substring(option.indexOf('=') + 1));
    }
    return new TapDriver().open(new PortConfig(device, map, 1));
  }

  private String show(String device) {
    return namespace.run("ip", "address", "show", "dev", device);
  }

  private boolean exists(String device) {
    return namespace.run("ip", "-o", "link").contains(device);
  }

  @Test
  void isThereWhileThePortIsOpen() {
    assertThat(exists("mr0")).isFalse();
    try (Port port = open("mr0")) {
      assertThat(exists("mr0")).isTrue();
      assertThat(port.info().name()).isEqualTo("tap:mr0");
      assertThat(port.info().mtu()).isEqualTo(1500);
      assertThat(port.info().offers(PortInfo.TX_SEGMENT_TCP4 | PortInfo.RX_LARGE)).isTrue();
      assertThat(show("mr0")).doesNotContain(",UP");
    }
    assertThat(exists("mr0")).isFalse();
  }

  @Test
  void staysIfAsked() {
    open("mr0", "persist=on").close();
    assertThat(exists("mr0")).isTrue();
    try (Port port = open("mr0", "offload=off")) {
      assertThat(port.info().offloads()).isZero();
    }
    assertThat(exists("mr0")).isTrue();
  }

  @Test
  void mergesAndSegmentsNothingWhereThePortMayNot() {
    Map<String, String> options = Map.of("netns", namespace.name(), "offload", "on");
    try (Port port = new TapDriver().open(new PortConfig("mr0", options, 1, false))) {
      assertThat(port.info().offloads()).isZero();
    }
  }

  @Test
  void getsTheKernelsAddressAndMtu() {
    try (Port port = open("mr0", "address=10.7.0.1/20", "mtu=9000")) {
      assertThat(port.info().mtu()).isEqualTo(9000);
      assertThat(show("mr0"))
          .contains("inet 10.7.0.1/20 brd 10.7.15.255")
          .contains(",UP")
          .contains("mtu 9000");
    }
  }

  @Test
  void hasALinkAddressThatIsNotTheKernelsAndStaysTheSame() {
    long mac;
    try (Port port = open("mr0")) {
      mac = port.info().mac();
      assertThat(mac >>> 40).as("locally administered, one station").isEqualTo(2);
      assertThat(show("mr0")).doesNotContain(Ethernet.format(mac));
    }
    try (Port again = open("mr0");
        Port other = open("mr1")) {
      assertThat(again.info().mac()).isEqualTo(mac);
      assertThat(other.info().mac()).isNotEqualTo(mac);
    }
    try (Port given = open("mr0", "mac=02:00:00:00:00:2a")) {
      assertThat(given.info().mac()).isEqualTo(0x0200_0000_002aL);
    }
  }

  @Test
  void refusesTheKernelsOwnLinkAddress() {
    namespace.run("ip", "tuntap", "add", "dev", "mr0", "mode", "tap");
    namespace.run("ip", "link", "set", "mr0", "address", "02:00:00:00:00:2a");
    assertRefused(
        "the option mac is the kernel's own link address on mr0; ours must be another one",
        "mr0",
        "mac=02:00:00:00:00:2a");
  }

  private void assertRefused(String sentence, String device, String... options) {
    assertThatThrownBy(() -> open(device, options))
        .isInstanceOf(PortException.class)
        .hasMessage(sentence);
  }

  @Test
  void isRefusedWhileAnotherHasIt() {
    try (Port port = open("mr0")) {
      assertThat(port.info().queues()).isEqualTo(1);
      assertRefused("the TAP device mr0 is in use by another process", "mr0");
      assertThat(exists("mr0")).as("the other's device is still there").isTrue();
    }
    try (Port again = open("mr0")) {
      assertThat(again.info().queues()).isEqualTo(1);
    }
  }

  @Test
  void refusesADeviceThatIsNoTap() {
    namespace.run("ip", "tuntap", "add", "dev", "t0", "mode", "tun");
    assertRefused("the device lo is not a TAP device", "lo");
    assertRefused("the device t0 is not a TAP device", "t0");
    assertRefused("the device t0 is not a TAP device", "t0", "queues=2");
  }

  @Test
  void opensSeveralQueues() {
    try (FramePool pool = new FramePool(64, 2048, 0, false);
        Port port = open("mr0", "queues=3")) {
      assertThat(port.info().queues()).isEqualTo(3);
      assertThat(namespace.run("ip", "-d", "link", "show", "mr0")).contains("numqueues 3");
      for (int i = 0; i < 3; i++) {
        assertThat(port.queue(i, pool).fd()).isPositive();
      }
    }
    assertThat(exists("mr0")).isFalse();
  }

  @Test
  void takesOneQueueOfADeviceMadeForSeveralButNotTheOtherWayRound() {
    namespace.run("ip", "tuntap", "add", "dev", "many", "mode", "tap", "multi_queue");
    namespace.run("ip", "tuntap", "add", "dev", "one", "mode", "tap");
    try (Port port = open("many")) {
      assertThat(port.info().queues()).isEqualTo(1);
    }
    assertRefused(
        "the TAP device one was made for a single queue: ask for queues=1, or make it with 'ip"
            + " tuntap add dev one mode tap multi_queue user $USER'",
        "one",
        "queues=2");
  }

  @Test
  void leavesNothingBehindWhenSettingItUpFails() {
    // The kernel takes no multicast address for itself.
    assertThatThrownBy(() -> open("mr0", "address=224.0.0.1/24", "persist=on"))
        .isInstanceOf(PortException.class)
        .hasMessageStartingWith("the kernel refuses to set the address of mr0: ");
    assertThat(exists("mr0")).isFalse();
  }

  @Test
  void findsNamespacesByPath() {
    Port port = new TapDriver().open(new PortConfig("mr0", Map.of("netns", namespace.path()), 1));
    assertThat(exists("mr0")).isTrue();
    port.close();
    assertThatThrownBy(
            () -> new TapDriver().open(new PortConfig("mr0", Map.of("netns", "/etc/hosts"), 1)))
        .isInstanceOf(PortException.class)
        .hasMessage("/etc/hosts is not a network namespace");
  }

  @Test
  void dropsWhatIsSentWhileTheDeviceIsOffAndGoesOnAfterwards() {
    try (FramePool pool = new FramePool(64, 2048, 4, false);
        Port port = open("mr0")) {
      PortQueue queue = port.queue(0, pool);
      assertThat(queue.txBurst(new Frame[] {broadcast(pool)}, 0, 1)).isEqualTo(1);
      assertThat(queue.takeTransmitDrops()).isEqualTo(1);
      assertThat(queue.rxBurst(new Frame[1], 1, 0)).isZero();
      for (int time = 0; time < 2; time++) {
        namespace.run("ip", "link", "set", "mr0", "up");
        assertThat(queue.txBurst(new Frame[] {broadcast(pool)}, 0, 1)).isEqualTo(1);
        assertThat(queue.takeTransmitDrops()).isZero();
        namespace.run("ip", "link", "set", "mr0", "down");
        assertThat(queue.txBurst(new Frame[] {broadcast(pool)}, 0, 1)).isEqualTo(1);
        assertThat(queue.takeTransmitDrops()).isEqualTo(1);
      }
    }
  }

  @Test
  void survivesThatTheDeviceIsRemoved() {
    try (FramePool pool = new FramePool(64, 2048, 4, false);
        Port port = open("mr0", "up=on")) {
      PortQueue queue = port.queue(0, pool);
      namespace.run("ip", "link", "del", "mr0");
      assertThat(queue.txBurst(new Frame[] {broadcast(pool)}, 0, 1)).isEqualTo(1);
      assertThat(queue.takeTransmitDrops()).isEqualTo(1);
      assertThat(queue.rxBurst(new Frame[1], 1, 0)).isZero();
    }
  }

  @Test
  void dropsAFrameLongerThanTheMtu() {
    for (String offload : List.of("on", "off")) {
      try (FramePool pool = new FramePool(64, 2048, 4, false);
          Port port = open("mr0", "up=on", "mtu=1000", "offload=" + offload)) {
        PortQueue queue = port.queue(0, pool);
        Frame fits = broadcast(pool);
        fits.append(1018 - fits.length());
        Frame tooLong = broadcast(pool);
        tooLong.append(1019 - tooLong.length());
        assertThat(queue.txBurst(new Frame[] {tooLong, fits}, 0, 2)).isEqualTo(2);
        assertThat(queue.takeTransmitDrops()).isEqualTo(1);
      }
    }
  }

  private static Frame broadcast(FramePool pool) {
    Frame frame = pool.allocate();
    Bytes.fill(frame.append(60), 60, 0);
    Ethernet.write(frame.address(), Ethernet.BROADCAST, 0x0200_0000_0001L, 0x88b5, 0);
    return frame;
  }

  @Test
  void saysWhatIsMissingWithoutTheRight() throws IOException, InterruptedException {
    String classPath = location(TapDriver.class) + ":" + location(Frame.class);
    classPath += ":" + location(TapDeviceTest.class) + ":" + location(UnsafeApi.class);
    Process process =
        new ProcessBuilder(
                "setpriv",
                "--bounding-set=-net_admin",
                "--inh-caps=-net_admin",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "-cp",
                classPath,
                OpenTap.class.getName(),
                "mr-rights")
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isEqualTo(1);
    assertThat(output)
        .isEqualTo(
            "opening the TAP device mr-rights needs root (CAP_NET_ADMIN in its network namespace),"
                + " or a device made for this user beforehand: sudo ip tuntap add dev mr-rights"
                + " mode tap user $USER\n");
  }

  private static String location(Class<?> type) {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath()).toString();
  }

  /** Opens a TAP as another process does that has fewer rights. */
  static final class OpenTap {
    private OpenTap() {}

    public static void main(String[] args) {
      try {
        new TapDriver().open(new PortConfig(args[0], Map.of(), 1)).close();
        System.out.println("opened");
      } catch (PortException e) {
        System.out.println(e.getMessage());
        System.exit(1);
      }
    }
  }
}
