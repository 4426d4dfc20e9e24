package io.millrace.ipv6;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpPrefix;
import io.millrace.ip.Ipv6Scope;
import io.millrace.ipv6.dhcp.FakeServer6;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A port whose addresses are leased: frames in and out, addresses, networks and name servers. */
class Dhcp6Test {
  private static final long SECOND = TestHost.SECOND;
  private static final String LEASED = "2001:db8::17";
  private static final String SERVER = "fe80::547";
  private static final int MANAGED = 0x80;
  private static final int OTHER = 0x40;
  private static final int MESSAGE = 14 + 40 + 8;

  private final FakeServer6 server = new FakeServer6();

  private static TestHost start(Record... settings) {
    return TestHost.with(List.of(settings), "dhcp6");
  }

  /** The next message to servers, waiting for it; what else was sent is passed over. */
  private static byte[] message(TestHost host, int type) {
    byte[] frame = frame(host, type);
    return Arrays.copyOfRange(frame, MESSAGE, frame.length);
  }

  private static byte[] frame(TestHost host, int type) {
    for (int i = 0; i < 50_000; i++) {
      for (byte[] frame : host.sent()) {
        if (isMessage(frame) && frame[MESSAGE] == type) {
          return frame;
        }
      }
      host.advance(SECOND / 10);
    }
    throw new AssertionError("no message of type " + type);
  }

  private static boolean isMessage(byte[] frame) {
    return frame.length > MESSAGE && frame[20] == 17 && ByteBuffer.wrap(frame).getShort(56) == 547;
  }

  private static List<Integer> messages(TestHost host) {
    List<Integer> all = new ArrayList<>();
    for (byte[] each : host.sent()) {
      if (isMessage(each)) {
        all.add((int) each[MESSAGE]);
      }
    }
    return all;
  }

  private static byte[] toHost(TestHost host, byte[] message) {
    byte[] udp = Packets.udpPacket(547, 546, message);
    int sum = Packets.pseudoChecksum(SERVER, host.linkLocal(), Packets.UDP, udp);
    ByteBuffer.wrap(udp).putShort(6, (short) sum);
    return Packets.ip(Packets.UDP, udp).from(SERVER).to(host.linkLocal()).build();
  }

  private void reply(TestHost host, int type, byte[] request) {
    host.receive(toHost(host, server.reply(type, request)));
  }

  private void lease(TestHost host) {
    reply(host, FakeServer6.ADVERTISE, message(host, FakeServer6.SOLICIT));
    reply(host, FakeServer6.REPLY, message(host, FakeServer6.REQUEST));
  }

  private static void advertise(TestHost host, String router, int flags, byte... options) {
    byte[] rest = ByteBuffer.allocate(8 + options.length).putLong(0).put(options).array();
    host.receive(
        Packets.ip(Packets.ICMPV6, Packets.icmp(134, 0, 64 << 24 | flags << 16 | 1_800, rest))
            .from(router)
            .to("ff02::1")
            .hops(255)
            .build());
  }

  /** A prefix that is on the link and for autoconfiguration. */
  private static byte[] prefix(String network) {
    ByteBuffer option = ByteBuffer.allocate(32).put((byte) 3).put((byte) 4);
    option.put((byte) 64).put((byte) 0xc0).putInt(86_400).putInt(86_400).putInt(0);
    return option.put(Packets.address(network)).array();
  }

  private static List<String> globals(TestHost host) {
    return host.family.addresses().stream()
        .filter(each -> !Ipv6Scope.isLinkLocal(each.address().hi()))
        .map(IpPrefix::toString)
        .toList();
  }

  private static String leased() {
    return IpPrefix.parse(LEASED + "/128").toString();
  }

  @Test
  @Tag("rfc8415:7.2-1")
  @Tag("rfc8415:13.1-1")
  void messagesGoFromOurLinkLocalAddressToAllServersOnTheLink() {
    try (TestHost host = start()) {
      byte[] frame = frame(host, FakeServer6.SOLICIT);
      assertThat(Arrays.copyOf(frame, 6)).containsExactly(0x33, 0x33, 0, 1, 0, 2);
      byte[] addresses = Arrays.copyOfRange(frame, 22, 54);
      assertThat(Arrays.copyOf(addresses, 16)).isEqualTo(Packets.address(host.linkLocal()));
      assertThat(Arrays.copyOfRange(addresses, 16, 32)).isEqualTo(Packets.address("ff02::1:2"));
      assertThat(ByteBuffer.wrap(frame).getInt(54)).isEqualTo(546 << 16 | 547);
      byte[] udp = Arrays.copyOfRange(frame, 54, frame.length);
      assertThat(Packets.pseudoChecksum(host.linkLocal(), "ff02::1:2", Packets.UDP, udp)).isZero();
    }
  }

