package io.millrace.ipv6.mld;

import static io.millrace.ipv6.nd.Lab.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.ipv6.nd.AddressState;
import io.millrace.ipv6.nd.Lab;
import io.millrace.ipv6.nd.Packet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** MLD's formats and rules of its own: RFC 3810 §5, §6.2, §8, RFC 2710, RFC 3590. */
class MldTest {
  private static final String GROUP = "ff0e::1234";
  private static final String QUERIER = "fe80::9";
  private static final String LINK_LOCAL = "fe80::1";
  private static final String ALERT = "3a00 0502 0000 0100";
  private static final long HOUR = 3_600 * SECOND;

  private final Lab lab = new Lab();
  private final Mld mld = new Mld(lab, _ -> this.mld());

  private Mld mld() {
    return mld;
  }

  MldTest() {
    lab.addresses.put(IpAddress.parse(LINK_LOCAL), AddressState.PREFERRED);
  }

  @AfterEach
  void framesComeBack() {
    lab.close();
  }

  private void listen(String group, SourceFilter filter) {
    IpAddress to = IpAddress.parse(group);
    mld.memberships().listen(this, lab.on, to.hi(), to.lo(), filter, lab.now());
  }

  private void receive(Packet packet, String headers) {
    mld.input(packet.type(), lab.frame(packet, headers), lab.on, lab.now());
    lab.step();
  }

  private static Packet of(String source, byte[]... parts) {
    return Packet.of(source, "ff02::1", parts).withHopLimit(1);
  }

  /** A query of version 1; its response time in milliseconds. */
  private static byte[] oldQuery(int millis, String group) {
    return Packet.join(Packet.hex("82 00 0000 %04x 0000".formatted(millis)), Packet.address(group));
  }

  /** A query of version 2. */
  private static byte[] query(int code, String group, String... sources) {
    byte[] all =
        Packet.join(oldQuery(code, group), Packet.hex("02 7d %04x".formatted(sources.length)));
    for (String source : sources) {
      all = Packet.join(all, Packet.address(source));
    }
    return all;
  }

  private void expectDrop(DropReason reason, Packet packet, String headers) {
    long before = lab.shard.counters().get(reason);
    receive(packet, headers);
    assertThat(lab.shard.counters().get(reason)).isEqualTo(before + 1);
    lab.advance(20 * SECOND);
    assertThat(lab.sent()).isEmpty();
  }

  /** The records of the only report that was sent, each as type, group and sources. */
  private String report() {
    List<Packet> all = lab.sent();
    assertThat(all).hasSize(1);
    return records(all.getFirst());
  }

  private static String records(Packet report) {
    assertThat(report.type()).isEqualTo(143);
    assertThat(report.hopLimit()).isEqualTo(1);
    assertThat(report.destination()).isEqualTo(IpAddress.parse("ff02::16"));
    StringBuilder text = new StringBuilder();
    byte[] bytes = report.bytes();
    int at = 8;
    for (int i = 0; i < (bytes[6] & 0xff) * 256 + (bytes[7] & 0xff); i++) {
      int sources = (bytes[at + 2] & 0xff) * 256 + (bytes[at + 3] & 0xff);
      text.append(bytes[at]).append(' ').append(report.addressAt(at + 4));
      for (int source = 0; source < sources; source++) {
        text.append(' ').append(report.addressAt(at + 20 + 16 * source));
      }
      text.append(';');
      at += 20 + 16 * sources;
    }
    assertThat(at).as("nothing behind the records").isEqualTo(bytes.length);
    return text.toString();
  }

  // ---- changes ----

  @Test
  void joining_is_reported_at_once_and_once_more_to_all_mld_routers() {
    listen(GROUP, SourceFilter.EVERYTHING);
    assertThat(lab.alerts).containsExactly(true);
    assertThat(lab.sent.getFirst().source()).isEqualTo(IpAddress.parse(LINK_LOCAL));
    assertThat(report()).isEqualTo("4 ff0e:0:0:0:0:0:0:1234;");
    lab.advance(SECOND);
    assertThat(report()).isEqualTo("4 ff0e:0:0:0:0:0:0:1234;");
    lab.advance(HOUR);
    assertThat(lab.sent()).isEmpty();
    listen(GROUP, SourceFilter.NOTHING);
    assertThat(report()).isEqualTo("3 ff0e:0:0:0:0:0:0:1234;");
  }

