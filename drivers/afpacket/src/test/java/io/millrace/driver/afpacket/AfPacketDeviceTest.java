package io.millrace.driver.afpacket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Frame;
import io.millrace.link.Ethernet;
import io.millrace.os.Ethtool;
import io.millrace.os.Namespace;
import io.millrace.os.NetworkDevice;
import io.millrace.os.ReceiveHash;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import io.millrace.testkit.netns.NetworkNamespace;
import io.millrace.testkit.packet.PacketBuilder;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The interface as the kernel sees it: opened, refused, switched off and on, changed, removed. */
@Timeout(60)
final class AfPacketDeviceTest {
  /** Further apart than the port's looks at the interface. */
  private static final long LATER = 20_000_000;

  private VethFixture veth;

  @BeforeEach
  void makeVeth() {
    NetworkNamespace.assumeAvailable();
    veth = new VethFixture();
  }

  @AfterEach
  void removeVeth() {
    if (veth != null) {
      veth.close();
    }
  }

  private String ip(String... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = "ip";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return veth.namespace.run(command);
  }

  private static byte[] packet(int payload) {
    return PacketBuilder.udp().from("10.0.0.1", 9).to("10.0.0.2", 10).payload(payload).bytes();
  }

  private static int send(PortQueue queue, Frame frame) {
    return queue.txBurst(new Frame[] {frame}, 0, 1);
  }

  private void assertArrives(PortQueue from, PortQueue to, int payload) {
    veth.send(from, veth.frame(packet(payload)));
    Frame got = veth.receive(to);
    assertThat(got.toByteArray()).isEqualTo(packet(payload));
    got.release();
  }

  @Test
  void hasTheInterfacesAddressAndMtu() {
    ip("link", "set", VethBench.OURS, "mtu", "1400");
    try (Port port = veth.open(VethBench.OURS)) {
      PortInfo info = port.info();
      assertThat(info.name()).isEqualTo("afpacket:mrp0");
      assertThat(info.mtu()).isEqualTo(1400);
      assertThat(info.offers(PortInfo.TX_SEGMENT_TCP4 | PortInfo.RX_LARGE)).isTrue();
      assertThat(info.rss()).as("a single queue").isNull();
      assertThat(ip("link", "show", VethBench.OURS)).contains(Ethernet.format(info.mac()));
    }
  }

  @Test
  void receivesAtAnAddressOfItsOwnWhileItIsOpen() {
    String mac = "02:00:00:00:00:2a";
    try (Port port = veth.open(VethBench.OURS, "mac", mac)) {
      assertThat(port.info().mac()).isEqualTo(0x0200_0000_002aL);
      assertThat(ip("-d", "link", "show", VethBench.OURS)).contains("allmulti 1");
    }
    assertThat(ip("-d", "link", "show", VethBench.OURS)).contains("allmulti 0");
  }

  @Test
  void isPromiscuousIfAskedWhileItIsOpen() {
    try (Port port = veth.open(VethBench.OURS, "promiscuous", "on")) {
      assertThat(port.info().queues()).isEqualTo(1);
      assertThat(ip("-d", "link", "show", VethBench.OURS)).contains("promiscuity 1");
    }
    assertThat(ip("-d", "link", "show", VethBench.OURS)).contains("promiscuity 0");
  }

  @Test
  void isRefusedWithASentence() {
    assertRefused(
        "mrp9", "there is no network interface mrp9; 'ip link' shows those that there are");
    assertRefused(
        "a-name-of-sixteen",
        "there is no network interface a-name-of-sixteen; 'ip link' shows those that there are");
    assertRefused(
        "lo", "the interface lo carries no Ethernet frames, so the stack has no use for it");
  }

  private void assertRefused(String device, String sentence) {
    assertThatThrownBy(() -> veth.open(device))
        .isInstanceOf(PortException.class)
        .hasMessage(sentence);
  }

  @Test
  void goesOnWhenTheInterfaceIsSwitchedOffAndOn() {
    try (Port one = veth.open(VethBench.OURS);
        Port two = veth.open(VethBench.PEER)) {
      PortQueue from = one.queue(0, veth.pool);
      PortQueue to = two.queue(0, veth.pool);
      assertArrives(from, to, 1);
      for (int time = 1; time <= 2; time++) {
        ip("link", "set", VethBench.OURS, "down");
        assertThat(send(from, veth.frame(packet(1)))).isEqualTo(1);
        assertThat(from.takeTransmitDrops()).isEqualTo(1);
        assertThat(from.rxBurst(new Frame[1], 1, 2 * time * LATER)).isZero();
        assertThat(veth.isReadable(from, 0)).as("readable, so that a shard would spin").isFalse();
        ip("link", "set", VethBench.OURS, "up");
        assertThat(from.rxBurst(new Frame[1], 1, (2 * time + 1) * LATER)).isZero();
        assertArrives(from, to, 2);
        assertArrives(to, from, 3);
      }
    }
  }

