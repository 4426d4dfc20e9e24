package io.millrace.ipv4;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.Route;
import io.millrace.ip.SourceFilter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("IGMP of a host (RFC 3376)")
class IgmpTest {
  private static final long SECOND = 1_000_000_000;
  private static final String GROUP = "239.1.2.3";
  private static final String ALL_HOSTS = "224.0.0.1";
  private static final Object LISTENER = new Object();

  private static void listen(TestHost host, String group, SourceFilter wanted) {
    IpAddress to = IpAddress.parse(group);
    host.family.listen(
        LISTENER, host.shard.networkInterface(0), to.hi(), to.lo(), wanted, host.now());
  }

  private static TestHost member(String group) {
    TestHost host = TestHost.start();
    listen(host, group, SourceFilter.EVERYTHING);
    host.advance(2 * SECOND);
    host.sent();
    return host;
  }

  /** The Internet datagrams that were sent, from their headers on. */
  private static List<ByteBuffer> datagrams(TestHost host) {
    List<ByteBuffer> all = new ArrayList<>();
    for (byte[] frame : host.sent()) {
      if (frame[12] == 8 && frame[13] == 0) {
        all.add(ByteBuffer.wrap(frame, 14, frame.length - 14).slice());
      }
    }
    return all;
  }

  /** The messages of IGMP that were sent, as hexadecimal digits without their checksums. */
  private static List<String> messages(TestHost host) {
    List<String> all = new ArrayList<>();
    for (ByteBuffer each : datagrams(host)) {
      assertThat(each.get(9)).as("protocol").isEqualTo((byte) 2);
      byte[] bytes = each.array();
      int at = each.arrayOffset() + 24;
      assertThat(Packets.checksum(bytes, at, bytes.length - at)).as("checksum").isZero();
      all.add(
          HexFormat.of().formatHex(bytes, at, at + 2)
              + HexFormat.of().formatHex(bytes, at + 4, bytes.length));
    }
    return all;
  }

  private static byte[] igmp(int type, int code, byte[] rest) {
    ByteBuffer message = ByteBuffer.allocate(4 + rest.length);
    message.put((byte) type).put((byte) code).putShort((short) 0).put(rest);
    message.putShort(2, (short) Packets.checksum(message.array(), 0, message.capacity()));
    return message.array();
  }

  private static byte[] rest(String group, int... bytes) {
    ByteBuffer rest = ByteBuffer.allocate(4 + bytes.length).putInt(Packets.bits(group));
    for (int each : bytes) {
      rest.put((byte) each);
    }
    return rest.array();
  }

  private static Packets.Ip toAllHosts(byte[] message) {
    return Packets.ip(2, message).to(ALL_HOSTS).ttl(1).options(0x94, 4, 0, 0);
  }

  private static Packets.Ip query(int version, String group) {
    return toAllHosts(
        switch (version) {
          case 1 -> igmp(0x11, 0, rest(group));
          case 2 -> igmp(0x11, 10, rest(group));
          default -> igmp(0x11, 10, rest(group, 2, 125, 0, 0));
        });
  }

  @Test
  @DisplayName("a join is reported: every byte of the datagram (§4, §4.2)")
  void reportsAJoin() {
    try (TestHost host = TestHost.start()) {
      listen(host, GROUP, SourceFilter.EVERYTHING);
      assertThat(HexFormat.of().formatHex(host.sent().get(0)))
          .isEqualTo(
              "01005e000016"
                  + "020000000001"
                  + "0800"
                  + "46c00028"
                  + "00004000"
                  + "0102"
                  + "f9f8"
                  + "0a000001"
                  + "e0000016"
                  + "94040000"
                  + "2200e8f9"
                  + "00000001"
                  + "04000000"
                  + "ef010203");
      assertThat(host.count(Counter.IGMP_OUT_MSGS)).isEqualTo(1);
    }
  }

  @Test
  void aLeaveIsReported() {
    try (TestHost host = member(GROUP)) {
      listen(host, GROUP, SourceFilter.NOTHING);
      assertThat(messages(host)).containsExactly("22000000000103000000ef010203");
    }
  }

  @Test
  @DisplayName("what two listeners want is put together (§3.2)")
  void mergesListeners() {
    try (TestHost host = TestHost.start()) {
      IpAddress a = IpAddress.parse("10.0.0.7");
      IpAddress b = IpAddress.parse("10.0.0.8");
      listen(host, GROUP, SourceFilter.exclude(a, b));
      IpAddress group = IpAddress.parse(GROUP);
      host.family.listen(
          "another",
          host.shard.networkInterface(0),
          group.hi(),
          group.lo(),
          SourceFilter.include(b),
          host.now());
      assertThat(messages(host))
          .containsExactly(
              "22000000000104000002ef0102030a0000070a000008",
              "22000000000104000001ef0102030a000007");
    }
  }