  @Test
  void sources_are_reported_too() {
    listen(GROUP, SourceFilter.include(IpAddress.parse("2001:db8::7")));
    assertThat(report()).isEqualTo("5 ff0e:0:0:0:0:0:0:1234 2001:db8:0:0:0:0:0:7;");
  }

  @Test
  void without_a_link_local_address_reports_come_from_none_and_are_repeated_when_there_is_one() {
    lab.addresses.clear();
    lab.addresses.put(IpAddress.parse("2001:db8::1"), AddressState.PREFERRED);
    listen(GROUP, SourceFilter.EVERYTHING);
    lab.advance(SECOND);
    assertThat(lab.sent()).allMatch(each -> each.source().equals(IpAddress.parse("::")));
    lab.addresses.put(IpAddress.parse(LINK_LOCAL), AddressState.PREFERRED);
    mld.haveLinkLocal(lab.on, lab.now());
    lab.advance(SECOND);
    assertThat(lab.sent.getFirst().source()).isEqualTo(IpAddress.parse(LINK_LOCAL));
    assertThat(report()).isEqualTo("2 ff0e:0:0:0:0:0:0:1234;");
  }

  @Test
  void groups_that_are_every_hosts_or_stay_inside_are_never_reported() {
    for (String group : List.of("ff02::1", "ff01::5", "ff00::5", "ff11::77")) {
      listen(group, SourceFilter.EVERYTHING);
      IpAddress joined = IpAddress.parse(group);
      assertThat(mld.memberships().accepts(0, joined.hi(), joined.lo())).isTrue();
    }
    receive(of(QUERIER, query(100, "::")), ALERT);
    lab.advance(10 * SECOND);
    assertThat(lab.sent()).isEmpty();
  }

  @Test
  void the_stacks_own_groups_are_counted() {
    IpAddress group = IpAddress.parse("ff02::1:ff00:1");
    mld.join(lab.on, group.hi(), group.lo(), lab.now());
    mld.join(lab.on, group.hi(), group.lo(), lab.now());
    mld.leave(lab.on, group.hi(), group.lo(), lab.now());
    assertThat(mld.memberships().accepts(0, group.hi(), group.lo())).isTrue();
    mld.leave(lab.on, group.hi(), group.lo(), lab.now());
    assertThat(mld.memberships().accepts(0, group.hi(), group.lo())).isFalse();
    assertThat(lab.sent()).hasSize(2);
  }

  // ---- queries ----

  private void joined() {
    listen(GROUP, SourceFilter.EVERYTHING);
    lab.advance(2 * SECOND);
    lab.sent();
  }

  @Test
  void a_general_query_is_answered_within_its_response_time() {
    joined();
    receive(of(QUERIER, query(10_000, "::")), ALERT);
    assertThat(lab.sent()).isEmpty();
    lab.advance(10 * SECOND);
    assertThat(report()).isEqualTo("2 ff0e:0:0:0:0:0:0:1234;");
    assertThat(lab.count(Counter.MLD_IN)).isEqualTo(1);
  }

  @Test
  void large_response_times_have_an_exponent() {
    joined();
    // 0x8000: 0x1000 << 3 ms = 32.768 s; 0xffff: 0x1fff << 10 ms = 8387.584 s.
    receive(of(QUERIER, query(0xffff, "::")), ALERT);
    lab.advance(8_388 * SECOND);
    assertThat(lab.sent()).hasSize(1);
    receive(of(QUERIER, query(0x8000, "::")), ALERT);
    lab.advance(32_769_000_000L);
    assertThat(lab.sent()).hasSize(1);
  }

  @Test
  void a_query_about_sources_is_answered_with_those_that_are_wanted() {
    listen(GROUP, SourceFilter.exclude(IpAddress.parse("2001:db8::7")));
    lab.advance(2 * SECOND);
    lab.sent();
    receive(of(QUERIER, query(1_000, GROUP, "2001:db8::7", "2001:db8::8")), ALERT);
    lab.advance(SECOND);
    assertThat(report()).isEqualTo("1 ff0e:0:0:0:0:0:0:1234 2001:db8:0:0:0:0:0:8;");
  }

