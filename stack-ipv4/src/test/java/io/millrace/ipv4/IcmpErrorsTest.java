package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.testkit.host.TestTransport;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pcap4j.packet.IpV4Packet;

/** RFC 792, RFC 1122 §3.2.2, RFC 1191, RFC 1812 §4.3.2. */
class IcmpErrorsTest {
  private static final String ROUTER = TestHost.ROUTER;

  /** A host whose UDP answers everything with port unreachable. */
  private static TestHost refusing(Ipv4Config config) {
    TestHost host = TestHost.start(config).introducePeer();
    host.udp.taker =
        frame -> {
          host.family.sendUnreachable(frame, IcmpError.PORT_UNREACHABLE, host.now());
          frame.release();
        };
    return host;
  }

  private static TestHost refusing() {
    return refusing(Ipv4Config.defaults());
  }

  // ---- sent ----

  @Tag("rfc792:Unreachable-1")
  @Tag("rfc792:Formats-2")
  @Tag("rfc1122:3.2.2-2")
  @Tag("rfc1812:4.3.2.3-1")
  @Tag("rfc1812:4.3.2.3-2")
  @Test
  void quotesTheOffenderUpTo576Bytes() {
    for (int size : new int[] {0, 1, 100, 519, 520, 521, 1400}) {
      try (TestHost host = refusing()) {
        byte[] offender = Packets.udp(5, 6, Packets.random(size, size)).options(1, 1, 1, 0).build();
        host.receive(offender);
        IpV4Packet error = host.sentDatagrams().get(0);
        assertThat(error.length()).isEqualTo(Math.min(576, 20 + 8 + 24 + 8 + size));
        assertThat(error.getHeader().getSrcAddr().getHostAddress()).isEqualTo(TestHost.OURS);
        assertThat(error.getHeader().getDstAddr().getHostAddress()).isEqualTo(TestHost.PEER);
        byte[] icmp = Arrays.copyOfRange(error.getRawData(), 20, error.length());
        assertThat(Packets.checksum(icmp, 0, icmp.length)).isZero();
        assertThat(icmp).startsWith(3, 3).containsSequence(0, 0, 0, 0);
        assertThat(Arrays.copyOfRange(icmp, 8, icmp.length))
            .isEqualTo(Arrays.copyOfRange(offender, 14, 14 + icmp.length - 8));
      }
    }
  }

  @Tag("rfc792:Introduction-2")
  @Tag("rfc792:Introduction-3")
  @Tag("rfc1122:3.2.2-5")
  @Tag("rfc1122:3.2.2-6")
  @Tag("rfc1122:3.2.2-7")
  @Tag("rfc1122:3.2.2-8")
  @Tag("rfc1812:4.3.2.7-1")
  @Tag("rfc1812:4.3.2.7-3")
  @Tag("rfc1812:4.3.2.7-6")
  @Test
  void saysNothingAboutBroadcastsFragmentsAndIcmpErrors() {
    try (TestHost host = refusing()) {
      host.receive(Packets.udp(1, 2, new byte[9]).to("10.0.0.255").linkBroadcast().build());
      host.receive(Packets.udp(1, 2, new byte[9]).to("255.255.255.255").linkBroadcast().build());
      host.receive(Packets.udp(1, 2, new byte[9]).to("224.0.0.1").build());
      Frame frame = host.frame(Packets.ip(17, new byte[16]).fragment(8, true).datagram());
      frame.markL3();
      host.family.sendUnreachable(frame, IcmpError.PORT_UNREACHABLE, host.now());
      frame.release();
      for (int type : new int[] {3, 4, 5, 11, 12}) {
        frame = host.frame(Packets.ip(1, Packets.icmp(type, 0, 0, new byte[28])).datagram());
        frame.markL3();
        host.family.sendUnreachable(frame, IcmpError.PROTOCOL_UNREACHABLE, host.now());
        frame.release();
      }
      assertThat(host.sent()).isEmpty();
      frame = host.frame(Packets.echo(1, 2, new byte[28]).datagram());
      frame.markL3();
      host.family.sendUnreachable(frame, IcmpError.PROTOCOL_UNREACHABLE, host.now());
      frame.release();
      assertThat(host.sent()).as("an echo is not an error").hasSize(1);
    }
  }

