package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.testkit.host.TestPort;
import io.millrace.testkit.host.TestTransport;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What RFC 4443 demands of those who send and receive ICMPv6 messages. */
class Icmpv6RequirementsTest {
  private static final byte[] DATA = Packets.random(1, 40);
  private static final String FAR = "2001:db8:9::9";

  /** A protocol that nobody speaks: the sender is told wherever that is allowed. */
  private static Packets.Ip unknown() {
    return Packets.ip(200, DATA);
  }

  /** A datagram of ours, as a router quotes it. */
  private static byte[] quote(int protocol) {
    return Packets.ip(protocol, Packets.udpPacket(0x0102, 0x0304, DATA))
        .from(TestHost.OURS)
        .to(FAR)
        .datagram();
  }

  private static Packets.Ip error(int type, int code, int rest, byte[] quote) {
    return Packets.ip(Packets.ICMPV6, Packets.icmp(type, code, rest, quote));
  }

  // ---- sent ----

  @Tag("rfc4443:2.2-1")
  @Tag("rfc4443:4.2-2")
  @Test
  void answersComeFromTheAddressThatWasAsked() {
    try (TestHost host =
        TestHost.start(
                1500,
                0,
                Ipv6Config.defaults(),
                "2001:db8::1/64",
                "2001:db8::5/64",
                "2001:db8::7/64")
            .introducePeer()) {
      for (String asked : List.of("2001:db8::5", "2001:db8::7", "2001:db8::1")) {
        host.receive(Packets.echo(1, 1, DATA).to(asked).build());
        assertThat(source(host.sentOne())).isEqualTo(IpAddress.parse(asked));
        host.receive(unknown().to(asked).build());
        assertThat(host.sentError().source()).isEqualTo(IpAddress.parse(asked));
      }
    }
  }

  private static IpAddress source(byte[] datagram) {
    java.nio.ByteBuffer bytes = java.nio.ByteBuffer.wrap(datagram);
    return new IpAddress(bytes.getLong(8), bytes.getLong(16));
  }

