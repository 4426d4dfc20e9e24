package io.millrace.ipv6.mld;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.SourceFilter;
import io.millrace.ipv6.nd.NdHost;
import io.millrace.multicast.GroupMap;
import io.millrace.multicast.GroupRecord;
import io.millrace.multicast.MembershipMachine;
import io.millrace.multicast.MembershipMessage;
import io.millrace.multicast.Memberships;
import io.millrace.multicast.QuerierVersion;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.time.TimerNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Multicast Listener Discovery, the listener's part: version 2 (RFC 3810), and version 1 where a
 * querier speaks that (§8). Which groups there are is known on every shard; the first one talks to
 * the routers for all. <b>Thread:</b> the shard's.
 */
public final class Mld {
  /** ff02::/16, groups of the link. */
  private static final long LINK_HI = 0xff02L << 48;

  private static final IpAddress ALL_NODES = new IpAddress(LINK_HI, 1);
  private static final IpAddress ALL_ROUTERS = new IpAddress(LINK_HI, 2);

  /** All routers that speak version 2 (RFC 3810 §5.2.14). */
  private static final IpAddress ALL_MLD_ROUTERS = new IpAddress(LINK_HI, 0x16);

  private static final IpAddress NOBODY = new IpAddress(0, 0);
  private static final int HOP_LIMIT = 1;

  /** An IPv6 header, and a hop-by-hop header with the Router Alert. */
  private static final int HEADERS = 48;

  /** Reports are no longer than this: more would not fit into one frame of ours. */
  private static final int MAX_DATAGRAM = 1_500;

  private static final int HOP_BY_HOP = 0;
  private static final int PAD_1 = 0;
  private static final int ROUTER_ALERT = 5;

  private final NdHost host;
  private final Shard shard;
  private final Counters counters;
  private final Memberships memberships;

  /** How often the stack itself is in a group, on this shard. */
  private final GroupMap<Integer> ours = new GroupMap<>();

  /** By interface; null where nobody has listened yet. Used on the first shard only. */
  private final List<OnInterface> machines = new ArrayList<>();

  /**
   * Creates the shard's part.
   *
   * @param ofShard finds the part of another shard; called on that shard
   */
  public Mld(NdHost host, Function<Shard, Mld> ofShard) {
    this.host = host;
    this.shard = host.shard();
    this.counters = shard.counters();
    this.memberships =
        new Memberships(shard, each -> ofShard.apply(each).memberships(), this::changed);
  }

  /** Who listens to what. Groups of a link are those of the wire. */
  public Memberships memberships() {
    return memberships;
  }

  /** The stack itself wants to hear a group; calls are counted. */
  public void join(NetInterface on, long hi, long lo, long now) {
    Integer count = ours.get(on.index(), hi, lo);
    ours.put(on.index(), hi, lo, count == null ? 1 : count + 1);
    if (count == null) {
      memberships.listen(this, on, hi, lo, SourceFilter.EVERYTHING, now);
    }
  }

  /** Ends one {@link #join}. */
  public void leave(NetInterface on, long hi, long lo, long now) {
    Integer count = ours.get(on.index(), hi, lo);
    if (count == null) {
      return;
    }
    if (count > 1) {
      ours.put(on.index(), hi, lo, count - 1);
    } else {
      ours.remove(on.index(), hi, lo);
      memberships.listen(this, on, hi, lo, SourceFilter.NOTHING, now);
    }
  }

  /**
   * There is a link-local address now: what was reported from none is said again, as routers ignore
   * it (RFC 3590 §4).
   */
  public void haveLinkLocal(NetInterface on, long now) {
    if (shard.index() == 0 && on.index() < machines.size() && machines.get(on.index()) != null) {
      OnInterface state = machines.get(on.index());
      state.machine.query(null, List.of(), 1, now); // as if somebody had asked, to be answered now
      state.proceed(now);
    }
  }

  private void changed(NetInterface on, IpAddress group, SourceFilter wanted, long now) {
    if (shard.index() == 0 && isReported(group)) {
      OnInterface state = state(on);
      state.machine.change(group, wanted, now);
      state.proceed(now);
    }
  }

  /** RFC 3810 §6: not all nodes, and not what does not leave this host. */
  private static boolean isReported(IpAddress group) {
    int scope = (int) (group.hi() >>> 48) & 15;
    return scope > 1 && !group.equals(ALL_NODES);
  }

  private OnInterface state(NetInterface on) {
    while (machines.size() <= on.index()) {
      machines.add(null);
    }
    if (machines.get(on.index()) == null) {
      machines.set(on.index(), new OnInterface(on));
    }
    return machines.get(on.index());
  }

  // ---- in ----

  /**
   * Takes ownership of an ICMPv6 message of type 130, 131, 132 or 143 whose checksum is right. The
   * window is the whole message from the ICMPv6 header on; addresses and hop limit are on the
   * frame, and its network header is marked and still there.
   */
  public void input(int type, Frame message, NetInterface from, long now) {
    if (shard.index() != 0) {
      shard.group().handOver(message, 0);
      return;
    }
    counters.increment(Counter.MLD_IN);
    DropReason dropped = accept(type, message, from, now);
    if (dropped != null) {
      counters.drop(dropped);
    }
    message.release();
  }

