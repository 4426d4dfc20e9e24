package io.millrace.multicast;

import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * Who on a stack listens to which groups of one family (RFC 3376 §3, RFC 3810 §4).
 *
 * <pre>
 *   listeners of shard 0 ──merge──► its filter ─┐
 *   listeners of shard 1 ──merge──► its filter ─┼─merge──► the interface's filter: every shard has it,
 *                                               ┘          one of them reports it
 * </pre>
 *
 * <p>A group's datagrams come in by any queue, so each shard knows what all shards want; it learns
 * of it by messages. <b>Thread:</b> the shard's.
 */
public final class Memberships {
  /** The most pairs of interface and group. */
  public static final int MAX_GROUPS = 4_096;

  /** Is told of each change of what an interface has to hear. */
  @FunctionalInterface
  public interface Observer {
    /**
     * The interface's filter has changed.
     *
     * @param wanted the new one, {@link SourceFilter#NOTHING} if nobody listens any more
     */
    void changed(NetInterface on, IpAddress group, SourceFilter wanted, long now);
  }

  private static final class Membership {
    /** By listener. */
    private final IdentityHashMap<Object, SourceFilter> wishes = new IdentityHashMap<>();

    private final SourceFilter[] shards;
    private SourceFilter merged = SourceFilter.NOTHING;

    private Membership(int shards) {
      this.shards = new SourceFilter[shards];
      Arrays.fill(this.shards, SourceFilter.NOTHING);
    }

    private void wish(Object listener, SourceFilter filter) {
      if (filter.isNothing()) {
        wishes.remove(listener);
      } else {
        wishes.put(listener, filter);
      }
    }

    private SourceFilter mergedHere() {
      return SourceFilter.merge(List.copyOf(wishes.values()));
    }
  }

  private final Shard shard;
  private final Function<Shard, Memberships> ofShard;
  private final Observer observer;
  private final GroupMap<Membership> groups = new GroupMap<>();

  /**
   * Creates the empty table of one family on one shard.
   *
   * @param ofShard finds the same family's table on another shard; called on that shard
   * @param observer is told on every shard
   */
  public Memberships(Shard shard, Function<Shard, Memberships> ofShard, Observer observer) {
    this.shard = shard;
    this.ofShard = ofShard;
    this.observer = observer;
  }

  /**
   * Whether datagrams to a group that come in by an interface are to be taken, because somebody on
   * the stack listens. Allocates nothing.
   */
  public boolean accepts(int on, long hi, long lo) {
    Membership there = groups.get(on, hi, lo);
    return there != null && !there.merged.isNothing();
  }

  /** What an interface has to hear of a group. */
  public SourceFilter filter(NetInterface on, long hi, long lo) {
    Membership there = groups.get(on.index(), hi, lo);
    return there == null ? SourceFilter.NOTHING : there.merged;
  }

  /** See {@link io.millrace.ip.IpFamily#listen}; the caller has checked the address. */
  public void listen(
      Object listener, NetInterface on, long hi, long lo, SourceFilter wanted, long now) {
    Objects.requireNonNull(wanted);
    Membership group = groups.get(on.index(), hi, lo);
    if (group == null) {
      if (wanted.isNothing()) {
        return;
      }
      if (groups.size() >= MAX_GROUPS) {
        throw new IllegalStateException(
            "this stack is a member of " + MAX_GROUPS + " groups; leave some first");
      }
      group = open(on.index(), hi, lo);
    }
    group.wish(listener, wanted);
    SourceFilter here = group.mergedHere();
    int self = shard.index();
    if (here.equals(group.shards[self])) {
      return;
    }
    int index = on.index();
    shard
        .group()
        .submitToAll(
            other ->
                ofShard
                    .apply(other)
                    .learn(self, index, hi, lo, here, other == shard ? now : other.clock().now()));
  }

  private Membership open(int on, long hi, long lo) {
    Membership group = new Membership(shard.group().size());
    groups.put(on, hi, lo, group);
    return group;
  }

  /** A shard, this or another, wants something else. */
  private void learn(int from, int on, long hi, long lo, SourceFilter wanted, long now) {
    Membership group = groups.get(on, hi, lo);
    if (group == null) {
      group = open(on, hi, lo);
    }
    group.shards[from] = wanted;
    SourceFilter merged = SourceFilter.merge(Arrays.asList(group.shards));
    boolean changed = !merged.equals(group.merged);
    group.merged = merged;
    if (merged.isNothing()) {
      groups.remove(on, hi, lo);
    }
    if (changed) {
      observer.changed(shard.networkInterface(on), new IpAddress(hi, lo), merged, now);
    }
  }
}