  @Tag("rfc1812:4.3.2.8-1")
  @Test
  void sendsNoMoreThanTheRateAllows() {
    try (TestHost host = refusing(Ipv4Config.defaults().withIcmpLimit(100, 10))) {
      byte[] offender = Packets.udp(1, 2, new byte[9]).build();
      for (int i = 0; i < 50; i++) {
        host.receive(offender);
      }
      assertThat(host.sent()).hasSize(10);
      assertThat(host.drops(DropReason.ICMP_RATE_LIMITED)).isEqualTo(40);
      host.advance(TestHost.SECOND / 20);
      for (int i = 0; i < 50; i++) {
        host.receive(offender);
      }
      assertThat(host.sent()).hasSize(5);
      host.advance(TestHost.SECOND * 60);
      // It was unused so long that the peer has to be asked for again.
      host.introducePeer();
      for (int i = 0; i < 50; i++) {
        host.receive(offender);
      }
      assertThat(host.sentDatagrams()).hasSize(10);
    }
  }

  @Test
  void aRateOfZeroIsSilence() {
    try (TestHost host = refusing(Ipv4Config.defaults().withIcmpLimit(0, 1))) {
      host.receive(Packets.udp(1, 2, new byte[9]).build());
      assertThat(host.sent()).isEmpty();
    }
  }

  // ---- received ----

  private static byte[] quote(int protocol, int size) {
    return Packets.ip(protocol, Packets.join(new byte[] {1, 2, 3, 4}, new byte[size - 4]))
        .from(TestHost.OURS)
        .to("192.0.2.1")
        .datagram();
  }

  private static byte[] error(int type, int code, int rest, byte[] quote) {
    return Packets.ip(1, Packets.icmp(type, code, rest, quote)).from(ROUTER).build();
  }

