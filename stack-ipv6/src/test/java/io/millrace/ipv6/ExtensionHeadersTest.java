package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 8200 §4, RFC 5095, RFC 8504 §5.3, RFC 8883, RFC 9673. */
class ExtensionHeadersTest {
  private static final int HOP_BY_HOP = 0;
  private static final int ROUTING = 43;
  private static final int AUTHENTICATION = 51;
  private static final int DESTINATION = 60;
  private static final byte[] DATA = Packets.random(1, 40);

  private static Packets.Ip packet() {
    return Packets.udp(9, 7, DATA);
  }

  /** Options in a header of eight bytes that is padded to its end. */
  private static int[] options(int... options) {
    int size = (2 + options.length + 7) / 8 * 8;
    int[] header = new int[size];
    header[1] = size / 8 - 1;
    System.arraycopy(options, 0, header, 2, options.length);
    int rest = size - 2 - options.length;
    if (rest > 1) {
      header[size - rest] = 1;
      header[size - rest + 1] = rest - 2;
    }
    return header;
  }

  private static void accepts(TestHost host, Packets.Ip packet) {
    host.udp.received.clear();
    host.receive(packet.build());
    assertThat(host.udp.received).hasSize(1);
    assertThat(host.udp.received.get(0).bytes()).isEqualTo(Packets.udpPacket(9, 7, DATA));
    assertThat(host.sent()).isEmpty();
  }

  private static void problem(TestHost host, Packets.Ip packet, int code, int pointer) {
    host.expectDrop(DropReason.IP_BAD_EXTENSION, packet);
    TestHost.Problem told = host.sentError();
    assertThat(told.type()).isEqualTo(4);
    assertThat(told.code()).as("code").isEqualTo(code);
    assertThat(told.rest()).as("pointer").isEqualTo(pointer);
    assertThat(told.source()).isEqualTo(IpAddress.parse(TestHost.OURS));
    byte[] whole = packet.datagram();
    assertThat(told.quote()).isEqualTo(Arrays.copyOf(whole, Math.min(1232, whole.length)));
  }

  private static void silent(TestHost host, DropReason reason, Packets.Ip packet) {
    host.expectDrop(reason, packet);
    assertThat(host.sent()).isEmpty();
  }

  @Tag("rfc8200:4-2")
  @Tag("rfc8200:4.1-1")
  @Test
  void knownHeadersAreWalkedInWhateverOrder() {
    try (TestHost host = TestHost.start().introducePeer()) {
      accepts(host, packet().with(HOP_BY_HOP, options()));
      accepts(host, packet().with(DESTINATION, options()));
      accepts(
          host,
          packet()
              .with(HOP_BY_HOP, options(5, 2, 0, 0))
              .with(DESTINATION, options())
              .with(ROUTING, 0, 0, 0, 0, 0, 0, 0, 0)
              .with(DESTINATION, options(0x1e, 4, 1, 2, 3, 4)));
      accepts(host, packet().with(DESTINATION, options()).fragment(7, 0, false));
      accepts(host, packet().fragment(7, 0, false).with(DESTINATION, options()));
    }
  }

  @Tag("rfc8200:4-3")
  @Test
  void hopByHopOptionsStandFirst() {
    try (TestHost host = TestHost.start().introducePeer()) {
      problem(host, packet().with(DESTINATION, options()).with(HOP_BY_HOP, options()), 1, 40);
      problem(host, packet().with(HOP_BY_HOP, options()).with(HOP_BY_HOP, options()), 1, 40);
    }
  }