  @Test
  void a_querier_of_version_1_gets_version_1() {
    joined();
    receive(of(QUERIER, oldQuery(1_000, "::")), ALERT);
    lab.advance(SECOND);
    Packet answer = lab.sent().getFirst();
    assertThat(answer.type()).isEqualTo(131);
    assertThat(answer.destination()).isEqualTo(IpAddress.parse(GROUP));
    assertThat(answer.bytes()).hasSize(24);
    assertThat(answer.target()).isEqualTo(IpAddress.parse(GROUP));
    listen(GROUP, SourceFilter.NOTHING);
    Packet done = lab.sent().getFirst();
    assertThat(done.type()).isEqualTo(132);
    assertThat(done.destination()).isEqualTo(IpAddress.parse("ff02::2"));
    assertThat(done.target()).isEqualTo(IpAddress.parse(GROUP));
    // Until it is not heard any more: 2 × 125 s and the response time.
    lab.advance(252 * SECOND);
    listen(GROUP, SourceFilter.EVERYTHING);
    assertThat(lab.sent().getFirst().type()).isEqualTo(143);
  }

  @Test
  void anothers_report_of_version_1_spares_ours() {
    joined();
    receive(of(QUERIER, oldQuery(5_000, "::")), ALERT);
    receive(of("fe80::7", Packet.hex("83 00 0000 0000 0000"), Packet.address(GROUP)), ALERT);
    lab.advance(5 * SECOND);
    assertThat(lab.sent()).isEmpty();
  }

  // ---- validation, §6.2 ----

  @Test
  void invalid_queries_are_dropped() {
    joined();
    Packet good = of(QUERIER, query(1_000, "::"));
    expectDrop(DropReason.MLD_MALFORMED, good.withHopLimit(2), ALERT);
    expectDrop(DropReason.MLD_MALFORMED, good, "");
    expectDrop(DropReason.MLD_MALFORMED, good, "3a00 0104 0000 0000");
    expectDrop(DropReason.MLD_MALFORMED, good.cut(27), ALERT);
    expectDrop(DropReason.MLD_MALFORMED, good.cut(23), ALERT);
    expectDrop(DropReason.MLD_MALFORMED, good.with(27, 1), ALERT); // a source that is not there
    expectDrop(DropReason.MLD_MALFORMED, of("2001:db8::9", query(1_000, "::")), ALERT);
    expectDrop(DropReason.MLD_MALFORMED, of("::", query(1_000, "::")), ALERT);
    expectDrop(DropReason.MLD_MALFORMED, of(QUERIER, query(1_000, "2001:db8::1")), ALERT);
    // The alert may stand behind padding.
    receive(good, "3a01 0101 0000 0502 0000 0000 0000 0000");
    lab.advance(2 * SECOND);
    assertThat(lab.sent()).hasSize(1);
  }

  @Test
  void what_is_for_routers_is_ignored() {
    joined();
    Packet report = of("fe80::7", Packet.hex("8f 00 0000 0000 0000"));
    expectDrop(DropReason.MLD_IGNORED, report, ALERT);
    Packet done = of("fe80::7", Packet.hex("84 00 0000 0000 0000"), Packet.address(GROUP));
    expectDrop(DropReason.MLD_IGNORED, done, ALERT);
  }

  @Test
  void many_groups_are_divided_among_reports() {
    for (int i = 0; i < 300; i++) {
      listen("ff0e::" + Integer.toHexString(0x1000 + i), SourceFilter.EVERYTHING);
    }
    lab.advance(2 * SECOND);
    lab.sent();
    receive(of(QUERIER, query(1_000, "::")), ALERT);
    lab.advance(SECOND);
    List<Packet> reports = lab.sent();
    assertThat(reports).hasSizeGreaterThan(3);
    int records = 0;
    for (Packet each : reports) {
      assertThat(each.bytes().length).isLessThanOrEqualTo(1_500 - 48);
      records += records(each).split(";").length;
    }
    assertThat(records).isEqualTo(300);
  }
}