  @Tag("rfc792:Unreachable-3")
  @Tag("rfc792:Formats-2")
  @Tag("rfc1122:3.2.2-3")
  @Tag("rfc1122:3.2.2.1-2")
  @Tag("rfc1122:3.2.2.4-1")
  @Tag("rfc1122:3.2.2.5-2")
  @Tag("rfc1122:3.4-4")
  @ParameterizedTest
  @CsvSource({
    "3, 0, NET_UNREACHABLE",
    "3, 1, HOST_UNREACHABLE",
    "3, 2, PROTOCOL_UNREACHABLE",
    "3, 3, PORT_UNREACHABLE",
    "3, 4, PACKET_TOO_BIG",
    "3, 5, SOURCE_ROUTE_FAILED",
    "3, 6, NET_UNREACHABLE",
    "3, 7, HOST_UNREACHABLE",
    "3, 8, HOST_UNREACHABLE",
    "3, 9, ADMINISTRATIVELY_PROHIBITED",
    "3, 10, ADMINISTRATIVELY_PROHIBITED",
    "3, 11, NET_UNREACHABLE",
    "3, 12, HOST_UNREACHABLE",
    "3, 13, ADMINISTRATIVELY_PROHIBITED",
    "3, 14, ADMINISTRATIVELY_PROHIBITED",
    "3, 15, ADMINISTRATIVELY_PROHIBITED",
    "11, 0, TIME_EXCEEDED",
    "11, 1, TIME_EXCEEDED",
    "12, 0, PARAMETER_PROBLEM"
  })
  void tellsTheTransport(int type, int code, IcmpError expected) {
    try (TestHost host = TestHost.start()) {
      host.receive(error(type, code, 1400, quote(17, 12)));
      host.receive(error(type, code, 1400, quote(6, 8)));
      assertThat(host.udp.errors).hasSize(1);
      assertThat(host.tcp.errors).hasSize(1);
      TestTransport.Told told = host.udp.errors.get(0);
      assertThat(told.error()).isEqualTo(expected);
      assertThat(told.mtu()).isEqualTo(expected == IcmpError.PACKET_TOO_BIG ? 1400 : 0);
      assertThat(told.source()).hasToString(TestHost.OURS);
      assertThat(told.destination()).hasToString("192.0.2.1");
      assertThat(told.ports()).isEqualTo(0x0102_0304);
      assertThat(told.quoted()).isEqualTo(12);
      assertThat(host.tcp.errors.get(0).quoted()).isEqualTo(8);
      assertThat(host.sent()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"1500, 1492", "1492, 1006", "576, 508", "68, 68", "20000, 17914", "28, 68"})
  void aRouterThatDoesNotSayItsMtuMeansTheNextPlateau(int total, int mtu) {
    try (TestHost host = TestHost.start()) {
      byte[] quote = quote(6, 8);
      quote[2] = (byte) (total >>> 8);
      quote[3] = (byte) total;
      host.receive(error(3, 4, 0, quote));
      assertThat(host.tcp.errors.get(0).mtu()).isEqualTo(mtu);
    }
  }

  @Test
  void thePathMtuIsLeftToTheTransportToBelieve() {
    try (TestHost host = TestHost.start()) {
      Ipv4Route route = host.routeTo("192.0.2.1");
      host.receive(error(3, 4, 600, quote(6, 8)));
      assertThat(route.pathMtu()).isEqualTo(1500);
    }
  }

  @Test
  void dropsQuotesThatCannotBeOurs() {
    try (TestHost host = TestHost.start()) {
      byte[] quote = quote(17, 8);
      for (int length = 0; length < quote.length; length++) {
        host.expectDrop(DropReason.ICMP_MALFORMED, error(3, 3, 0, Arrays.copyOf(quote, length)));
      }
      for (int first : new int[] {0x55, 0x35, 0x44, 0x40, 0x46, 0x4f}) {
        byte[] bad = quote.clone();
        bad[0] = (byte) first;
        host.expectDrop(DropReason.ICMP_MALFORMED, error(3, 3, 0, bad));
      }
      byte[] notFirst = quote.clone();
      notFirst[7] = 1;
      host.expectDrop(DropReason.ICMP_MALFORMED, error(3, 3, 0, notFirst));
      byte[] notOurs = quote.clone();
      notOurs[15] = 9;
      host.expectDrop(DropReason.ICMP_MALFORMED, error(3, 3, 0, notOurs));
      byte[] tooShort = quote.clone();
      tooShort[3] = 27;
      host.expectDrop(DropReason.ICMP_MALFORMED, error(3, 3, 0, tooShort));
      assertThat(host.udp.errors).isEmpty();
    }
  }

  @Tag("rfc1122:3.2.2-1")
  @Tag("rfc1122:3.2.2.2-4")
  @Tag("rfc1122:3.2.2.7-1")
  @Tag("rfc1122:3.2.2.9-3")
  @Tag("rfc1812:4.3.2.1-1")
  @Test
  void ignoresRedirectsSourceQuenchAndWhatItDoesNotKnow() {
    try (TestHost host = TestHost.start()) {
      host.expectDrop(DropReason.ICMP_IGNORED, error(5, 1, 0x0a000009, quote(17, 8)));
      host.expectDrop(DropReason.ICMP_IGNORED, error(4, 0, 0, quote(17, 8)));
      for (int type : new int[] {1, 2, 6, 7, 9, 10, 13, 14, 15, 16, 17, 18, 30, 255}) {
        host.expectDrop(DropReason.ICMP_UNKNOWN, error(type, 0, 0, new byte[12]));
      }
      host.expectDrop(DropReason.ICMP_UNKNOWN, error(3, 16, 0, quote(17, 8)));
      host.expectDrop(
          DropReason.ICMP_IGNORED,
          Packets.ip(1, Packets.icmp(3, 3, 0, quote(17, 8))).to("10.0.0.255").build());
      assertThat(host.udp.errors).isEmpty();
      assertThat(host.sent()).isEmpty();
      assertThat(host.count(Counter.ICMP_OUT_MSGS)).isZero();
    }
  }

  @Test
  void anErrorAboutAProtocolNobodySpeaksIsForNobody() {
    try (TestHost host = TestHost.start()) {
      host.receive(error(3, 2, 0, quote(132, 12)));
      assertThat(List.of(host.udp.errors, host.tcp.errors)).allMatch(List::isEmpty);
    }
  }
}
