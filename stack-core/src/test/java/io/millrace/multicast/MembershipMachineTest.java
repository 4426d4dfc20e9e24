package io.millrace.multicast;

import static io.millrace.ip.SourceFilter.EVERYTHING;
import static io.millrace.ip.SourceFilter.NOTHING;
import static io.millrace.ip.SourceFilter.exclude;
import static io.millrace.ip.SourceFilter.include;
import static io.millrace.multicast.RecordType.ALLOW_NEW_SOURCES;
import static io.millrace.multicast.RecordType.BLOCK_OLD_SOURCES;
import static io.millrace.multicast.RecordType.CHANGE_TO_EXCLUDE_MODE;
import static io.millrace.multicast.RecordType.CHANGE_TO_INCLUDE_MODE;
import static io.millrace.multicast.RecordType.MODE_IS_EXCLUDE;
import static io.millrace.multicast.RecordType.MODE_IS_INCLUDE;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.multicast.MembershipMessage.Leave;
import io.millrace.multicast.MembershipMessage.OldReport;
import io.millrace.multicast.MembershipMessage.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("The host part of IGMPv3 and MLDv2 (RFC 3376 §5 and §7, RFC 3810 §6 and §8)")
class MembershipMachineTest {
  private static final long SECOND = 1_000_000_000;
  private static final long NEVER = Long.MAX_VALUE;
  private static final IpAddress G = IpAddress.parse("239.1.2.3");
  private static final IpAddress H = IpAddress.parse("239.1.2.4");
  private static final IpAddress A = IpAddress.parse("192.0.2.1");
  private static final IpAddress B = IpAddress.parse("192.0.2.2");
  private static final IpAddress C = IpAddress.parse("192.0.2.3");

  private final MembershipMachine machine = new MembershipMachine(new Random(5));
  private long now = 100 * SECOND;

  private void change(IpAddress group, SourceFilter wanted) {
    machine.change(group, wanted, now);
  }

  private void ask(IpAddress group, long time, IpAddress... sources) {
    machine.query(group, List.of(sources), time, now);
  }

  private List<MembershipMessage> sent() {
    List<MembershipMessage> all = new ArrayList<>();
    MembershipMessage each;
    while ((each = machine.poll()) != null) {
      all.add(each);
    }
    return all;
  }

  /** Moves the clock to the next deadline and does what is due. */
  private void toDeadline() {
    assertThat(machine.nextDeadline()).isGreaterThan(now).isNotEqualTo(NEVER);
    now = machine.nextDeadline();
    machine.onTimeout(now);
  }

  private static Report report(GroupRecord... records) {
    return new Report(List.of(records));
  }

  private static GroupRecord record(RecordType type, IpAddress group, IpAddress... sources) {
    return new GroupRecord(type, group, List.of(sources));
  }

  /** A member for long: all that was to be reported has been. */
  private void settled(IpAddress group, SourceFilter state) {
    change(group, state);
    while (machine.nextDeadline() != NEVER) {
      toDeadline();
    }
    sent();
  }

