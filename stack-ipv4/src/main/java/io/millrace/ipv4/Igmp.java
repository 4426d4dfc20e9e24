package io.millrace.ipv4;

import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.SourceFilter;
import io.millrace.link.Ethernet;
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

/**
 * The Internet Group Management Protocol, host part: version 3 (RFC 3376), and versions 2 and 1
 * where a querier speaks those (§7). Which groups there are is known on every shard; the first one
 * talks to the routers for all.
 */
final class Igmp {
  private static final int ALL_ROUTERS = 0xe000_0002;

  /** All routers that speak version 3 (RFC 3376 §4.2.14). */
  private static final int ALL_IGMP_ROUTERS = 0xe000_0016;

  private static final long TENTH = 100_000_000;

  /** RFC 3376 §7.2.1: the response time that queries of version 1 stand for. */
  private static final long RESPONSE_TIME_V1 = 100 * TENTH;

  /** Internetwork control (RFC 3376 §4). */
  private static final int TRAFFIC_CLASS = 0xc0;

  private static final int TTL = 1;

  /** Reports are no longer than this: more would not fit into one frame of ours. */
  private static final int MAX_DATAGRAM = 1_500;

  private final Shard shard;
  private final Counters counters;
  private final Ipv4Addresses addresses;
  private final Memberships memberships;

  /** By interface; null where nobody has listened yet. Used on the first shard only. */
  private final List<OnInterface> machines = new ArrayList<>();

  Igmp(Shard shard, Ipv4Addresses addresses) {
    this.shard = shard;
    this.counters = shard.counters();
    this.addresses = addresses;
    this.memberships =
        new Memberships(shard, each -> ((Ipv4Family) each.ipv4()).memberships(), this::changed);
  }

  Memberships memberships() {
    return memberships;
  }