  @Test
  void dropsAfterAWhileWhatADeviceWithoutCableDoesNotTake() {
    try (Port port = veth.open(VethBench.OURS)) {
      PortQueue queue = port.queue(0, veth.pool);
      ip("link", "set", VethBench.PEER, "down");
      Frame first = veth.frame(packet(1));
      int tries = 1;
      while (send(queue, first) == 0) {
        tries++;
      }
      assertThat(tries).isLessThan(2000);
      assertThat(queue.takeTransmitDrops()).isEqualTo(1);
      assertThat(send(queue, veth.frame(packet(1)))).as("no more patience").isEqualTo(1);
      assertThat(queue.takeTransmitDrops()).isEqualTo(1);
      ip("link", "set", VethBench.PEER, "up");
      veth.send(queue, veth.frame(packet(1)));
    }
  }

  @Test
  void survivesThatTheInterfaceIsRemoved() {
    try (Port port = veth.open(VethBench.OURS)) {
      PortQueue queue = port.queue(0, veth.pool);
      ip("link", "del", VethBench.OURS);
      assertThat(queue.rxBurst(new Frame[1], 1, LATER)).isZero();
      assertThat(veth.isReadable(queue, 0)).as("readable, so that a shard would spin").isFalse();
      assertThat(send(queue, veth.frame(packet(1)))).isEqualTo(1);
      assertThat(queue.takeTransmitDrops()).isEqualTo(1);
    }
  }

  @Test
  void followsTheMtu() {
    try (Port one = veth.open(VethBench.OURS);
        Port two = veth.open(VethBench.PEER)) {
      PortQueue from = one.queue(0, veth.pool);
      PortQueue to = two.queue(0, veth.pool);
      ip("link", "set", VethBench.PEER, "mtu", "9000");
      ip("link", "set", VethBench.OURS, "mtu", "1000");
      assertThat(send(from, veth.frame(packet(1400)))).isEqualTo(1);
      assertThat(from.takeTransmitDrops()).as("longer than it may be now").isEqualTo(1);
      assertThat(send(to, veth.frame(packet(1600)))).isEqualTo(1);
      assertThat(to.takeTransmitDrops()).as("longer than it was allowed").isEqualTo(1);
      assertArrives(from, to, 900);
      ip("link", "set", VethBench.OURS, "mtu", "9000");
      try (Port again = veth.open(VethBench.PEER)) {
        assertArrives(again.queue(0, veth.pool), from, 8000);
      }
      // Both ports on that end saw nothing of it: it was sent by one of them.
      assertThat(to.rxBurst(new Frame[1], 1, 0)).isZero();
    }
  }

  @Test
  void severalQueuesNeedNoInterfaceThatIsOn() {
    ip("link", "set", VethBench.OURS, "down");
    try (Port port = veth.open(VethBench.OURS, "queues", "2")) {
      assertThat(port.info().queues()).isEqualTo(2);
    } catch (PortException e) {
      assertThat(e)
          .hasMessage(
              "several queues need an interface that is switched on: 'sudo ip link set mrp0 up'");
    }
  }

  /** What a veth answers to the questions of the core's {@link Ethtool}. */
  @Test
  void aVethHasQueuesButNoHash() {
    Namespace.in(
        veth.namespace.name(),
        () -> {
          try (NetworkDevice device = new NetworkDevice(VethBench.OURS);
              Ethtool ethtool = new Ethtool(device)) {
            assertThat(device.isEthernet()).isEqualTo(1);
            assertThat(device.isUp()).isEqualTo(1);
            assertThat(ethtool.driver()).isEqualTo("veth");
            assertThat(ethtool.link()).isEqualTo(1);
            assertThat(ethtool.queues()).isEqualTo(1);
            assertThat(ethtool.receiveHash())
                .isEqualTo(new ReceiveHash(null, "it has no hash to spread flows by"));
            for (Ethtool.Feature feature : Ethtool.Feature.values()) {
              switchOver(ethtool, feature);
            }
          }
          return null;
        });
  }

  private static void switchOver(Ethtool ethtool, Ethtool.Feature feature) {
    String what = feature.name().toLowerCase(Locale.ROOT);
    for (boolean on : new boolean[] {false, true}) {
      // A veth cannot be told that it does not verify checksums.
      if (feature != Ethtool.Feature.RX_CHECKSUM) {
        assertThat(ethtool.feature(feature, on)).as(what).isZero();
        assertThat(ethtool.feature(feature)).as(what).isEqualTo(on ? 1 : 0);
      }
    }
  }
}