  @Test
  @Tag("rfc8415:21.6-2")
  void aLeasedAddressStandsAlone() {
    try (TestHost host = start()) {
      advertise(host, TestHost.ROUTER, 0);
      lease(host);
      host.advance(SECOND);
      assertThat(globals(host)).containsExactly(leased());
      host.port.takeSent();
      host.introduce(TestHost.ROUTER, TestHost.ROUTER_MAC, LEASED);
      host.send(host.routeTo("2001:db8::99"), new byte[8], false);
      byte[] sent = host.sent().getFirst();
      assertThat(ByteBuffer.wrap(sent).getLong() >>> 16)
          .as("a neighbor of the same prefix is sent to by the router")
          .isEqualTo(TestHost.ROUTER_MAC);
    }
  }

  @Test
  @Tag("rfc8415:18.2.10.1-1")
  @Tag("rfc8415:18.2.8-1")
  void anAddressThatSomebodyHasIsDeclined() {
    try (TestHost host = start(Ipv6Autoconf.defaults())) {
      lease(host);
      assertThat(globals(host)).as("not before it was asked for").isEmpty();
      byte[] target = ByteBuffer.allocate(24).put(Packets.address(LEASED)).putLong(0).array();
      host.receive(
          Packets.ip(Packets.ICMPV6, Packets.icmp(136, 0, 0x2000_0000, Arrays.copyOf(target, 16)))
              .from(LEASED)
              .to("ff02::1")
              .hops(255)
              .build());
      byte[] decline = message(host, FakeServer6.DECLINE);
      assertThat(globals(host)).isEmpty();
      reply(host, FakeServer6.REPLY, decline);
      server.address = "2001:db8::18";
      lease(host);
      host.advance(2 * SECOND);
      assertThat(globals(host)).containsExactly(IpPrefix.parse("2001:db8::18/128").toString());
    }
  }

  @Test
  void serversAndDomainsReachTheResolverLinkLocalOnesWithTheirLink() {
    server.dns("2001:db8::53", "fe80::53").option(24, 1, 'e', 3, 'o', 'r', 'g', 0);
    try (TestHost host = start()) {
      lease(host);
      assertThat(host.shard.nameServers().servers())
          .containsExactly(
              IpAddress.parse("2001:db8::53"),
              new IpAddress(Ipv6Scope.onLink(Ipv6Scope.LINK_LOCAL, 0), 0x53));
      assertThat(host.shard.nameServers().domains()).containsExactly("e.org");
    }
  }

  @Test
  @Tag("rfc8415:18.2.5-2")
  void whatNobodyProlongsIsDeprecatedAndThenGone() {
    server.preferred = 100;
    server.valid = 200;
    server.dns("2001:db8::53");
    try (TestHost host = start()) {
      lease(host);
      host.advance(SECOND);
      assertThat(globals(host)).containsExactly(leased());
      host.advance(110 * SECOND);
      assertThat(messages(host)).contains(FakeServer6.RENEW, FakeServer6.REBIND);
      assertThat(globals(host)).containsExactly(leased());
      host.advance(90 * SECOND);
      assertThat(globals(host)).isEmpty();
      assertThat(host.shard.nameServers().servers()).isEmpty();
    }
  }

  @Test
  void aReplyToARenewProlongs() {
    server.preferred = 100;
    server.valid = 200;
    try (TestHost host = start()) {
      lease(host);
      for (int i = 0; i < 5; i++) {
        reply(host, FakeServer6.REPLY, message(host, FakeServer6.RENEW));
      }
      assertThat(globals(host)).containsExactly(leased());
    }
  }

  @Test
  void whereARouterSaysSoAnAutoconfiguredPortAsksForNamesOrForAddresses() {
    try (TestHost host = TestHost.with(List.of(), "auto")) {
      advertise(host, TestHost.ROUTER, 0);
      host.advance(3 * SECOND);
      assertThat(messages(host)).isEmpty();

      advertise(host, TestHost.ROUTER, OTHER);
      byte[] request = message(host, FakeServer6.INFORMATION_REQUEST);
      server.address = null;
      server.dns("2001:db8::53");
      reply(host, FakeServer6.REPLY, request);
      assertThat(host.shard.nameServers().servers())
          .containsExactly(IpAddress.parse("2001:db8::53"));

      advertise(host, TestHost.ROUTER, MANAGED | OTHER);
      server.address = LEASED;
      lease(host);
      host.advance(SECOND);
      assertThat(globals(host)).containsExactly(leased());
    }
  }

  @Test
  void routersAreNotFollowedWhereTheConfigurationForbidsIt() {
    Dhcp6Config config = Dhcp6Config.defaults().withFollowRouters(false);
    try (TestHost host = TestHost.with(List.of(config), "auto")) {
      advertise(host, TestHost.ROUTER, MANAGED | OTHER);
      host.advance(3 * SECOND);
      assertThat(messages(host)).isEmpty();
    }
  }

