package io.millrace.multicast;

import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the routers have been told of one group, and are still to be told. */
final class GroupReports {
  private static final long NEVER = Long.MAX_VALUE;

  /** The most sources that are remembered of queries. */
  private static final int MAX_ASKED = 512;

  private final IpAddress group;
  private SourceFilter filter = SourceFilter.NOTHING;

  /** Reports that still have to say that the mode has changed. */
  private int modeReports;

  /** Sources whose change still has to be said, and how often. */
  private final Map<IpAddress, Integer> sourceReports = new LinkedHashMap<>();

  /** When a query about this group is answered. */
  long responseAt = NEVER;

  /** The sources that were asked about; empty if it was the whole group. */
  private final Set<IpAddress> asked = new LinkedHashSet<>();

  /** Unsolicited reports of an older version that are still to follow. */
  int repeats;

  GroupReports(IpAddress group) {
    this.group = group;
  }

  IpAddress group() {
    return group;
  }

  SourceFilter filter() {
    return filter;
  }

  /** Whether there is nothing to remember. */
  boolean isIdle() {
    return filter.isNothing() && !hasChange() && responseAt == NEVER;
  }

  // ---- changes ----

  /**
   * RFC 3376 §5.1: the difference between two states, merged with what has not been said often
   * enough.
   */
  void change(SourceFilter wanted, int robustness) {
    if (wanted.isInclude() != filter.isInclude()) {
      modeReports = robustness;
      sourceReports.clear(); // a change of mode says the whole list, as often
    } else {
      Set<IpAddress> changed = new LinkedHashSet<>(filter.sources());
      changed.addAll(wanted.sources());
      changed.removeIf(each -> has(filter, each) == has(wanted, each));
      changed.forEach(each -> sourceReports.put(each, robustness));
    }
    filter = wanted;
  }

  private static boolean has(SourceFilter in, IpAddress source) {
    return in.admits(source.hi(), source.lo());
  }

  boolean hasChange() {
    return modeReports > 0 || !sourceReports.isEmpty();
  }

  void dropChange() {
    modeReports = 0;
    sourceReports.clear();
  }

  /**
   * Adds what the next report of changes says; each source and the mode have been said once more.
   */
  void takeChange(List<GroupRecord> to) {
    if (modeReports > 0) {
      modeReports--;
      to.add(
          new GroupRecord(
              filter.isInclude()
                  ? RecordType.CHANGE_TO_INCLUDE_MODE
                  : RecordType.CHANGE_TO_EXCLUDE_MODE,
              group,
              filter.sources()));
    } else if (!sourceReports.isEmpty()) {
      List<IpAddress> allowed = new ArrayList<>();
      List<IpAddress> blocked = new ArrayList<>();
      sourceReports.keySet().forEach(each -> (has(filter, each) ? allowed : blocked).add(each));
      addUnlessEmpty(to, RecordType.ALLOW_NEW_SOURCES, allowed);
      addUnlessEmpty(to, RecordType.BLOCK_OLD_SOURCES, blocked);
    }
    sourceReports.replaceAll((source, left) -> left - 1);
    sourceReports.values().removeIf(left -> left == 0);
  }

  private void addUnlessEmpty(List<GroupRecord> to, RecordType type, List<IpAddress> sources) {
    if (!sources.isEmpty()) {
      to.add(new GroupRecord(type, group, sources));
    }
  }

  // ---- answers ----

  /** RFC 3376 §5.2, rules 3 to 5 for queries about a group. */
  void askedBy(Collection<IpAddress> sources, long at) {
    boolean wholeGroup = sources.isEmpty() || (responseAt != NEVER && asked.isEmpty());
    if (wholeGroup) {
      asked.clear();
    } else {
      asked.addAll(sources);
      if (asked.size() > MAX_ASKED) {
        asked.clear(); // the whole state answers as well
      }
    }
    responseAt = Math.min(responseAt, at);
  }

  void dropResponse() {
    responseAt = NEVER;
    asked.clear();
  }

  /**
   * Adds the answer that is due (RFC 3376 §5.2, when the group timer expires).
   *
   * @param said whether the whole state is said anyway
   */
  void takeResponse(List<GroupRecord> to, boolean said) {
    if (asked.isEmpty()) {
      if (!said && !filter.isNothing()) {
        to.add(state());
      }
    } else {
      List<IpAddress> wanted = asked.stream().filter(each -> has(filter, each)).toList();
      addUnlessEmpty(to, RecordType.MODE_IS_INCLUDE, wanted);
    }
    dropResponse();
  }

  /** What is the case now. */
  GroupRecord state() {
    return new GroupRecord(
        filter.isInclude() ? RecordType.MODE_IS_INCLUDE : RecordType.MODE_IS_EXCLUDE,
        group,
        filter.sources());
  }
}