  @Tag("rfc8200:4.4-1")
  @Tag("rfc8200:4.4-2")
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 100, 255})
  void aRoutingHeaderThatGoesOnIsRefusedAndOneThatIsOverIgnored(int type) {
    try (TestHost host = TestHost.start().introducePeer()) {
      int[] header = new int[24];
      header[1] = 2;
      header[2] = type;
      accepts(host, packet().with(ROUTING, header));
      header[3] = 1;
      problem(host, packet().with(ROUTING, header), 0, 42);
    }
  }

  @Tag("rfc8200:4.2-1")
  @Tag("rfc4443:3.4-1")
  @Test
  void anUnknownOptionSaysWhatBecomesOfThePacket() {
    try (TestHost host = TestHost.start().introducePeer()) {
      for (int number : new int[] {HOP_BY_HOP, DESTINATION}) {
        accepts(host, packet().with(number, options(0x1e, 0)));
        silent(host, DropReason.IP_BAD_EXTENSION, packet().with(number, options(0x5e, 0)));
        problem(host, packet().with(number, options(0x9e, 0)), 2, 42);
        problem(host, packet().with(number, options(0, 0xde, 0)), 2, 43);
        // Jumbograms are not accepted.
        problem(host, packet().with(number, options(0xc2, 4, 0, 1, 0, 0)), 2, 42);
      }
    }
  }

  @Tag("rfc8200:4.2-2")
  @Tag("rfc4443:2.4-7")
  @Test
  void ofAPacketToAGroupOnlyOneKindIsReported() {
    try (TestHost host = TestHost.start().introducePeer()) {
      silent(
          host,
          DropReason.IP_BAD_EXTENSION,
          packet().with(DESTINATION, options(0xde, 0)).to("ff02::1"));
      host.receive(packet().with(DESTINATION, options(0x9e, 0)).to("ff02::1").build());
      TestHost.Problem told = host.sentError();
      assertThat(told.code()).isEqualTo(2);
      assertThat(told.source()).isEqualTo(IpAddress.parse(TestHost.OURS));
      // Nor a problem other than with an option.
      silent(
          host,
          DropReason.IP_BAD_EXTENSION,
          packet().with(ROUTING, 0, 0, 0, 1, 0, 0, 0, 0).to("ff02::1"));
    }
  }

  @Tag("rfc8200:4.2-3")
  @Tag("rfc4443:3.4-1")
  @Test
  void optionsThatReachBeyondTheirHeaderAreRefused() {
    try (TestHost host = TestHost.start().introducePeer()) {
      problem(host, packet().with(DESTINATION, 0, 0, 0x1e, 5, 0, 0, 0, 0), 0, 42);
      problem(host, packet().with(DESTINATION, 0, 0, 1, 3, 0, 0, 0, 0x1e), 0, 47);
      problem(host, packet().with(DESTINATION, 0, 0, 1, 255, 0, 0, 0, 0), 0, 42);
    }
  }

  @Test
  void paddingForItsOwnSakeIsRefused() {
    try (TestHost host = TestHost.start().introducePeer()) {
      accepts(host, packet().with(DESTINATION, 0, 0, 0, 0, 0, 0, 0, 0));
      silent(
          host,
          DropReason.IP_BAD_EXTENSION,
          packet().with(DESTINATION, IntStream.range(0, 16).map(i -> i == 1 ? 1 : 0).toArray()));
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "60", "43", "44", "51"})
  void aHeaderThatIsCutOffIsDropped(int number) {
    try (TestHost host =
        TestHost.start(Ipv6Config.defaults().withSkipAuthentication(true)).introducePeer()) {
      for (int length = 0; length < 8; length++) {
        silent(host, DropReason.IP_TRUNCATED, Packets.ip(number, new byte[length]));
      }
      if (number != 44) {
        byte[] longer = new byte[24];
        longer[1] = (byte) (number == 51 ? 6 : 3);
        silent(host, DropReason.IP_TRUNCATED, Packets.ip(number, longer));
      }
    }
  }

  @Tag("rfc8200:4.1-1")
  @Test
  void headersOptionsAndBytesAreLimited() {
    try (TestHost host = TestHost.start().introducePeer()) {
      Packets.Ip eight = packet();
      Packets.Ip nine = packet();
      for (int i = 0; i < 9; i++) {
        nine.with(DESTINATION, options());
        if (i < 8) {
          eight.with(DESTINATION, options());
        }
      }
      accepts(host, eight);
      problem(host, nine, 8, 40 + 8 * 8);
      int[] eightOptions = new int[16];
      Arrays.setAll(eightOptions, i -> i % 2 == 0 ? 0x1e : 0);
      accepts(host, packet().with(DESTINATION, options(eightOptions)));
      int[] nineOptions = new int[18];
      Arrays.setAll(nineOptions, i -> i % 2 == 0 ? 0x1e : 0);
      problem(host, packet().with(DESTINATION, options(nineOptions)), 9, 42 + 16);
      int[] big = new int[1024 + 8];
      big[1] = big.length / 8 - 1;
      big[2] = 0x1e;
      big[3] = 255;
      problem(host, packet().with(DESTINATION, big), 7, 40);
    }
  }

  @Test
  void anAuthenticationHeaderIsRefusedOrPassedOver() {
    int[] header = new int[24];
    header[1] = 4;
    try (TestHost host = TestHost.start().introducePeer()) {
      problem(host, packet().with(AUTHENTICATION, header), 1, 6);
    }
    Ipv6Config skipping = Ipv6Config.defaults().withSkipAuthentication(true);
    try (TestHost host = TestHost.start(skipping).introducePeer()) {
      accepts(host, packet().with(AUTHENTICATION, header));
      int[] crooked = new int[12];
      crooked[1] = 1;
      problem(host, packet().with(AUTHENTICATION, crooked), 0, 41);
    }
  }

  @Tag("rfc4443:2.4-5")
  @Tag("rfc4443:2.4-6")
  @Test
  void noErrorIsSentAboutAnErrorBehindHeaders() {
    try (TestHost host = TestHost.start().introducePeer()) {
      byte[] error = Packets.icmp(1, 4, 0, DATA);
      silent(
          host,
          DropReason.IP_BAD_EXTENSION,
          Packets.ip(58, error).with(DESTINATION, options(0x9e, 0)));
      silent(
          host,
          DropReason.IP_BAD_EXTENSION,
          Packets.ip(58, Packets.icmp(137, 0, 0, DATA)).with(DESTINATION, options(0x9e, 0)));
      problem(
          host, Packets.ip(58, Packets.icmp(128, 0, 0, DATA)).with(60, options(0x9e, 0)), 2, 42);
    }
  }
}
