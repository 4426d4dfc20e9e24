package io.millrace.multicast;

import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The host part of IGMPv3 (RFC 3376 §5, §7) and MLDv2 (RFC 3810 §6, §8) for one interface, without
 * formats: changes of what the interface wants, queries and time go in; {@link #poll} says what to
 * send until it answers null; {@link #nextDeadline} says when {@link #onTimeout} is due.
 *
 * <pre>
 *   a change ──► a report at once, and robustness - 1 more, each up to a second later
 *   a query  ──► after a random part of the time it gives: a report of what is the case then
 *   a query of an older version ──► reports and leaves of that version, until it is not heard for
 *                                   robustness × query interval + its response time
 * </pre>
 *
 * <p>Groups that every host is in are never reported: the caller leaves them out. <b>Thread:</b>
 * the shard's. Rare events only: it allocates.
 */
public final class MembershipMachine {
  private static final long SECOND = 1_000_000_000;
  private static final long NEVER = Long.MAX_VALUE;

  // RFC 3376 §8, RFC 3810 §9: defaults.
  private static final int ROBUSTNESS = 2;
  private static final long QUERY_INTERVAL = 125 * SECOND;
  private static final long UNSOLICITED_REPORT_INTERVAL = SECOND;

  /** RFC 2236 §8.10, RFC 2710 §7.10. */
  private static final long OLD_UNSOLICITED_REPORT_INTERVAL = 10 * SECOND;

  private final RandomGenerator random;
  private final Map<IpAddress, GroupReports> groups = new LinkedHashMap<>();
  private final ArrayDeque<MembershipMessage> due = new ArrayDeque<>();

  private int robustness = ROBUSTNESS;
  private long queryInterval = QUERY_INTERVAL;

  /** When a general query is answered. */
  private long generalResponse = NEVER;

  /** When changes are reported again. */
  private long retransmission = NEVER;

  /** Until when the link counts as having a querier of IGMPv1, and of IGMPv2 or MLDv1. */
  private long firstUntil = Long.MIN_VALUE;

  private long groupsUntil = Long.MIN_VALUE;
  private QuerierVersion version = QuerierVersion.SOURCES;

  /** Creates the machine of an interface that listens to nothing. */
  public MembershipMachine(RandomGenerator random) {
    this.random = random;
  }

  /** What is spoken now. */
  public QuerierVersion version() {
    return version;
  }

  /** A time in (0, bound]. */
  private long upTo(long bound) {
    return bound <= 1 ? 1 : 1 + random.nextLong(bound);
  }

  // ---- changes (RFC 3376 §5.1, RFC 3810 §6.1) ----

  /** What the interface wants of a group has become {@code wanted}. */
  public void change(IpAddress group, SourceFilter wanted, long now) {
    expireOlderVersions(now);
    GroupReports reports = groups.get(group);
    if (reports == null) {
      if (wanted.isNothing()) {
        return;
      }
      reports = new GroupReports(group);
      groups.put(group, reports);
    }
    SourceFilter before = reports.filter();
    if (wanted.equals(before)) {
      return;
    }
    reports.change(wanted, robustness);
    if (version == QuerierVersion.SOURCES) {
      reportChanges(List.of(reports), now);
    } else {
      changeInOlderVersion(reports, before, now);
    }
    forgetIdle();
  }

  private void reportChanges(Collection<GroupReports> all, long now) {
    List<GroupRecord> records = new ArrayList<>();
    all.forEach(each -> each.takeChange(records));
    if (!records.isEmpty()) {
      due.add(new MembershipMessage.Report(records));
    }
    boolean more = groups.values().stream().anyMatch(GroupReports::hasChange);
    if (!more) {
      retransmission = NEVER;
    } else if (retransmission == NEVER) {
      retransmission = now + upTo(UNSOLICITED_REPORT_INTERVAL);
    }
  }

  /** RFC 2236 §3 and §6, RFC 2710 §4 and §5: sources cannot be said, only joining and leaving. */
  private void changeInOlderVersion(GroupReports reports, SourceFilter before, long now) {
    reports.dropChange();
    if (before.isNothing()) {
      reports.repeats = robustness - 1;
      reportOld(reports, now);
    } else if (reports.filter().isNothing()) {
      reports.dropResponse();
      reports.repeats = 0;
      if (version == QuerierVersion.GROUPS) {
        due.add(new MembershipMessage.Leave(reports.group()));
      }
    }
  }

  private void reportOld(GroupReports reports, long now) {
    due.add(new MembershipMessage.OldReport(reports.group(), version));
    if (reports.repeats > 0) {
      reports.repeats--;
      reports.responseAt = now + upTo(OLD_UNSOLICITED_REPORT_INTERVAL);
    }
  }

  private void forgetIdle() {
    groups.values().removeIf(GroupReports::isIdle);
  }

  // ---- queries (RFC 3376 §5.2, RFC 3810 §6.2) ----

  /**
   * What a query of the newest version says of its sender's settings.
   *
   * @param newRobustness QRV, 0 if it is not said
   * @param newQueryInterval QQIC as nanoseconds, 0 if it is not said
   */
  public void querierSays(int newRobustness, long newQueryInterval) {
    robustness = newRobustness == 0 ? ROBUSTNESS : newRobustness;
    queryInterval = newQueryInterval == 0 ? QUERY_INTERVAL : newQueryInterval;
  }

  /**
   * A query of an older version has come: speaks that version for a while (RFC 3376 §7.2.1, RFC
   * 3810 §8.2.1). The query itself is then to be given to {@link #query}.
   *
   * @param responseTime the time for answers that it gives
   */
  public void olderQuerier(QuerierVersion heard, long responseTime, long now) {
    // RFC 3376 §8.12, RFC 3810 §9.12.
    long until = now + robustness * queryInterval + responseTime;
    if (heard == QuerierVersion.FIRST) {
      firstUntil = until;
    } else {
      groupsUntil = until;
    }
    expireOlderVersions(now);
  }

  private void expireOlderVersions(long now) {
    QuerierVersion then = QuerierVersion.SOURCES;
    if (firstUntil > now) {
      then = QuerierVersion.FIRST;
    } else if (groupsUntil > now) {
      then = QuerierVersion.GROUPS;
    }
    if (then != version) {
      version = then;
      // RFC 3376 §7.2.1: a change of version cancels all that was going to be sent.
      generalResponse = NEVER;
      retransmission = NEVER;
      for (GroupReports each : groups.values()) {
        each.dropResponse();
        each.dropChange();
        each.repeats = 0;
      }
      forgetIdle();
    }
  }

  /**
   * A query.
   *
   * @param group the group that it asks about, or null if it asks about all
   * @param sources the sources that it asks about; empty if it asks about all
   * @param responseTime how long answers may take, nanoseconds
   */
  public void query(IpAddress group, Collection<IpAddress> sources, long responseTime, long now) {
    expireOlderVersions(now);
    if (version != QuerierVersion.SOURCES) {
      queryOfOlderVersion(group, responseTime, now);
      return;
    }
    long at = now + upTo(responseTime);
    if (generalResponse <= at) {
      return; // rule 1: what is said sooner answers this, too
    }
    if (group == null) {
      generalResponse = at; // rule 2
      return;
    }
    GroupReports reports = groups.get(group);
    if (reports != null && !reports.filter().isNothing()) {
      reports.askedBy(sources, at); // rules 3, 4 and 5
    }
  }

  /**
   * RFC 2236 §3, RFC 2710 §4: a delay for each group, which a running one that is shorter keeps.
   */
  private void queryOfOlderVersion(IpAddress group, long responseTime, long now) {
    for (GroupReports each : groups.values()) {
      boolean asked = group == null || group.equals(each.group());
      if (asked && !each.filter().isNothing() && each.responseAt > now + responseTime) {
        each.responseAt = now + upTo(responseTime);
      }
    }
  }

  /**
   * Another host has reported a group in an older version: where that is spoken, ours is spared
   * (RFC 2236 §3, RFC 2710 §4). Where it is not, ours is sent all the same: routers want to know
   * each host's (RFC 3376 §7.2.2 permits either).
   */
  public void reportHeard(IpAddress group, long now) {
    expireOlderVersions(now);
    GroupReports reports = groups.get(group);
    if (reports != null && version != QuerierVersion.SOURCES) {
      reports.dropResponse();
      reports.repeats = 0;
    }
  }

  // ---- time ----

  /** When {@link #onTimeout} is due; {@code Long.MAX_VALUE} for never. */
  public long nextDeadline() {
    long earliest = Math.min(generalResponse, retransmission);
    for (GroupReports each : groups.values()) {
      earliest = Math.min(earliest, each.responseAt);
    }
    return earliest;
  }

  /** Does what is due. */
  public void onTimeout(long now) {
    expireOlderVersions(now);
    List<GroupRecord> records = new ArrayList<>();
    boolean general = generalResponse <= now;
    if (general) {
      generalResponse = NEVER;
    }
    for (GroupReports each : groups.values()) {
      boolean asked = each.responseAt <= now;
      if (asked && version != QuerierVersion.SOURCES) {
        each.dropResponse();
        reportOld(each, now);
        continue;
      }
      if (asked) {
        each.takeResponse(records, general);
      }
      if (general && !each.filter().isNothing()) {
        records.add(each.state());
      }
    }
    if (!records.isEmpty()) {
      due.add(new MembershipMessage.Report(records));
    }
    if (retransmission <= now) {
      retransmission = NEVER;
      reportChanges(List.copyOf(groups.values()), now);
    }
    forgetIdle();
  }

  /** The next message to be sent, or null. */
  public MembershipMessage poll() {
    return due.poll();
  }
}
