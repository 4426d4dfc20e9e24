package io.millrace.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.flow.PortAllocator;
import io.millrace.ip.IpAddress;
import io.millrace.testkit.LinkConfig;
import io.millrace.udp.UdpFixture.Recorder;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which socket may have which port, and which socket gets a datagram. */
final class UdpBindTest {
  private static final IpAddress OURS = IpAddress.parse("10.0.0.1");
  private static final IpAddress PEER = IpAddress.parse("10.0.0.2");

  private final UdpFixture net = new UdpFixture();
  private final Recorder one = new Recorder();
  private final Recorder two = new Recorder();

  @AfterEach
  void close() {
    net.close();
  }

  @Test
  void portZeroIsADynamicPortThatNobodyHas() {
    Set<Integer> ports = new HashSet<>();
    for (int i = 0; i < 500; i++) {
      UdpSocket socket = net.udp.bind(0, one);
      assertThat(socket.localPort()).isBetween(PortAllocator.FIRST, PortAllocator.LAST);
      assertThat(ports.add(socket.localPort())).isTrue();
    }
  }

  @Tag("rfc768:UserInterface-1")
  @Test
  void aPortIsTakenUntilItsSocketIsClosed() {
    UdpSocket first = net.udp.bind(53, one);
    assertThatThrownBy(() -> net.udp.bind(53, two))
        .isInstanceOf(AddressInUseException.class)
        .hasMessage("UDP port 53 is in use by another socket");
    first.close();
    assertThat(net.udp.bind(53, two).isOpen()).isTrue();
  }

  @Test
  void addressesThatOverlapExcludeEachOther() {
    net.udp.bind(OURS, 53, one);
    assertThatThrownBy(() -> net.udp.bind(Udp.ANY, 53, two))
        .isInstanceOf(AddressInUseException.class);
    assertThatThrownBy(() -> net.udp.bind(IpAddress.ANY_V4, 53, two))
        .isInstanceOf(AddressInUseException.class);
    assertThatThrownBy(() -> net.udp.bindShared(IpAddress.ANY_V4, 53, two))
        .as("only sockets that share can share")
        .isInstanceOf(AddressInUseException.class);
  }

  @Test
  void aConnectedSocketKeepsItsPort() {
    UdpSocket socket = net.udp.bind(53, one);
    socket.connect(PEER, 9);
    assertThatThrownBy(() -> net.udp.bind(53, two)).isInstanceOf(AddressInUseException.class);
    socket.close();
    assertThat(net.udp.bind(53, two).isOpen()).isTrue();
  }

  @Test
  void ofSocketsThatShareTheMostSpecificReceives() {
    net.udp.bindShared(Udp.ANY, 53, one);
    UdpSocket specific = net.udp.bindShared(OURS, 53, two);
    net.inject(UdpFixture.toStack(1000, 53));
    assertThat(two.sources).containsExactly(1000);
    specific.close();
    net.inject(UdpFixture.toStack(1001, 53));
    assertThat(one.sources).containsExactly(1001);
  }

  @Test
  void ofEqualSocketsThatShareTheNewestReceives() {
    net.udp.bindShared(Udp.ANY, 53, one);
    UdpSocket newest = net.udp.bindShared(Udp.ANY, 53, two);
    net.inject(UdpFixture.toStack(1000, 53));
    assertThat(two.sources).containsExactly(1000);
    newest.close();
    net.inject(UdpFixture.toStack(1001, 53));
    assertThat(one.sources).containsExactly(1001);
  }

  @Test
  void aConnectedSocketReceivesBeforeAnUnconnectedOneAndOnlyFromItsPeer() {
    net.udp.bindShared(Udp.ANY, 53, one);
    UdpSocket connected = net.udp.bindShared(Udp.ANY, 53, two);
    connected.connect(PEER, 1000);
    assertThat(connected.localAddress()).isEqualTo(OURS);
    assertThat(connected.remoteAddress()).isEqualTo(PEER);
    net.inject(UdpFixture.toStack(1000, 53));
    net.inject(UdpFixture.toStack(1001, 53));
    assertThat(two.sources).containsExactly(1000);
    assertThat(one.sources).containsExactly(1001);
    connected.disconnect();
    assertThat(connected.remoteAddress()).isNull();
    net.inject(UdpFixture.toStack(1002, 53));
    assertThat(two.sources).containsExactly(1000, 1002);
  }

  @Test
  void twoSocketsCannotBeConnectedFromOnePortToOnePeer() {
    net.udp.bindShared(Udp.ANY, 53, one).connect(PEER, 1000);
    UdpSocket second = net.udp.bindShared(Udp.ANY, 53, two);
    assertThatThrownBy(() -> second.connect(PEER, 1000)).isInstanceOf(AddressInUseException.class);
    second.connect(PEER, 1001);
    assertThat(second.remotePort()).isEqualTo(1001);
  }

  @Test
  void connectingNeedsARoute() {
    UdpSocket socket = net.udp.bind(53, one);
    assertThatThrownBy(() -> socket.connect(IpAddress.parse("192.0.2.1"), 9))
        .isInstanceOf(NoRouteException.class)
        .hasMessage("there is no route to 192.0.2.1");
    net.inject(UdpFixture.toStack(1000, 53));
    assertThat(one.sources).as("still bound, still receiving").containsExactly(1000);
  }

  @Tag("rfc1122:4.1.3.6-2")
  @Test
  void onlyAddressesOfOursCanBeBound() {
    assertThatThrownBy(() -> net.udp.bind(PEER, 53, one))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("10.0.0.2 is not an address of this stack");
    assertThatThrownBy(() -> net.udp.bind(65_536, one))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> net.udp.bind(-1, one)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theNumberOfSocketsIsBounded() {
    try (UdpFixture small = new UdpFixture(LinkConfig.perfect(), new UdpConfig(3, 64))) {
      for (int i = 0; i < 3; i++) {
        small.udp.bind(0, one);
      }
      assertThatThrownBy(() -> small.udp.bind(0, one))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("3 UDP sockets");
    }
  }

  @Test
  void whenAllDynamicPortsAreTakenItSaysSo() {
    int all = PortAllocator.LAST - PortAllocator.FIRST + 1;
    for (int i = 0; i < all; i++) {
      net.udp.bind(0, one);
    }
    assertThat(net.udp.socketCount()).isEqualTo(all);
    assertThatThrownBy(() -> net.udp.bind(0, one)).isInstanceOf(AddressInUseException.class);
  }

  @Test
  void closingTheStackClosesItsSockets() {
    UdpSocket bound = net.udp.bind(53, one);
    UdpSocket connected = net.udp.bind(54, one);
    connected.connect(PEER, 9);
    net.stack.close();
    assertThat(bound.isOpen()).isFalse();
    assertThat(connected.isOpen()).isFalse();
    assertThat(net.udp.socketCount()).isZero();
    assertThatThrownBy(() -> bound.sendTo(PEER, 9, UdpFixture.buffer(), 0, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the socket on UDP port 53 is closed");
  }
}