  @Test
  @DisplayName("the group that all hosts are in is never reported (§5)")
  void doesNotReportAllHosts() {
    try (TestHost host = TestHost.start()) {
      listen(host, ALL_HOSTS, SourceFilter.EVERYTHING);
      host.receive(query(3, "0.0.0.0").build());
      host.advance(2 * SECOND);
      assertThat(datagrams(host)).isEmpty();
    }
  }

  @Test
  @DisplayName("a list of sources that is too long for a frame takes several (§4.2.16)")
  void dividesReports() {
    try (TestHost host = TestHost.start(100, 0, Ipv4Config.defaults(), "10.0.0.1/24")) {
      List<IpAddress> sources = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        sources.add(IpAddress.v4(0x0b00_0000 + i));
      }
      listen(host, GROUP, SourceFilter.include(sources));
      List<ByteBuffer> sent = datagrams(host);
      assertThat(sent)
          .hasSize(3)
          .allSatisfy(each -> assertThat(each.capacity()).isLessThanOrEqualTo(100));
      assertThat(sent.stream().mapToInt(each -> each.getShort(24 + 10)).sum()).isEqualTo(40);
    }
  }

  @Test
  void answersAGeneralQuery() {
    try (TestHost host = member(GROUP)) {
      host.receive(query(3, "0.0.0.0").build());
      assertThat(host.sent()).isEmpty();
      host.advance(SECOND + SECOND / 10);
      assertThat(messages(host)).containsExactly("22000000000102000000ef010203");
    }
  }

  @Test
  @DisplayName("a query about sources, sent to the group (§4.1.12)")
  void answersASourceQuery() {
    try (TestHost host = member(GROUP)) {
      byte[] about = rest(GROUP, 2, 125, 0, 2, 10, 0, 0, 7, 10, 0, 0, 8);
      host.receive(toAllHosts(igmp(0x11, 10, about)).to(GROUP).build());
      host.advance(SECOND + SECOND / 10);
      assertThat(messages(host)).containsExactly("22000000000101000002ef0102030a0000070a000008");
    }
  }

  @Test
  @DisplayName("a query from 0.0.0.0, as switches without an address send (RFC 4541 §2.1.1)")
  void answersANamelessQuerier() {
    try (TestHost host = member(GROUP)) {
      host.receive(query(3, "0.0.0.0").from("0.0.0.0").build());
      host.advance(SECOND + SECOND / 10);
      assertThat(messages(host)).hasSize(1);
      host.expectDrop(
          DropReason.IP_BAD_SOURCE, Packets.udp(1, 2, new byte[1]).from("0.0.0.0").build());
    }
  }

  @Test
  @DisplayName("a querier of version 2 gets reports and leaves of version 2 (§7.2.1)")
  void speaksVersion2() {
    try (TestHost host = member(GROUP)) {
      host.receive(query(2, "0.0.0.0").build());
      host.advance(SECOND + SECOND / 10);
      List<ByteBuffer> sent = datagrams(host);
      assertThat(sent).hasSize(1);
      assertThat(sent.get(0).getInt(16)).as("to the group").isEqualTo(Packets.bits(GROUP));
      assertThat(sent.get(0).getLong(24) & 0xffff_0000_ffff_ffffL)
          .isEqualTo(0x1600_0000_ef01_0203L);
      listen(host, GROUP, SourceFilter.NOTHING);
      sent = datagrams(host);
      assertThat(sent.get(0).getInt(16)).as("to all routers").isEqualTo(Packets.bits("224.0.0.2"));
      assertThat(sent.get(0).getLong(24) & 0xffff_0000_ffff_ffffL)
          .isEqualTo(0x1700_0000_ef01_0203L);
    }
  }

  @Test
  @DisplayName("a querier of version 1 gets reports of version 1")
  void speaksVersion1() {
    try (TestHost host = member(GROUP)) {
      host.receive(query(1, "0.0.0.0").build());
      host.advance(11 * SECOND);
      assertThat(messages(host)).containsExactly("1200ef010203");
    }
  }

  @Test
  void anotherHostsReportSparesOurs() {
    try (TestHost host = member(GROUP)) {
      host.receive(query(2, "0.0.0.0").build());
      host.receive(toAllHosts(igmp(0x16, 0, rest(GROUP))).to(GROUP).build());
      host.advance(2 * SECOND);
      assertThat(host.sent()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"0,0", "127,127", "128,128", "0x8f,248", "0xff,31744"})
  @DisplayName("long times are floating-point numbers (§4.1.1)")
  void timesHaveAnExponent(int code, long tenths) {
    try (TestHost host = TestHost.start()) {
      byte[] bytes = igmp(0x11, code, rest("0.0.0.0", 7, code, 0, 0));
      io.millrace.buf.Frame frame = host.frame(bytes);
      assertThat(IgmpHeader.responseTime(frame.address())).isEqualTo(tenths * SECOND / 10);
      assertThat(IgmpHeader.queryInterval(frame.address())).isEqualTo(tenths * SECOND);
      assertThat(IgmpHeader.robustness(frame.address())).isEqualTo(7);
      frame.release();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {9, 10, 11})
  @DisplayName("queries of no known length are ignored (§7.1)")
  void dropsQueriesOfOddLength(int length) {
    try (TestHost host = member(GROUP)) {
      byte[] odd = igmp(0x11, 10, rest("0.0.0.0", new int[length - 8]));
      host.expectDrop(DropReason.IGMP_MALFORMED, toAllHosts(odd).build());
      host.advance(2 * SECOND);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Test
  void dropsWhatIsMalformed() {
    try (TestHost host = member(GROUP)) {
      host.expectDrop(DropReason.IGMP_MALFORMED, query(3, "0.0.0.0").ttl(2).build());
      host.expectDrop(DropReason.IGMP_MALFORMED, query(3, "10.0.0.9").build());
      host.expectDrop(DropReason.IGMP_MALFORMED, toAllHosts(new byte[7]).build());
      // More sources than there are.
      byte[] short1 = igmp(0x11, 10, rest(GROUP, 2, 125, 0, 2, 10, 0, 0, 7));
      host.expectDrop(DropReason.IGMP_MALFORMED, toAllHosts(short1).build());
      byte[] wrong = igmp(0x11, 10, rest("0.0.0.0", 2, 125, 0, 0));
      wrong[2]++;
      host.expectDrop(DropReason.IGMP_BAD_CHECKSUM, toAllHosts(wrong).build());
      host.expectDrop(DropReason.IGMP_IGNORED, toAllHosts(igmp(0x22, 0, rest("0.0.0.0"))).build());
      host.advance(2 * SECOND);
      assertThat(host.sent()).isEmpty();
    }
  }

  @Test
  @DisplayName("bytes behind the sources are covered by the checksum, else ignored (§4.1.10)")
  void toleratesAdditionalData() {
    try (TestHost host = member(GROUP)) {
      host.receive(toAllHosts(igmp(0x11, 10, rest("0.0.0.0", 2, 125, 0, 0, 1, 2, 3))).build());
      host.advance(SECOND + SECOND / 10);
      assertThat(messages(host)).hasSize(1);
    }
  }

  @Tag("rfc1122:3.2.1.3-6")
  @Tag("rfc1122:3.3.7-1")
  @Test
  @DisplayName("a group's datagrams are taken once it is joined, and no longer when it is left")
  void takesDatagramsOfJoinedGroups() {
    try (TestHost host = TestHost.start()) {
      byte[] frame = Packets.udp(1, 2, new byte[5]).to(GROUP).build();
      host.expectDrop(DropReason.IP_NOT_FOR_US, frame);
      listen(host, GROUP, SourceFilter.include(IpAddress.parse("10.9.9.9")));
      host.receive(frame);
      assertThat(host.udp.received).as("filtering by source is the listeners'").hasSize(1);
      listen(host, GROUP, SourceFilter.NOTHING);
      host.expectDrop(DropReason.IP_NOT_FOR_US, frame);
    }
  }

  @Test
  void onlyGroupsCanBeJoined() {
    try (TestHost host = TestHost.start()) {
      assertThatThrownBy(() -> listen(host, "10.0.0.2", SourceFilter.EVERYTHING))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("10.0.0.2 is not a group of IPv4");
    }
  }

  @Test
  void theNumberOfGroupsIsBounded() {
    try (TestHost host = TestHost.start()) {
      for (int i = 0; i < 4_096; i++) {
        listen(host, IpAddress.v4(0xef00_0000 + i).toString(), SourceFilter.EVERYTHING);
        host.sent();
      }
      assertThatThrownBy(() -> listen(host, GROUP, SourceFilter.EVERYTHING))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("4096 groups");
    }
  }

  @Test
  @DisplayName("a group is reached through the chosen interface, from an address of it")
  void routesOutOfAnInterface() {
    try (TestHost host = TestHost.start()) {
      IpAddress group = IpAddress.parse(GROUP);
      Route route =
          host.family.groupRoute(
              host.shard.networkInterface(0), 0, IpAddress.ANY_V4.lo(), 0, group.lo());
      assertThat(route.sourceLo()).isEqualTo(IpAddress.parse(TestHost.OURS).lo());
      assertThat(
              host.family.groupRoute(
                  host.shard.networkInterface(0),
                  0,
                  IpAddress.parse("10.0.0.9").lo(),
                  0,
                  group.lo()))
          .isNull();
    }
  }

  @Property(tries = 300)
  void nothingThatIsReceivedDoesHarm(@ForAll long seed) {
    Random random = new Random(seed);
    try (TestHost host = member(GROUP)) {
      for (int i = 0; i < 20; i++) {
        byte[] body = new byte[random.nextInt(60)];
        random.nextBytes(body);
        int type = random.nextInt(4) == 0 ? random.nextInt(256) : 0x11;
        String to = random.nextBoolean() ? GROUP : ALL_HOSTS;
        host.receive(toAllHosts(igmp(type, random.nextInt(256), body)).to(to).build());
        host.advance(SECOND / 2);
        host.sent();
      }
    }
  }
}