  @Nested
  @DisplayName("reports changes (§5.1)")
  class Changes {
    private void expect(SourceFilter before, SourceFilter after, GroupRecord... records) {
      settled(G, before);
      change(G, after);
      assertThat(sent()).containsExactly(report(records));
      toDeadline();
      assertThat(sent()).as("once more").containsExactly(report(records));
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName("INCLUDE (A) to INCLUDE (B): ALLOW (B-A), BLOCK (A-B)")
    void includeToInclude() {
      expect(
          include(A, B),
          include(B, C),
          record(ALLOW_NEW_SOURCES, G, C),
          record(BLOCK_OLD_SOURCES, G, A));
    }

    @Test
    @DisplayName("EXCLUDE (A) to EXCLUDE (B): ALLOW (A-B), BLOCK (B-A)")
    void excludeToExclude() {
      expect(
          exclude(A, B),
          exclude(B, C),
          record(ALLOW_NEW_SOURCES, G, A),
          record(BLOCK_OLD_SOURCES, G, C));
    }

    @Test
    @DisplayName("INCLUDE (A) to EXCLUDE (B): TO_EX (B)")
    void includeToExclude() {
      expect(include(A), exclude(B), record(CHANGE_TO_EXCLUDE_MODE, G, B));
    }

    @Test
    @DisplayName("EXCLUDE (A) to INCLUDE (B): TO_IN (B)")
    void excludeToInclude() {
      expect(exclude(A), include(B), record(CHANGE_TO_INCLUDE_MODE, G, B));
    }

    @Test
    @DisplayName("joining a group: TO_EX ()")
    void joins() {
      expect(NOTHING, EVERYTHING, record(CHANGE_TO_EXCLUDE_MODE, G));
    }

    @Test
    @DisplayName("leaving a group: TO_IN ()")
    void leaves() {
      expect(EVERYTHING, NOTHING, record(CHANGE_TO_INCLUDE_MODE, G));
    }

    @Test
    @DisplayName("joining for one source: ALLOW; leaving again: BLOCK")
    void joinsForASource() {
      expect(NOTHING, include(A), record(ALLOW_NEW_SOURCES, G, A));
      expect(include(A), NOTHING, record(BLOCK_OLD_SOURCES, G, A));
    }

    @Test
    void whatStaysTheSameIsNotReported() {
      settled(G, include(A));
      change(G, include(A));
      assertThat(sent()).isEmpty();
    }

    @Test
    @DisplayName("an empty ALLOW or BLOCK is left out")
    void leavesEmptyRecordsOut() {
      settled(G, include(A));
      change(G, include(A, B));
      assertThat(sent()).containsExactly(report(record(ALLOW_NEW_SOURCES, G, B)));
    }

    @Test
    @DisplayName("robustness times, each at most a second after the one before")
    void repeatsAsOftenAsTheQuerierSays() {
      machine.querierSays(4, 0);
      change(G, EVERYTHING);
      for (int i = 0; i < 3; i++) {
        assertThat(machine.nextDeadline()).isBetween(now + 1, now + SECOND);
        toDeadline();
      }
      assertThat(sent()).hasSize(4);
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName("a second change is merged with what is still to be repeated")
    void mergesSourceChanges() {
      change(G, include(A));
      change(G, include(A, B));
      assertThat(sent())
          .containsExactly(
              report(record(ALLOW_NEW_SOURCES, G, A)), report(record(ALLOW_NEW_SOURCES, G, A, B)));
      toDeadline();
      assertThat(sent())
          .as("A has been said twice")
          .containsExactly(report(record(ALLOW_NEW_SOURCES, G, B)));
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName("a source that comes and goes is said as it is when the report is sent")
    void saysTheLatest() {
      settled(G, include(A));
      change(G, include(A, B));
      change(G, include(A));
      assertThat(sent())
          .containsExactly(
              report(record(ALLOW_NEW_SOURCES, G, B)), report(record(BLOCK_OLD_SOURCES, G, B)));
      toDeadline();
      assertThat(sent()).containsExactly(report(record(BLOCK_OLD_SOURCES, G, B)));
    }

    @Test
    @DisplayName(
        "while a change of mode is being reported, changes of sources go with it, then alone")
    void modeComesBeforeSources() {
      change(G, EVERYTHING);
      change(G, exclude(A));
      assertThat(sent())
          .containsExactly(
              report(record(CHANGE_TO_EXCLUDE_MODE, G)),
              report(record(CHANGE_TO_EXCLUDE_MODE, G, A)));
      toDeadline();
      assertThat(sent()).containsExactly(report(record(BLOCK_OLD_SOURCES, G, A)));
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName("a change of mode starts anew and takes the place of what was pending")
    void modeReplacesSources() {
      change(G, include(A));
      change(G, exclude(B));
      change(G, NOTHING);
      sent();
      toDeadline();
      assertThat(sent()).containsExactly(report(record(CHANGE_TO_INCLUDE_MODE, G)));
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    void repeatsOfSeveralGroupsShareAReport() {
      change(G, EVERYTHING);
      change(H, include(A));
      sent();
      toDeadline();
      assertThat(sent())
          .containsExactly(
              report(record(CHANGE_TO_EXCLUDE_MODE, G), record(ALLOW_NEW_SOURCES, H, A)));
    }

    @Property(tries = 300)
    @DisplayName("a router that takes the reports in order ends up with the interface's state")
    void routersFollow(@ForAll long seed) {
      Random random = new Random(seed);
      MembershipMachine host = new MembershipMachine(random);
      RouterView router = new RouterView();
      long time = 0;
      SourceFilter state = NOTHING;
      for (int i = 0; i < 30; i++) {
        List<IpAddress> list = new ArrayList<>(List.of(A, B, C));
        list.removeIf(each -> random.nextBoolean());
        state = random.nextBoolean() ? include(list) : exclude(list);
        host.change(G, state, time);
        if (random.nextBoolean() && host.nextDeadline() != NEVER) {
          time = host.nextDeadline();
          host.onTimeout(time);
        }
        MembershipMessage each;
        while ((each = host.poll()) != null) {
          ((Report) each).records().forEach(router::take);
        }
        assertThat(router.state).isEqualTo(state);
      }
    }
  }

  /** What a router with one host on its link concludes (RFC 3376 §6.4, without its timers). */
  private static final class RouterView {
    private SourceFilter state = NOTHING;

    void take(GroupRecord record) {
      switch (record.type()) {
        case CHANGE_TO_INCLUDE_MODE, MODE_IS_INCLUDE -> state = include(record.sources());
        case CHANGE_TO_EXCLUDE_MODE, MODE_IS_EXCLUDE -> state = exclude(record.sources());
        case ALLOW_NEW_SOURCES -> record.sources().forEach(each -> want(each, true));
        case BLOCK_OLD_SOURCES -> record.sources().forEach(each -> want(each, false));
      }
    }

    private void want(IpAddress source, boolean wanted) {
      state = wanted == state.isInclude() ? state.plus(source) : state.minus(source);
    }
  }

  @Nested
  @DisplayName("answers queries (§5.2)")
  class Queries {
    @Test
    @DisplayName("rule 2: a general query, with one record for each group, after a random delay")
    void answersGeneralQueries() {
      settled(G, exclude(A));
      settled(H, include(B));
      ask(null, 10 * SECOND);
      assertThat(sent()).isEmpty();
      assertThat(machine.nextDeadline()).isBetween(now + 1, now + 10 * SECOND);
      toDeadline();
      assertThat(sent())
          .containsExactly(report(record(MODE_IS_EXCLUDE, G, A), record(MODE_IS_INCLUDE, H, B)));
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    void whoIsInNoGroupDoesNotAnswer() {
      ask(null, SECOND);
      toDeadline();
      assertThat(sent()).isEmpty();
    }

    @Test
    @DisplayName("a query about a group, with its state")
    void answersGroupQueries() {
      settled(G, exclude(A));
      settled(H, EVERYTHING);
      ask(G, SECOND);
      toDeadline();
      assertThat(sent()).containsExactly(report(record(MODE_IS_EXCLUDE, G, A)));
    }

    @Test
    void groupsThatWeAreNotInAreNotAnswered() {
      ask(G, SECOND);
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName("a query about sources in INCLUDE (A): IS_IN (A*B)")
    void answersSourceQueriesInInclude() {
      settled(G, include(A, B));
      ask(G, SECOND, B, C);
      toDeadline();
      assertThat(sent()).containsExactly(report(record(MODE_IS_INCLUDE, G, B)));
    }

    @Test
    @DisplayName("a query about sources in EXCLUDE (A): IS_IN (B-A)")
    void answersSourceQueriesInExclude() {
      settled(G, exclude(A, B));
      ask(G, SECOND, B, C);
      toDeadline();
      assertThat(sent()).containsExactly(report(record(MODE_IS_INCLUDE, G, C)));
    }

    @Test
    @DisplayName("nothing, if none of the sources is wanted")
    void saysNothingOfUnwantedSources() {
      settled(G, include(A));
      ask(G, SECOND, B);
      toDeadline();
      assertThat(sent()).isEmpty();
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName("rule 1: what a general answer will say sooner is not scheduled again")
    void generalAnswerServesGroupQueries() {
      settled(G, EVERYTHING);
      ask(null, 1);
      ask(G, 10 * SECOND);
      toDeadline();
      assertThat(sent()).hasSize(1);
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName("rule 2: a general query that is to be answered sooner replaces the one before")
    void newerGeneralQueryReplaces() {
      settled(G, EVERYTHING);
      ask(null, 3_600 * SECOND);
      ask(null, 1);
      assertThat(machine.nextDeadline()).isEqualTo(now + 1);
      toDeadline();
      assertThat(sent()).hasSize(1);
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName("rule 4: a query about the group widens one about sources, at the earlier time")
    void groupQueryWidens() {
      settled(G, include(A, B));
      ask(G, 3_600 * SECOND, A);
      ask(G, 1);
      assertThat(machine.nextDeadline()).isEqualTo(now + 1);
      toDeadline();
      assertThat(sent()).containsExactly(report(record(MODE_IS_INCLUDE, G, A, B)));
    }

    @Test
    @DisplayName("rule 4: a query about sources does not narrow one about the group")
    void sourceQueryDoesNotNarrow() {
      settled(G, include(A, B));
      ask(G, 1);
      ask(G, SECOND, A);
      toDeadline();
      assertThat(sent()).containsExactly(report(record(MODE_IS_INCLUDE, G, A, B)));
    }

    @Test
    @DisplayName("rule 5: sources of two queries are answered together, at the earlier time")
    void sourceQueriesAddUp() {
      settled(G, include(A, B, C));
      ask(G, 1, A);
      ask(G, SECOND, C);
      assertThat(machine.nextDeadline()).isEqualTo(now + 1);
      toDeadline();
      assertThat(sent()).containsExactly(report(record(MODE_IS_INCLUDE, G, A, C)));
    }

    @Test
    @DisplayName("what is the case when the answer is sent, not when the query came")
    void answersWithThePresentState() {
      settled(G, EVERYTHING);
      ask(null, 3_600 * SECOND);
      machine.change(G, NOTHING, now);
      sent();
      while (machine.nextDeadline() != NEVER) {
        toDeadline();
      }
      assertThat(sent()).containsExactly(report(record(CHANGE_TO_INCLUDE_MODE, G)));
    }

    @Test
    @DisplayName("a flood of sources is answered with the whole state and remembered in part only")
    void boundsWhatItRemembers() {
      settled(G, EVERYTHING);
      for (int i = 0; i < 10_000; i++) {
        ask(G, SECOND, IpAddress.v4(0x0b00_0000 + i));
      }
      toDeadline();
      List<MembershipMessage> all = sent();
      assertThat(all).hasSize(1);
      assertThat(((Report) all.get(0)).records().get(0).size(4)).isLessThan(4_096);
    }

    @Property(tries = 200)
    void delaysAreWithinTheTimeGiven(@ForAll long seed) {
      MembershipMachine host = new MembershipMachine(new Random(seed));
      host.change(G, EVERYTHING, 0);
      assertThat(host.nextDeadline()).isBetween(1L, SECOND);
      host.onTimeout(host.nextDeadline());
      host.query(null, List.of(), 5 * SECOND, 10 * SECOND);
      assertThat(host.nextDeadline()).isBetween(10 * SECOND + 1, 15 * SECOND);
    }
  }

  @Nested
  @DisplayName("speaks with queriers of older versions (§7)")
  class OlderVersions {
    private void querier(QuerierVersion version) {
      machine.olderQuerier(version, 10 * SECOND, now);
    }

    @ParameterizedTest
    @EnumSource(
        value = QuerierVersion.class,
        names = {"FIRST", "GROUPS"})
    void reportsInTheOlderVersion(QuerierVersion version) {
      settled(G, EVERYTHING);
      settled(H, include(A));
      querier(version);
      ask(null, 10 * SECOND);
      toDeadline();
      toDeadline();
      assertThat(sent())
          .containsExactlyInAnyOrder(new OldReport(G, version), new OldReport(H, version));
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName("a join is reported twice, up to ten seconds apart; more sources are no news")
    void joins() {
      querier(QuerierVersion.GROUPS);
      change(G, include(A));
      change(G, include(A, B));
      assertThat(sent()).containsExactly(new OldReport(G, QuerierVersion.GROUPS));
      assertThat(machine.nextDeadline()).isBetween(now + 1, now + 10 * SECOND);
      toDeadline();
      assertThat(sent()).containsExactly(new OldReport(G, QuerierVersion.GROUPS));
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    void leavesWithALeave() {
      querier(QuerierVersion.GROUPS);
      change(G, EVERYTHING);
      sent();
      change(G, NOTHING);
      assertThat(sent()).containsExactly(new Leave(G));
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    void theFirstVersionKnowsNoLeave() {
      querier(QuerierVersion.FIRST);
      change(G, EVERYTHING);
      sent();
      change(G, NOTHING);
      assertThat(sent()).isEmpty();
    }

    @Test
    @DisplayName("another host's report spares ours")
    void suppresses() {
      settled(G, EVERYTHING);
      querier(QuerierVersion.GROUPS);
      ask(null, SECOND);
      machine.reportHeard(G, now);
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName("but not where IGMPv3 is spoken: routers want to know every host")
    void doesNotSuppressInTheNewestVersion() {
      settled(G, EVERYTHING);
      ask(null, SECOND);
      machine.reportHeard(G, now);
      toDeadline();
      assertThat(sent()).hasSize(1);
    }

    @Test
    @DisplayName("a change of version cancels what was pending (§7.2.1)")
    void changeOfVersionCancels() {
      change(G, EVERYTHING);
      sent();
      ask(null, SECOND);
      querier(QuerierVersion.GROUPS);
      assertThat(machine.nextDeadline()).isEqualTo(NEVER);
    }

    @Test
    @DisplayName(
        "a query with a shorter time hastens the answer, one with a longer does not delay it")
    void keepsTheEarlierTime() {
      settled(G, EVERYTHING);
      querier(QuerierVersion.GROUPS);
      ask(null, SECOND);
      long at = machine.nextDeadline();
      ask(G, 100 * SECOND);
      assertThat(machine.nextDeadline()).isEqualTo(at);
      ask(G, 1);
      assertThat(machine.nextDeadline()).isEqualTo(now + 1);
    }

    @Test
    @DisplayName(
        "until none has been heard for robustness × query interval + response time (§8.12)")
    void returnsToTheNewestVersion() {
      machine.querierSays(3, 20 * SECOND);
      querier(QuerierVersion.GROUPS);
      now += 70 * SECOND - 1;
      machine.onTimeout(now);
      assertThat(machine.version()).isEqualTo(QuerierVersion.GROUPS);
      now++;
      change(G, EVERYTHING);
      assertThat(machine.version()).isEqualTo(QuerierVersion.SOURCES);
      assertThat(sent()).containsExactly(report(record(CHANGE_TO_EXCLUDE_MODE, G)));
    }

    @Test
    @DisplayName("the oldest version that is heard counts")
    void oldestCounts() {
      querier(QuerierVersion.FIRST);
      querier(QuerierVersion.GROUPS);
      assertThat(machine.version()).isEqualTo(QuerierVersion.FIRST);
    }
  }

  @Nested
  @DisplayName("divides reports (§4.2.16)")
  class Packing {
    private static List<IpAddress> many(int count) {
      List<IpAddress> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        all.add(IpAddress.v4(0x0b00_0000 + i));
      }
      return all;
    }

    @Test
    void recordsThatDoNotFitGoIntoTheNextMessage() {
      GroupRecord one = record(MODE_IS_INCLUDE, G, A, B);
      GroupRecord two = record(MODE_IS_INCLUDE, H, A);
      assertThat(GroupRecord.pack(List.of(one, two), 28, 4)).containsExactly(List.of(one, two));
      assertThat(GroupRecord.pack(List.of(one, two), 27, 4))
          .containsExactly(List.of(one), List.of(two));
    }

    @Test
    void aListThatIsTooLongIsDivided() {
      GroupRecord all = new GroupRecord(ALLOW_NEW_SOURCES, G, many(25));
      List<List<GroupRecord>> messages = GroupRecord.pack(List.of(all), 48, 4);
      assertThat(messages).hasSize(3).allSatisfy(each -> assertThat(each).hasSize(1));
      assertThat(messages.stream().flatMap(each -> each.get(0).sources().stream()))
          .containsExactlyElementsOf(many(25));
    }

    @Test
    @DisplayName("a list of what is not wanted cannot be divided: the rest is left out")
    void anExcludeListIsCut() {
      GroupRecord all = new GroupRecord(CHANGE_TO_EXCLUDE_MODE, G, many(25));
      assertThat(GroupRecord.pack(List.of(all), 48, 4))
          .containsExactly(List.of(new GroupRecord(CHANGE_TO_EXCLUDE_MODE, G, many(10))));
    }
  }
}
