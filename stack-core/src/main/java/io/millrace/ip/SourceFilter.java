package io.millrace.ip;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * From which sources a group's datagrams are wanted (RFC 3376 §2, RFC 3810 §3): INCLUDE only those
 * of a list, or EXCLUDE those and take all others. Immutable.
 */
public final class SourceFilter {
  /** INCLUDE of an empty list: not a member. */
  public static final SourceFilter NOTHING = new SourceFilter(true, List.of());

  /** EXCLUDE of an empty list: a member that hears everybody. */
  public static final SourceFilter EVERYTHING = new SourceFilter(false, List.of());

  private static final Comparator<IpAddress> ORDER =
      Comparator.comparingLong(IpAddress::hi).thenComparingLong(IpAddress::lo);

  private final boolean include;
  private final List<IpAddress> sources;

  /** The same addresses, two longs each, in order: what the packet path searches. */
  private final long[] words;

  private SourceFilter(boolean include, List<IpAddress> sources) {
    this.include = include;
    this.sources = sources;
    this.words = new long[sources.size() * 2];
    for (int i = 0; i < sources.size(); i++) {
      words[2 * i] = sources.get(i).hi();
      words[2 * i + 1] = sources.get(i).lo();
    }
  }

  private static SourceFilter of(boolean include, Collection<IpAddress> sources) {
    if (sources.isEmpty()) {
      return include ? NOTHING : EVERYTHING;
    }
    return new SourceFilter(include, sources.stream().distinct().sorted(ORDER).toList());
  }

  /** Only what these send; in any order, doubles count once. */
  public static SourceFilter include(Collection<IpAddress> sources) {
    return of(true, sources);
  }

  /** Only what these send. */
  public static SourceFilter include(IpAddress... sources) {
    return of(true, List.of(sources));
  }

  /** What everybody but these sends. */
  public static SourceFilter exclude(Collection<IpAddress> sources) {
    return of(false, sources);
  }

  /** What everybody but these sends. */
  public static SourceFilter exclude(IpAddress... sources) {
    return of(false, List.of(sources));
  }

  /** Whether the list says who is heard, and not who is not. */
  public boolean isInclude() {
    return include;
  }

  /** Whether nobody is heard: the state of those who are no members. */
  public boolean isNothing() {
    return include && words.length == 0;
  }

  /** The list, in a fixed order. */
  public List<IpAddress> sources() {
    return sources;
  }

  /** The same filter with a source added to its list. */
  public SourceFilter plus(IpAddress source) {
    Set<IpAddress> more = new TreeSet<>(ORDER);
    more.addAll(sources);
    more.add(source);
    return of(include, more);
  }

  /** The same filter with a source taken from its list. */
  public SourceFilter minus(IpAddress source) {
    return of(include, sources.stream().filter(each -> !each.equals(source)).toList());
  }

  /** Whether a datagram from this source is wanted. Allocates nothing. */
  public boolean admits(long hi, long lo) {
    return words.length == 0 ? !include : contains(hi, lo) == include;
  }

  private boolean contains(long hi, long lo) {
    int from = 0;
    int to = words.length >>> 1;
    while (from < to) {
      int middle = (from + to) >>> 1;
      long thereHi = words[2 * middle];
      long thereLo = words[2 * middle + 1];
      if (thereLo == lo && thereHi == hi) {
        return true;
      }
      if (thereHi < hi || (thereHi == hi && thereLo < lo)) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return false;
  }

  /**
   * What an interface has to hear so that each of several listeners hears what it wants (RFC 3376
   * §3.2, RFC 3810 §4.2). {@link #NOTHING} for no listeners.
   */
  public static SourceFilter merge(Collection<SourceFilter> wanted) {
    Set<IpAddress> included = new TreeSet<>(ORDER);
    Set<IpAddress> excluded = null;
    for (SourceFilter each : wanted) {
      if (each.include) {
        included.addAll(each.sources);
      } else if (excluded == null) {
        excluded = new TreeSet<>(ORDER);
        excluded.addAll(each.sources);
      } else {
        excluded.retainAll(each.sources);
      }
    }
    if (excluded == null) {
      return of(true, included);
    }
    excluded.removeAll(included);
    return of(false, excluded);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SourceFilter filter
        && filter.include == include
        && filter.sources.equals(sources);
  }

  @Override
  public int hashCode() {
    return sources.hashCode() * 2 + (include ? 1 : 0);
  }

  @Override
  public String toString() {
    return (include ? "INCLUDE " : "EXCLUDE ") + sources;
  }
}