  @Test
  void onlyAutoMakesAddressesOfPrefixesBothWordsDoBoth() {
    try (TestHost host = start()) {
      advertise(host, TestHost.ROUTER, MANAGED, prefix("2001:db8:5::"));
      lease(host);
      host.advance(SECOND);
      assertThat(globals(host)).containsExactly(leased());
    }
    try (TestHost host = TestHost.with(List.of(), "auto", "dhcp6")) {
      advertise(host, TestHost.ROUTER, 0, prefix("2001:db8:5::"));
      lease(host);
      host.advance(2 * SECOND);
      assertThat(globals(host))
          .hasSize(2)
          .contains(leased())
          .anyMatch(each -> each.startsWith("2001:db8:5:"));
    }
  }

  @Test
  @Tag("rfc8415:6.3-1")
  void delegatedNetworksAreTheApplicationsAndNotTheLinks() {
    List<List<DelegatedPrefix>> told = new ArrayList<>();
    server.prefix = "2001:db8:100::/56";
    server.preferred = 100;
    server.valid = 200;
    try (TestHost host = start(Dhcp6Config.defaults().withPrefixes(56, told::add))) {
      lease(host);
      assertThat(told).hasSize(1);
      DelegatedPrefix given = told.getFirst().getFirst();
      assertThat(given.prefix()).isEqualTo(IpPrefix.parse("2001:db8:100::/56"));
      assertThat(given.port()).isZero();
      assertThat(given.validUntil() - host.now()).isEqualTo(200 * SECOND);
      assertThat(globals(host)).containsExactly(leased());
      host.advance(201 * SECOND);
      assertThat(told.getLast()).isEmpty();
    }
  }

  @Test
  @Tag("rfc8415:18.2.12-1")
  void aRouterThatWasNeverHeardOfMayMeanAnotherLink() {
    try (TestHost host = start()) {
      advertise(host, TestHost.ROUTER, 0);
      lease(host);
      host.advance(SECOND);
      advertise(host, TestHost.ROUTER, 0);
      host.advance(3 * SECOND);
      assertThat(messages(host)).isEmpty();
      advertise(host, "fe80::ff", 0);
      byte[] confirm = message(host, FakeServer6.CONFIRM);
      server.address = null;
      server.option(13, 0, 4);
      reply(host, FakeServer6.REPLY, confirm);
      assertThat(globals(host)).isEmpty();
    }
  }

  @Test
  @Tag("rfc8415:18.2.7-2")
  void whatWasLeasedIsGivenBackWhenTheStackCloses() {
    TestHost host = start();
    lease(host);
    host.advance(SECOND);
    host.port.takeSent();
    host.close();
    assertThat(messages(host)).contains(FakeServer6.RELEASE);
  }

  @Test
  void itIsKeptWhereThatIsConfigured() {
    TestHost host = start(Dhcp6Config.defaults().withRelease(false));
    lease(host);
    host.advance(SECOND);
    host.close();
    assertThat(messages(host)).isEmpty();
  }

  @Test
  void whatIsBrokenOrNotMeantForUsIsCounted() {
    try (TestHost host = start()) {
      byte[] request = message(host, FakeServer6.SOLICIT);
      byte[] good = toHost(host, server.reply(FakeServer6.ADVERTISE, request));
      byte[] broken = good.clone();
      broken[broken.length - 1] ^= 1;
      host.expectDrop(DropReason.UDP_BAD_CHECKSUM, broken);
      byte[] unchecked = good.clone();
      unchecked[60] = 0;
      unchecked[61] = 0;
      host.expectDrop(DropReason.UDP_BAD_CHECKSUM, unchecked);
      byte[] tooLong = good.clone();
      tooLong[58] = 0x7f;
      host.expectDrop(DropReason.UDP_BAD_LENGTH, tooLong);
      byte[] other = server.reply(FakeServer6.ADVERTISE, request);
      other[3] ^= 1;
      host.expectDrop(DropReason.DHCP_IGNORED, toHost(host, other));
      host.receive(good);
      message(host, FakeServer6.REQUEST);
    }
  }

  @Test
  void otherDatagramsGoToTheirSockets() {
    try (TestHost host = start()) {
      byte[] udp = Packets.udpPacket(547, 5_000, new byte[4]);
      host.receive(Packets.ip(Packets.UDP, udp).from(SERVER).to(host.linkLocal()).build());
      assertThat(host.udp.received).hasSize(1);
    }
  }

  @Test
  void networksToGiveOutHaveSixtyFourBitsAtMost() {
    assertThatThrownBy(() -> Dhcp6Config.defaults().withPrefixes(65, _ -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("65");
  }
}