  @Tag("rfc4443:2.3-1")
  @Test
  void theChecksumCoversThePseudoHeaderAndIsVerified() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] good = Packets.echo(1, 1, DATA).datagram();
      for (int bit = 0; bit < DATA.length * 8 + 64; bit++) {
        byte[] bad = good.clone();
        bad[40 + bit / 8] ^= (byte) (1 << (bit & 7));
        host.expectDrop(
            DropReason.ICMP_BAD_CHECKSUM,
            Packets.ethernet(TestPort.MAC, TestHost.PEER_MAC, 0x86dd, bad));
      }
      // The same message from another address: only the pseudo-header tells.
      good[23] ^= 8;
      host.expectDrop(
          DropReason.ICMP_BAD_CHECKSUM,
          Packets.ethernet(TestPort.MAC, TestHost.PEER_MAC, 0x86dd, good));
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc4443:2.4-3")
  @Test
  void anErrorQuotesAsMuchAsFitsInto1280Bytes() {
    try (TestHost host = TestHost.start().introducePeer()) {
      for (int size : new int[] {0, 1, 1191, 1192, 1193, 1440}) {
        Packets.Ip offender = Packets.ip(200, Packets.random(size, size));
        host.receive(offender.build());
        byte[] whole = offender.datagram();
        assertThat(host.sentError().quote())
            .isEqualTo(Arrays.copyOf(whole, Math.min(whole.length, 1280 - 48)));
      }
    }
  }

  @Tag("rfc4443:2.4-5")
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 100, 127})
  void noErrorIsSentAboutAnError(int type) {
    try (TestHost host = TestHost.start().introducePeer()) {
      // A datagram with an option whose sender is to be told, and an error in it.
      host.expectDrop(
          DropReason.IP_BAD_EXTENSION,
          Packets.ip(Packets.ICMPV6, Packets.icmp(type, 0, 0, DATA))
              .with(60, 0, 0, 0x9e, 4, 0, 0, 0, 0));
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc4443:2.4-6")
  @Test
  void noErrorIsSentAboutARedirect() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.expectDrop(
          DropReason.IP_BAD_EXTENSION,
          Packets.ip(Packets.ICMPV6, Packets.icmp(137, 0, 0, DATA))
              .with(60, 0, 0, 0x9e, 4, 0, 0, 0, 0));
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc4443:2.4-7")
  @Test
  void noErrorIsSentAboutWhatWentToAGroup() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.expectDrop(DropReason.IP_PROTOCOL_UNKNOWN, unknown().to("ff02::1"));
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc4443:2.4-8")
  @ParameterizedTest
  @ValueSource(longs = {0xffff_ffff_ffffL, 0x3333_0000_0001L, 0x0300_0000_0001L})
  void noErrorIsSentAboutWhatTheLinkBroughtToMany(long destination) {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.receive(unknown().linkTo(destination).build());
      assertThat(host.shard.counters().totalDrops()).isEqualTo(1);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc4443:2.4-9")
  @ParameterizedTest
  @ValueSource(strings = {"::", "::1", "ff02::2", "ff0e::9"})
  void noErrorIsSentToWhomNoNodeCanBe(String source) {
    try (TestHost host = TestHost.start().introducePeer()) {
      for (String destination : List.of(TestHost.OURS, "ff02::1")) {
        host.receive(unknown().from(source).to(destination).build());
        host.receive(
            unknown().from(source).to(destination).with(60, 0, 0, 0x9e, 4, 0, 0, 0, 0).build());
      }
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc4443:2.4-10")
  @Test
  void noMoreErrorsAreSentThanTheRateAllows() {
    Ipv6Config config = Ipv6Config.defaults().withIcmpLimit(100, 10);
    try (TestHost host = TestHost.start(config).introducePeer()) {
      for (int i = 0; i < 50; i++) {
        host.receive(unknown().build());
      }
      assertThat(host.sentErrors()).hasSize(10);
      assertThat(host.drops(DropReason.ICMP_RATE_LIMITED)).isEqualTo(40);
    }
  }

  @Tag("rfc4443:3.1-1")
  @Tag("rfc4443:3.1-2")
  @Test
  void aPortThatNobodyHasIsUnreachable() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.udp.taker =
          frame -> {
            host.family.sendUnreachable(frame, IcmpError.PORT_UNREACHABLE, host.now());
            frame.release();
          };
      host.receive(Packets.udp(9, 7, DATA).build());
      TestHost.Problem told = host.sentError();
      assertThat(told.type()).isEqualTo(1);
      assertThat(told.code()).isEqualTo(4);
      assertThat(told.rest()).as("unused").isZero();
      assertThat(told.quote()).isEqualTo(Packets.udp(9, 7, DATA).datagram());
    }
  }

  // ---- received ----

  @Tag("rfc4443:2.4-4")
  @Tag("rfc4443:3.1-3")
  @Tag("rfc4443:3.2-1")
  @Tag("rfc4443:3.3-1")
  @Tag("rfc4443:3.4-2")
  @ParameterizedTest
  @CsvSource({
    "1, 0, NET_UNREACHABLE",
    "1, 1, ADMINISTRATIVELY_PROHIBITED",
    "1, 2, HOST_UNREACHABLE",
    "1, 3, HOST_UNREACHABLE",
    "1, 4, PORT_UNREACHABLE",
    "1, 5, ADMINISTRATIVELY_PROHIBITED",
    "1, 6, ADMINISTRATIVELY_PROHIBITED",
    "2, 0, PACKET_TOO_BIG",
    "3, 0, TIME_EXCEEDED",
    "3, 1, TIME_EXCEEDED",
    "4, 0, PARAMETER_PROBLEM",
    "4, 1, PROTOCOL_UNREACHABLE",
    "4, 2, PARAMETER_PROBLEM"
  })
  void anErrorGoesToTheTransportThatSentWhatItIsAbout(int type, int code, IcmpError expected) {
    try (TestHost host = TestHost.start()) {
      host.receive(error(type, code, 1400, quote(17)).build());
      assertThat(host.udp.errors).hasSize(1);
      assertThat(host.tcp.errors).isEmpty();
      TestTransport.Told told = host.udp.errors.getFirst();
      assertThat(told.error()).isEqualTo(expected);
      assertThat(told.mtu()).isEqualTo(expected == IcmpError.PACKET_TOO_BIG ? 1400 : 0);
      assertThat(told.source()).isEqualTo(IpAddress.parse(TestHost.OURS));
      assertThat(told.destination()).isEqualTo(IpAddress.parse(FAR));
      assertThat(told.ports()).isEqualTo(0x0102_0304);
      host.receive(error(type, code, 1400, quote(6)).build());
      assertThat(host.tcp.errors).hasSize(1);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc4443:2.4-1")
  @ParameterizedTest
  @ValueSource(ints = {0, 5, 99, 100, 127})
  void anUnknownErrorIsHandedUpToo(int type) {
    try (TestHost host = TestHost.start()) {
      host.receive(error(type, 0, 0, quote(17)).build());
      assertThat(host.udp.errors).hasSize(1);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc4443:2.4-2")
  @ParameterizedTest
  @ValueSource(ints = {139, 140, 144, 199, 200, 201, 255})
  void anUnknownInformationalMessageIsSilentlyDiscarded(int type) {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.expectDrop(
          DropReason.ICMP_UNKNOWN, Packets.ip(Packets.ICMPV6, Packets.icmp(type, 0, 0, DATA)));
      assertThat(host.sent()).isEmpty();
    }
  }

  @Tag("rfc4443:4.1-1")
  @Tag("rfc4443:4.2-1")
  @Tag("rfc8200:8.1-4")
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 56, 1_400})
  void anEchoIsAnsweredWithAllOfItsData(int size) {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] data = Packets.random(size, size);
      host.receive(Packets.echo(0x1234, 0xfffe, data).build());
      byte[] reply = host.sentOne();
      byte[] icmp = Arrays.copyOfRange(reply, 40, reply.length);
      assertThat(icmp).startsWith(129, 0);
      assertThat(Arrays.copyOfRange(icmp, 4, 8)).containsExactly(0x12, 0x34, 0xff, 0xfe);
      assertThat(Arrays.copyOfRange(icmp, 8, icmp.length)).isEqualTo(data);
      assertThat(Packets.pseudoChecksum(TestHost.OURS, TestHost.PEER, Packets.ICMPV6, icmp))
          .isZero();
    }
  }

  @Tag("rfc4443:4.2-3")
  @Test
  void anEchoToAGroupIsAnsweredFromAnAddressOfOurs() {
    try (TestHost host = TestHost.start().introducePeer()) {
      host.receive(Packets.echo(1, 1, DATA).to("ff02::1").linkTo(0x3333_0000_0001L).build());
      assertThat(source(host.sentOne())).isEqualTo(IpAddress.parse(TestHost.OURS));
    }
  }

  @Tag("rfc4443:4.1-2")
  @Tag("rfc4443:4.2-4")
  @Test
  void aReplyReachesWhoAsked() {
    try (TestHost host = TestHost.start().introducePeer()) {
      int[] heard = new int[1];
      Ping.Handler handler =
          new Ping.Handler() {
            @Override
            public void onReply(IpAddress from, int sequence, int bytes, int hops, long time) {
              heard[0] += sequence;
            }

            @Override
            public void onError(IpAddress from, int sequence, IcmpError problem) {
              throw new AssertionError(problem);
            }
          };
      try (Ping ping = Ping.open(host.shard, IpAddress.parse(TestHost.PEER), handler)) {
        assertThat(ping.send(7, 40, 64, false, host.now())).isTrue();
        byte[] sent = host.sentOne();
        byte[] reply = Arrays.copyOfRange(sent, 40, sent.length);
        assertThat(reply[0]).isEqualTo((byte) 128);
        reply[0] = (byte) 129;
        host.receive(Packets.ip(Packets.ICMPV6, reply).build());
        assertThat(heard[0]).isEqualTo(7);
      }
    }
  }
}