  private void changed(NetInterface on, IpAddress group, SourceFilter wanted, long now) {
    // RFC 3376 §5: the all-systems group is never reported.
    if (shard.index() == 0 && group.v4Bits() != Ipv4Addresses.ALL_HOSTS) {
      OnInterface state = state(on);
      state.machine.change(group, wanted, now);
      state.proceed();
    }
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

  /** Takes ownership of a frame whose window starts at the IGMP message. */
  void input(Frame frame, long now) {
    if (shard.index() != 0) {
      shard.group().handOver(frame, 0);
      return;
    }
    counters.increment(Counter.IGMP_IN_MSGS);
    DropReason dropped = accept(frame, now);
    if (dropped != null) {
      counters.drop(dropped);
    }
    frame.release();
  }

  private DropReason accept(Frame frame, long now) {
    long at = frame.address();
    int length = frame.length();
    // RFC 3376 §4: every message is sent with a TTL of 1.
    if (length < IgmpHeader.SIZE || frame.hopLimit() != TTL) {
      return DropReason.IGMP_MALFORMED;
    }
    if (!IgmpHeader.checksumGood(at, length)) {
      return DropReason.IGMP_BAD_CHECKSUM;
    }
    OnInterface state = state(shard.networkInterface(frame.interfaceIndex()));
    int group = IgmpHeader.group(at);
    switch (IgmpHeader.type(at)) {
      case IgmpHeader.QUERY -> {
        boolean general = group == 0;
        if (!IgmpHeader.isQueryWhole(at, length)
            || !(general || Ipv4Addresses.isMulticast(group))) {
          return DropReason.IGMP_MALFORMED;
        }
        state.query(at, length, general ? null : IpAddress.v4(group), now);
      }
      case IgmpHeader.REPORT_V1, IgmpHeader.REPORT_V2 ->
          state.machine.reportHeard(IpAddress.v4(group), now);
      // Reports and leaves are for routers; RFC 3376 §4: unknown types are silently ignored.
      default -> {
        return DropReason.IGMP_IGNORED;
      }
    }
    state.proceed();
    return null;
  }

  // ---- out ----

  private void send(NetInterface on, MembershipMessage message) {
    switch (message) {
      case MembershipMessage.Report report -> {
        int room =
            Math.min(on.mtu(), MAX_DATAGRAM) - Ipv4Header.WITH_ROUTER_ALERT - IgmpHeader.SIZE;
        for (List<GroupRecord> records :
            GroupRecord.pack(report.records(), room, IgmpHeader.ADDRESS_SIZE)) {
          sendReport(on, records);
        }
      }
      case MembershipMessage.OldReport(IpAddress group, QuerierVersion version) ->
          sendOld(
              on,
              version == QuerierVersion.FIRST ? IgmpHeader.REPORT_V1 : IgmpHeader.REPORT_V2,
              group.v4Bits(),
              group.v4Bits());
      case MembershipMessage.Leave(IpAddress group) ->
          sendOld(on, IgmpHeader.LEAVE, group.v4Bits(), ALL_ROUTERS);
    }
  }

  private void sendReport(NetInterface on, List<GroupRecord> records) {
    Frame frame = allocate();
    if (frame != null) {
      IgmpHeader.writeReport(frame.append(IgmpHeader.reportSize(records)), records);
      transmit(frame, on, ALL_IGMP_ROUTERS);
    }
  }

  private void sendOld(NetInterface on, int type, int group, int destination) {
    Frame frame = allocate();
    if (frame != null) {
      IgmpHeader.write(frame.append(IgmpHeader.SIZE), type, group);
      transmit(frame, on, destination);
    }
  }

  private Frame allocate() {
    Frame frame = shard.pool().allocate();
    if (frame == null) {
      counters.drop(DropReason.NO_FRAME); // it would have been repeated anyway
    }
    return frame;
  }

  private void transmit(Frame frame, NetInterface on, int destination) {
    counters.increment(Counter.IGMP_OUT_MSGS);
    counters.increment(Counter.IP_OUT_REQUESTS);
    int total = frame.length() + Ipv4Header.WITH_ROUTER_ALERT;
    // RFC 3376 §4.2.13: from 0.0.0.0 where there is no address yet.
    Ipv4Header.writeWithRouterAlert(
        frame.push(Ipv4Header.WITH_ROUTER_ALERT),
        TRAFFIC_CLASS,
        total,
        TTL,
        IpProtocol.IGMP,
        addresses.firstOn(on),
        destination);
    frame.markL3();
    long header = frame.push(on.linkHeaderSize());
    Ethernet.write(
        header,
        Ipv4Family.GROUP_MAC | (destination & 0x7f_ffff),
        on.mac(),
        Ethernet.TYPE_IPV4,
        on.vlan());
    on.transmit(frame);
  }

  /** The machine of one interface, and its timer. */
  private final class OnInterface extends TimerNode {
    private final NetInterface on;
    private final MembershipMachine machine = new MembershipMachine(shard.random());

    private OnInterface(NetInterface on) {
      this.on = on;
    }

    private void query(long at, int length, IpAddress group, long now) {
      if (length == IgmpHeader.SIZE) {
        boolean first = IgmpHeader.maxRespCode(at) == 0;
        long time = first ? RESPONSE_TIME_V1 : IgmpHeader.responseTimeV2(at);
        machine.olderQuerier(first ? QuerierVersion.FIRST : QuerierVersion.GROUPS, time, now);
        // RFC 3376 §7.1: a query of version 1 is always a general one.
        machine.query(first ? null : group, List.of(), time, now);
        return;
      }
      List<IpAddress> sources = new ArrayList<>();
      for (int i = 0; group != null && i < IgmpHeader.sourceCount(at); i++) {
        sources.add(IpAddress.v4(IgmpHeader.source(at, i)));
      }
      machine.querierSays(IgmpHeader.robustness(at), IgmpHeader.queryInterval(at));
      machine.query(group, sources, IgmpHeader.responseTime(at), now);
    }

    @Override
    protected void onTimer(long now) {
      machine.onTimeout(now);
      proceed();
    }

    /** Sends what is due, and sets the timer. */
    private void proceed() {
      MembershipMessage message;
      while ((message = machine.poll()) != null) {
        send(on, message);
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
