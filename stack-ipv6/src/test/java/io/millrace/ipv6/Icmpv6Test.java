package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.testkit.host.TestTransport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 4443: echo, errors that come in, errors that go out. */
class Icmpv6Test {
  private static final byte[] DATA = Packets.random(1, 60);

  /** The start of a datagram of ours, as errors quote it. */
  private static byte[] ours(int payload) {
    return Packets.udp(7, 9, new byte[payload]).from(TestHost.OURS).to(TestHost.PEER).datagram();
  }

  private static Packets.Ip error(int type, int code, int rest, byte[] quote) {
    return Packets.ip(58, Packets.icmp(type, code, rest, quote)).from("2001:db8::fe");
  }

  @Test
  void aPingIsAnsweredWithItsOwnBytes() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.receive(Packets.echo(0x1234, 7, DATA).trafficClass(0x28).build());
      byte[] reply = Packets.icmp(129, 0, 0x1234_0007, DATA);
      byte[] expected =
          Packets.ip(58, reply).from(TestHost.OURS).to(TestHost.PEER).trafficClass(0x28).datagram();
      byte[] sent = host.sentOne();
      assertThat(Arrays.copyOfRange(sent, 4, sent.length))
          .isEqualTo(Arrays.copyOfRange(expected, 4, expected.length));
    }
  }

  @Test
  void aPingToAGroupIsAnsweredFromAnAddressOfOurs() {
    try (TestHost host = TestHost.start()) {
      host.introduce("fe80::2", TestHost.PEER_MAC, host.linkLocal());
      host.receive(Packets.echo(1, 2, DATA).from("fe80::2").to("ff02::1").build());
      byte[] sent = host.sentOne();
      assertThat(Arrays.copyOfRange(sent, 8, 24)).isEqualTo(Packets.address(host.linkLocal()));
      byte[] icmp = Arrays.copyOfRange(sent, 40, sent.length);
      assertThat(Packets.pseudoChecksum(host.linkLocal(), "fe80::2", 58, icmp)).isZero();
    }
    try (TestHost host = TestHost.start(Ipv6Config.defaults().withEchoMulticast(false))) {
      host.expectDrop(DropReason.ICMP_IGNORED, Packets.echo(1, 2, DATA).to("ff02::1"));
    }
  }

  @Test
  void whatIsBrokenOrUnknownIsDropped() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.expectDrop(DropReason.ICMP_BAD_CHECKSUM, Packets.echo(1, 2, DATA).asIs());
      host.expectDrop(DropReason.ICMP_MALFORMED, Packets.ip(58, new byte[7]));
      host.expectDrop(DropReason.ICMP_UNKNOWN, Packets.ip(58, Packets.icmp(200, 0, 0, DATA)));
      assertThat(host.sent()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, NET_UNREACHABLE",
    "1, 1, ADMINISTRATIVELY_PROHIBITED",
    "1, 2, HOST_UNREACHABLE",
    "1, 3, HOST_UNREACHABLE",
    "1, 4, PORT_UNREACHABLE",
    "1, 5, ADMINISTRATIVELY_PROHIBITED",
    "1, 6, ADMINISTRATIVELY_PROHIBITED",
    "1, 99, HOST_UNREACHABLE",
    "3, 0, TIME_EXCEEDED",
    "3, 1, TIME_EXCEEDED",
    "4, 0, PARAMETER_PROBLEM",
    "4, 1, PROTOCOL_UNREACHABLE",
    "4, 2, PARAMETER_PROBLEM",
    "77, 0, PARAMETER_PROBLEM"
  })
  void errorsReachTheTransportThatTheyAreAbout(int type, int code, IcmpError kind) {
    try (TestHost host = TestHost.start()) {
      host.receive(error(type, code, 0, ours(20)).build());
      TestTransport.Told told = host.udp.errors.get(0);
      assertThat(told.error()).isEqualTo(kind);
      assertThat(told.source()).isEqualTo(IpAddress.parse(TestHost.OURS));
      assertThat(told.destination()).isEqualTo(IpAddress.parse(TestHost.PEER));
      assertThat(told.ports()).isEqualTo(7 << 16 | 9);
      assertThat(told.quoted()).isEqualTo(28);
    }
  }

  @Test
  void aPacketTooBigSaysHowMuchTheLinkTakes() {
    try (TestHost host = TestHost.start()) {
      host.receive(error(2, 0, 1280, ours(1400)).build());
      assertThat(host.udp.errors.get(0).error()).isEqualTo(IcmpError.PACKET_TOO_BIG);
      assertThat(host.udp.errors.get(0).mtu()).isEqualTo(1280);
      // RFC 8201 §4: less than every link takes is ignored.
      host.expectDrop(DropReason.ICMP_IGNORED, error(2, 0, 1279, ours(1400)));
      host.receive(error(2, 0, -1, ours(1400)).build());
      assertThat(host.udp.errors.get(1).mtu()).isEqualTo(Integer.MAX_VALUE);
    }
  }

  @Test
  void errorsAboutWhatWeCannotHaveSentAreDropped() {
    try (TestHost host = TestHost.start()) {
      byte[] others = Packets.udp(7, 9, DATA).from("2001:db8::7").to(TestHost.PEER).datagram();
      host.expectDrop(DropReason.ICMP_MALFORMED, error(1, 4, 0, others));
      host.expectDrop(DropReason.ICMP_MALFORMED, error(1, 4, 0, Arrays.copyOf(ours(20), 47)));
      host.expectDrop(DropReason.ICMP_MALFORMED, error(1, 4, 0, new byte[60]));
      host.expectDrop(DropReason.ICMP_IGNORED, error(1, 4, 0, ours(20)).to("ff02::1"));
      assertThat(host.udp.errors).isEmpty();
    }
  }

  @Test
  void errorsArePassedOverFragmentAndOptionHeaders() {
    try (TestHost host = TestHost.start()) {
      byte[] quote =
          Packets.udp(7, 9, DATA)
              .from(TestHost.OURS)
              .to(TestHost.PEER)
              .with(60, 0, 0, 1, 4, 0, 0, 0, 0)
              .fragment(5, 0, true)
              .datagram();
      host.receive(error(1, 4, 0, quote).build());
      assertThat(host.udp.errors).hasSize(1);
    }
  }

  @Test
  void errorsAreLimited() {
    try (TestHost host =
        TestHost.start(Ipv6Config.defaults().withIcmpLimit(10, 5)).introducePeer()) {
      for (int i = 0; i < 20; i++) {
        host.receive(Packets.ip(200, DATA).build());
      }
      assertThat(host.sentErrors()).hasSize(5);
      assertThat(host.drops(DropReason.ICMP_RATE_LIMITED)).isEqualTo(15);
    }
  }

  @Test
  void anErrorQuotesAsMuchAsTheLeastMtuTakesAndGoesToNobodyWhoIsMany() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] packet = Packets.ip(200, new byte[1400]).datagram();
      host.receive(Packets.ip(200, new byte[1400]).build());
      assertThat(host.sentError().quote()).isEqualTo(Arrays.copyOf(packet, 1232));
      // RFC 4443 §2.4 (e): not about groups, link broadcasts, errors.
      host.receive(Packets.ip(200, DATA).to("ff02::1").build());
      host.receive(Packets.ip(200, DATA).linkTo(0xffff_ffff_ffffL).build());
      host.receive(Packets.ip(200, DATA).from("::").to("ff02::1").build());
      assertThat(host.sentErrors()).isEmpty();
    }
  }

  @Test
  void aPingOfOursHearsRepliesAndErrorsAndLearnsThePathMtu() {
    try (TestHost host = TestHost.start().introducePeer()) {
      List<String> heard = new ArrayList<>();
      Ping ping = Ping.open(host.shard, IpAddress.parse(TestHost.PEER), new Recorder(heard));
      assertThat(ping.send(3, 1300, 64, false, host.now())).isTrue();
      byte[] request = host.sentOne();
      byte[] icmp = Arrays.copyOfRange(request, 40, request.length);
      byte[] data = Arrays.copyOfRange(icmp, 8, icmp.length);
      int rest = ping.identifier() << 16 | 3;
      host.receive(Packets.ip(58, Packets.icmp(129, 0, rest, data)).hops(9).build());
      host.receive(error(2, 0, 1280, Arrays.copyOf(request, 1232)).build());
      assertThat(heard).containsExactly("reply 3 of 1300 bytes, 9 hops", "PACKET_TOO_BIG 3");
      ping.send(4, 1300, 64, false, host.now());
      assertThat(host.sent()).as("fragments").hasSize(2);
      ping.close();
      host.expectDrop(DropReason.ICMP_UNKNOWN, Packets.ip(58, Packets.icmp(129, 0, rest, data)));
    }
  }

  @Test
  void aReplyThatWasTooBigIsFollowedByRepliesInFragments() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Packets.Ip echo = Packets.ip(58, Packets.icmp(128, 0, 7 << 16 | 1, new byte[1300]));
      // Before there was a reply, it is a lie.
      byte[] made = Packets.ip(58, Packets.icmp(129, 0, 7 << 16 | 1, new byte[1300])).datagram();
      byte[] forged =
          Packets.ip(58, Arrays.copyOfRange(made, 40, made.length))
              .from(TestHost.OURS)
              .to(TestHost.PEER)
              .datagram();
      host.receive(error(2, 0, 1280, Arrays.copyOf(forged, 1232)).build());
      host.receive(echo.build());
      byte[] reply = host.sentOne();
      host.receive(error(2, 0, 1290, Arrays.copyOf(reply, 1232)).build());
      host.receive(echo.build());
      List<byte[]> pieces = host.sent();
      assertThat(pieces).hasSize(2);
      assertThat(pieces.getFirst().length - 14).isLessThanOrEqualTo(1290);
      // It says nothing to transports, for which only they can vouch.
      assertThat(host.routeTo(TestHost.PEER).pathMtu()).isEqualTo(1500);
      host.advance(601 * TestHost.SECOND);
      host.introducePeer();
      host.receive(echo.build());
      assertThat(host.sent()).as("after ten minutes").hasSize(1);
    }
  }

  private record Recorder(List<String> heard) implements Ping.Handler {
    @Override
    public void onReply(IpAddress from, int sequence, int bytes, int hopLimit, long roundTrip) {
      heard.add("reply " + sequence + " of " + bytes + " bytes, " + hopLimit + " hops");
    }

    @Override
    public void onError(IpAddress from, int sequence, IcmpError error) {
      heard.add(error + " " + sequence);
    }
  }
}