  private DropReason accept(int type, Frame message, NetInterface from, long now) {
    if (type != MldHeader.QUERY && type != MldHeader.REPORT_V1) {
      // Reports and ends of listening are for routers.
      return DropReason.MLD_IGNORED;
    }
    long at = message.address();
    boolean fromNobody = (message.sourceHi() | message.sourceLo()) == 0;
    // RFC 3810 §6.2: a hop limit of 1, a link-local source, a Router Alert. RFC 3590 §4 lets
    // reports come from no address.
    if (message.hopLimit() != HOP_LIMIT
        || !(message.sourceHi() >>> 54 == 0x3fa || (fromNobody && type != MldHeader.QUERY))
        || !MldHeader.isWhole(type, at, message.length())
        || !hasRouterAlert(message.l3Address(), at)) {
      return DropReason.MLD_MALFORMED;
    }
    IpAddress group = MldHeader.group(at);
    boolean general = group.equals(NOBODY);
    if (!(group.hi() >>> 56 == 0xff || (general && type == MldHeader.QUERY))) {
      return DropReason.MLD_MALFORMED;
    }
    OnInterface state = state(from);
    if (type == MldHeader.QUERY) {
      state.query(at, message.length(), general ? null : group, now);
    } else {
      state.machine.reportHeard(group, now);
    }
    state.proceed(now);
    return null;
  }

  /**
   * Whether the first header behind the IPv6 header is a hop-by-hop header with a Router Alert (RFC
   * 2711 §2.1). The input has checked that its options lie in front of the message.
   */
  private static boolean hasRouterAlert(long header, long message) {
    long options = header + 40;
    if (Bytes.u8(header + 6) != HOP_BY_HOP || options + 8 > message) {
      return false;
    }
    long end = Math.min(message, options + 8 + Bytes.u8(options + 1) * 8L);
    long at = options + 2;
    while (at + 1 < end) {
      int type = Bytes.u8(at);
      if (type == ROUTER_ALERT) {
        return true;
      }
      at += type == PAD_1 ? 1 : 2 + Bytes.u8(at + 1);
    }
    return false;
  }

  // ---- out ----

  private void send(NetInterface on, MembershipMessage message, long now) {
    switch (message) {
      case MembershipMessage.Report report -> {
        int room = Math.min(on.mtu(), MAX_DATAGRAM) - HEADERS - MldHeader.REPORT_SIZE;
        for (List<GroupRecord> records :
            GroupRecord.pack(report.records(), room, MldHeader.ADDRESS_SIZE)) {
          sendReport(on, records, now);
        }
      }
      case MembershipMessage.OldReport(IpAddress group, QuerierVersion _) ->
          sendOld(on, MldHeader.REPORT_V1, group, group, now);
      case MembershipMessage.Leave(IpAddress group) ->
          sendOld(on, MldHeader.DONE, group, ALL_ROUTERS, now);
    }
  }

  private void sendReport(NetInterface on, List<GroupRecord> records, long now) {
    Frame frame = allocate();
    if (frame != null) {
      MldHeader.writeReport(frame.append(MldHeader.reportSize(records)), records);
      transmit(frame, on, ALL_MLD_ROUTERS, now);
    }
  }

  private void sendOld(
      NetInterface on, int type, IpAddress group, IpAddress destination, long now) {
    Frame frame = allocate();
    if (frame != null) {
      MldHeader.write(frame.append(MldHeader.SIZE_V1), type, group);
      transmit(frame, on, destination, now);
    }
  }

  private Frame allocate() {
    Frame frame = shard.pool().allocate();
    if (frame == null) {
      counters.drop(DropReason.NO_FRAME); // it would have been repeated anyway
    }
    return frame;
  }

  private void transmit(Frame frame, NetInterface on, IpAddress destination, long now) {
    counters.increment(Counter.MLD_OUT);
    // RFC 3590 §4: from no address where there is no link-local one yet, for switches that listen.
    IpAddress source = host.sourceFor(on, 0xfe80L << 48, 1);
    if (source == null || source.hi() >>> 54 != 0x3fa) {
      source = NOBODY;
    }
    host.send(
        frame,
        on,
        -1,
        source.hi(),
        source.lo(),
        destination.hi(),
        destination.lo(),
        HOP_LIMIT,
        true,
        now);
  }

  /** The machine of one interface, and its timer. */
  private final class OnInterface extends TimerNode {
    private final NetInterface on;
    private final MembershipMachine machine = new MembershipMachine(shard.random());

    private OnInterface(NetInterface on) {
      this.on = on;
    }

    private void query(long at, int length, IpAddress group, long now) {
      if (length == MldHeader.SIZE_V1) {
        long time = MldHeader.responseTimeV1(at);
        machine.olderQuerier(QuerierVersion.GROUPS, time, now);
        machine.query(group, List.of(), time, now);
        return;
      }
      List<IpAddress> sources = new ArrayList<>();
      for (int i = 0; group != null && i < MldHeader.sourceCount(at); i++) {
        sources.add(MldHeader.source(at, i));
      }
      machine.querierSays(MldHeader.robustness(at), MldHeader.queryInterval(at));
      machine.query(group, sources, MldHeader.responseTime(at), now);
    }

    @Override
    protected void onTimer(long now) {
      machine.onTimeout(now);
      proceed(now);
    }

    /** Sends what is due, and sets the timer. */
    private void proceed(long now) {
      MembershipMessage message;
      while ((message = machine.poll()) != null) {
        send(on, message, now);
      }
      long deadline = machine.nextDeadline();
      if (deadline == Long.MAX_VALUE) {
        shard.wheel().cancel(this);
      } else {
        shard.wheel().schedule(this, deadline);
      }
    }
  }
}
