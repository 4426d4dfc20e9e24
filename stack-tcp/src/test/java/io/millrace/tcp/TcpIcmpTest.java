package io.millrace.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IcmpError;
import io.millrace.testkit.PlainIpv4;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** ICMP errors: RFC 9293 §3.9.2.2, RFC 1122 §4.2.3.9, RFC 5927, RFC 1191. */
class TcpIcmpTest {
  @ParameterizedTest
  @EnumSource(
      value = IcmpError.class,
      names = {"PORT_UNREACHABLE", "PROTOCOL_UNREACHABLE", "ADMINISTRATIVELY_PROHIBITED"})
  void aHardErrorEndsAnAttempt(IcmpError error) {
    try (TcpWire wire = TcpWire.client()) {
      wire.out("S");
      wire.icmp(error, 0, 0);
      assertThat(wire.events).containsExactly("closed UNREACHABLE");
      wire.silence();
    }
  }

  @Tag("rfc1122:3.2.2.1-3")
  @ParameterizedTest
  @EnumSource(
      value = IcmpError.class,
      names = {
        "NET_UNREACHABLE",
        "HOST_UNREACHABLE",
        "SOURCE_ROUTE_FAILED",
        "TIME_EXCEEDED",
        "PARAMETER_PROBLEM"
      })
  void aSoftErrorDoesNotEndAnAttempt(IcmpError error) {
    try (TcpWire wire = TcpWire.client()) {
      wire.out("S");
      wire.icmp(error, 0, 0);
      assertThat(wire.events).isEmpty(); // RFC 9293 §3.9.2.2 (MUST-56)
      wire.after(java.time.Duration.ofMinutes(10));
      wire.skip();
      assertThat(wire.events).containsExactly("closed UNREACHABLE"); // but it is told in the end
    }
  }

  @Tag("rfc1122:3.2.2.1-3")
  @ParameterizedTest
  @EnumSource(IcmpError.class)
  void noErrorEndsAnOpenConnection(IcmpError error) {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(100);
      wire.outData(1, 100);
      wire.icmp(error, 1_400, 1);
      assertThat(wire.events).isEmpty(); // RFC 5927 §5.2
      assertThat(wire.state()).isEqualTo(TcpState.ESTABLISHED);
      wire.ack(1, 101);
      assertThat(wire.connection.unacknowledgedBytes()).isZero();
      wire.skip();
    }
  }

  @Tag("rfc8201:4-6")
  @ParameterizedTest
  @EnumSource(IcmpError.class)
  void anErrorAboutNothingInFlightIsIgnored(IcmpError error) {
    try (TcpWire wire = TcpWire.client()) {
      wire.out("S");
      wire.icmp(error, 100, 1); // RFC 5927 §4.1
      wire.icmp(error, 100, -1);
      wire.icmp(error, 100, 1 << 30);
      assertThat(wire.events).isEmpty();
      wire.silence();
    }
  }

  @Tag("rfc8201:5.4-1")
  @Tag("rfc8201:5.4-2")
  @Test
  void aPathMtuMakesSegmentsSmallerAndSendsAgain() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(2_920);
      wire.skip();
      int before = wire.connection.congestionWindow();
      wire.icmp(IcmpError.PACKET_TOO_BIG, 1_000, 1);
      wire.outData(1, 960);
      wire.outData(961, 960);
      wire.outData(1_921, 960);
      wire.outData(2_881, 40);
      wire.silence();
      assertThat(wire.connection.congestionWindow()).isEqualTo(before); // RFC 1191 §6.4
    }
  }

  @Tag("rfc8201:5.4-1")
  @Test
  void everyConnectionToTheHostUsesAPathMtuThatOneHasLearnt() {
    try (TcpWire wire = TcpWire.open()) {
      TcpConnection first = wire.connection;
      long firstIss = wire.ourIss;
      wire.peerPort = 6;
      wire.handshake();
      wire.peerPort = 5000;
      long secondIss = wire.ourIss;
      wire.ourIss = firstIss;
      first.send(new byte[1_460], 0, 1_460);
      wire.world.settle();
      wire.skip();
      wire.icmp(IcmpError.PACKET_TOO_BIG, 1_000, 1);
      wire.skip();
      wire.ourIss = secondIss;
      wire.send(2_000);
      wire.outData(1, 960); // RFC 1191 §6.4: all are told
      wire.outData(961, 960);
      first.abort();
      wire.world.settle();
      wire.skip();
    }
  }

  @Test
  void whenWhatWasLearntExpiresSegmentsGrowAgain() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(1_460);
      wire.skip();
      wire.icmp(IcmpError.PACKET_TOO_BIG, 1_000, 1);
      wire.outData(1, 960);
      wire.outData(961, 500);
      wire.ack(1, 1_461);
      ((PlainIpv4) wire.stack.shard(0).ipv4()).pathMtu(1_500);
      wire.send(1_460);
      wire.outData(1_461, 1_460); // RFC 1191 §6.3
    }
  }

  @Test
  void aPathMtuForWhatIsNotInFlightIsIgnored() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(2_920);
      wire.skip();
      wire.icmp(IcmpError.PACKET_TOO_BIG, 1_000, 2_921);
      wire.icmp(IcmpError.PACKET_TOO_BIG, 1_000, 0);
      wire.silence();
      wire.ack(1, 2_921);
      wire.send(1_460);
      wire.outData(2_921, 1_460);
    }
  }

  @Test
  void anMtuThatIsNoSmallerSendsNothingAgain() {
    try (TcpWire wire = TcpWire.open()) {
      wire.send(2_920);
      wire.skip();
      wire.icmp(IcmpError.PACKET_TOO_BIG, 1_500, 1);
      wire.icmp(IcmpError.PACKET_TOO_BIG, 65_535, 1);
      wire.silence(); // RFC 5927 §7.2
    }
  }

  @Test
  void theSmallestMtuStillCarriesData() {
    try (TcpWire wire = TcpWire.server().withSack().handshake()) {
      for (int i = 1; i <= 5; i++) {
        wire.data(100 * i, 10, 1);
      }
      wire.skip();
      wire.send(100);
      wire.skip();
      wire.icmp(IcmpError.PACKET_TOO_BIG, 68, 1); // RFC 791: every path takes 68 bytes
      wire.outData(1, 28);
    }
  }

  @Test
  void aPathMtuDuringTheAttemptIsKeptForLater() {
    try (TcpWire wire = TcpWire.client()) {
      wire.out("S");
      wire.icmp(IcmpError.PACKET_TOO_BIG, 1_000, 0);
      wire.silence();
      wire.synAck().arrives();
      wire.out("A");
      wire.send(20_000);
      wire.outData(1, 960);
      assertThat(wire.skip()).isEqualTo(9); // the initial window is whole
    }
  }
}
