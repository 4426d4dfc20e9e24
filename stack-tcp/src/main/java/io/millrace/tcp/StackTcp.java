package io.millrace.tcp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.flow.Flow;
import io.millrace.flow.FlowTable;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.spi.PortInfo;
import io.millrace.tcp.engine.InitialSequence;
import io.millrace.tcp.engine.SegmentIn;
import io.millrace.tcp.engine.TcpMachine;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.transport.ListenConfig;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * TCP of the stack: the glue between the machine and the network layer. Segments are brought to
 * their connections, and connections with something to do are served once per duty cycle.
 */
final class StackTcp extends Tcp {
  /**
   * How many connections may find a device full in one duty cycle before the others are left for
   * the next one: asking all of thousands each time would cost more than all that they send.
   */
  private static final int MOST_REFUSED = 32;

  /**
   * What the key of sequence numbers is derived for. All shards have the same, because a cookie
   * that one has made opens a connection on another, with that one's timestamp offset.
   */
  private static final long SEQUENCES = 0x73657175656e6365L;

  final TcpMachine machine;
  final Shard shard;
  final Counters counters;
  final TcpConfig config;
  final FlowTable<Flow> flows;
  final Listeners listeners = new Listeners();
  final InitialSequence sequences;
  final TcpOutput output;
  final Dispatcher dispatcher;
  final TimeWaits timeWaits;
  final Placement placement;
  private final SegmentIn segment = new SegmentIn();
  private final Connector connector;
  final PassiveOpen passive;

  /** Connections that are over, but for data that their applications have not read. */
  private final Set<StackTcpConnection> unread = new HashSet<>();

  private StackTcpConnection firstDirty;
  private StackTcpConnection lastDirty;

  /** Connections that found no room at a device in this duty cycle. */
  private int refused;

  private int connections;
  private boolean closing;

  StackTcp(Shard shard) {
    this.shard = shard;
    this.counters = shard.counters();
    this.config = shard.setting(TcpConfig.class, TcpConfig.defaults());
    this.flows = new FlowTable<>(1024, shard.random());
    this.sequences = new InitialSequence(shard.group().secret().derive(SEQUENCES));
    this.machine = new TcpMachine(config, localMss(shard), shard.pool(), counters, shard.secret());
    this.output = new TcpOutput(shard, machine);
    this.dispatcher = new Dispatcher(shard, machine);
    this.placement = new Placement(this);
    this.timeWaits = new TimeWaits(shard, flows, config, placement);
    this.connector = new Connector(this);
    this.passive = new PassiveOpen(this);
  }

  /**
   * The MSS that we offer is that of the interface with the largest MTU (RFC 9293 §3.7.1, MUST-14).
   */
  private static int localMss(Shard shard) {
    int mtu = 576;
    for (int i = 0; i < shard.interfaceCount(); i++) {
      mtu = Math.max(mtu, shard.networkInterface(i).mtu());
    }
    return mtu - 40;
  }

  // ---- for applications ----

  @Override
  public TcpListener listen(ListenConfig where, TcpAcceptor acceptor) {
    StackTcpListener listener = new StackTcpListener(this, where, acceptor);
    listeners.add(listener);
    shard.bindings().bound(IpProtocol.TCP, where.port());
    return listener;
  }

  void stopAccepting(StackTcpListener listener) {
    if (listeners.contains(listener)) {
      listeners.remove(listener);
      shard.bindings().unbound(IpProtocol.TCP, listener.port());
    }
  }

  @Override
  public TcpConnection connect(
      IpAddress local, int localPort, IpAddress remote, int remotePort, TcpHandler handler) {
    return connector.connect(local, localPort, remote, remotePort, handler);
  }

  /** Counts a new connection. */
  void opened() {
    connections++;
  }

  boolean isClosing() {
    return closing;
  }

  /** Whether there is no room for another connection or half-open one. */
  boolean isFull() {
    return flows.size() - timeWaits.size() >= config.maxConnections();
  }

  @Override
  public int connectionCount() {
    return connections;
  }

  @Override
  public int timeWaitCount() {
    return timeWaits.size();
  }

  long now() {
    return shard.clock().now();
  }

  // ---- segments in ----

  @Override
  public void input(Frame frame, long now) {
    counters.increment(Counter.TCP_IN_SEGS);
    DropReason dropped = accept(frame, now);
    if (dropped != null) {
      counters.drop(dropped);
    }
    Frame left = segment.takeFrame();
    if (left != null) {
      left.release();
    }
  }

  private DropReason accept(Frame frame, long now) {
    SegmentIn s = segment;
    int size = TcpHeader.validate(frame.address(), frame.length());
    s.hold(frame);
    if (size < 0) {
      return DropReason.TCP_BAD_HEADER;
    }
    if (frame.has(Frame.IP_MULTICAST | Frame.LINK_MULTICAST)) {
      return DropReason.TCP_NOT_UNICAST; // RFC 9293 §3.9.2.3 (MUST-57)
    }
    if ((frame.flags() & (Frame.RX_CHECKSUM_OK | Frame.REASSEMBLED)) != Frame.RX_CHECKSUM_OK
        && !isIntact(frame)) {
      return DropReason.TCP_BAD_CHECKSUM;
    }
    int pair = TcpHeader.portsReversed(frame.address());
    if ((pair & 0xffff) == 0 || pair >>> 16 == 0) {
      return DropReason.TCP_BAD_HEADER; // port 0 is reserved: nobody can have sent or wanted this
    }
    if (!s.parse(frame, size)) {
      return DropReason.TCP_BAD_OPTION;
    }
    Flow flow = find(frame, pair);
    if (flow instanceof StackTcpConnection c) {
      return established(c, s, now);
    }
    if (!placement.isTrivial()) {
      return placed(flow, frame, s, pair, now);
    }
    return passive.segment(flow, frame, s, pair, now);
  }

  /** A segment without a connection here, on a stack of several shards. */
  private DropReason placed(Flow flow, Frame frame, SegmentIn s, int pair, long now) {
    Placement.Outcome outcome = placement.place(flow, frame, s, pair, now);
    if (outcome == Placement.Outcome.HANDED_OVER) {
      s.takeFrame();
      return null;
    }
    if (outcome == Placement.Outcome.COOKIE) {
      return passive.cookie(frame, s, pair, now);
    }
    if (outcome == Placement.Outcome.NO_ROOM) {
      return DropReason.TCP_TOO_MANY_CONNECTIONS;
    }
    boolean given =
        flow == null
            && frame.has(Frame.HANDED_OVER)
            && (s.isOnlySyn() || passive.bringsCookie(frame, s, pair, now));
    DropReason dropped = passive.segment(flow, frame, s, pair, now);
    if (given && find(frame, pair) == null) {
      placement.refused(frame, pair, dropped == DropReason.TCP_BACKLOG_FULL, now);
    }
    return dropped;
  }

  private Flow find(Frame frame, int pair) {
    return flows.find(
        frame.destinationHi(), frame.destinationLo(), frame.sourceHi(), frame.sourceLo(), pair);
  }

  /** RFC 9293 §3.1 (MUST-3): the receiver must check it. */
  private static boolean isIntact(Frame frame) {
    long sum =
        Checksum.pseudoHeader(
                frame.sourceHi(),
                frame.sourceLo(),
                frame.destinationHi(),
                frame.destinationLo(),
                IpProtocol.TCP)
            + frame.length();
    return Checksum.fold(Checksum.add(sum, frame.address(), frame.length())) == 0xffff;
  }

  DropReason established(StackTcpConnection c, SegmentIn s, long now) {
    DropReason dropped = machine.onSegment(c.tcb, s, now);
    if (s.answerReset()) {
      output.reset(s, c.route, c.ports(), now);
    }
    if (c.tcb.hasEvents()) {
      dispatch(c, now);
    }
    markDirty(c);
    return dropped;
  }

  // ---- what happens to a connection ----

  /**
   * Queues the connection to have its events told and its segments sent before this duty cycle
   * ends.
   */
  void markDirty(StackTcpConnection c) {
    if (c.dirty) {
      return;
    }
    c.dirty = true;
    c.nextDirty = null;
    if (lastDirty == null) {
      firstDirty = c;
    } else {
      lastDirty.nextDirty = c;
    }
    lastDirty = c;
  }

  private void dispatch(StackTcpConnection c, long now) {
    if (c.tcb.isNewlyConnected()) {
      updateSegmentSize(c); // the peer's MSS is known now
    }
    dispatcher.dispatch(c);
    if (!c.closed && c.tcb.cause() != null) {
      finish(c, now);
    }
  }

  /**
   * The machine has ended: says so to the peer if it must, forgets the connection, and tells the
   * application once that has read what came before the end.
   */
  void finish(StackTcpConnection c, long now) {
    if (!c.detached) {
      detach(c, now);
    }
    if (c.paused && machine.isReadable(c.tcb) && !machine.isReceiveShut(c.tcb) && !closing) {
      unread.add(c);
      return;
    }
    c.closed = true;
    if (!unread.isEmpty()) {
      unread.remove(c);
    }
    machine.discardReceived(c.tcb);
    dispatcher.closed(c, closing);
  }

  private void detach(StackTcpConnection c, long now) {
    c.detached = true;
    while (output.next(c, now)) {
      // A reset, or the last acknowledgment before TIME-WAIT.
    }
    shard.wheel().cancel(c.timer);
    connections--;
    placement.ended(c);
    if (c.tcb.state() == TcpState.TIME_WAIT && config.timeWait() > 0 && !closing) {
      timeWaits.enter(c, now);
    } else {
      flows.remove(c);
      placement.forgotten(c);
    }
  }

  void onTimer(StackTcpConnection c, long now) {
    if (c.closed) {
      return;
    }
    if (c.tcb.nextDeadline() <= now) {
      machine.onTimeout(c.tcb, now);
      markDirty(c);
      return;
    }
    schedule(c);
  }

  /**
   * Keeps the wheel's node at or before the machine's deadline; a later deadline does not move it.
   */
  private void schedule(StackTcpConnection c) {
    long deadline = c.tcb.nextDeadline();
    if (deadline == Long.MAX_VALUE) {
      return;
    }
    if (!c.timer.isScheduled() || deadline < c.timer.scheduledDeadline()) {
      shard.wheel().schedule(c.timer, deadline);
    }
  }

  // ---- segments out ----

  @Override
  public boolean poll(long now) {
    if (firstDirty == null) {
      return false;
    }
    StackTcpConnection last = lastDirty;
    StackTcpConnection c;
    refused = 0;
    do {
      c = firstDirty;
      firstDirty = c.nextDirty;
      if (firstDirty == null) {
        lastDirty = null;
      }
      c.nextDirty = null;
      c.dirty = false;
      try {
        serve(c, now);
      } catch (RuntimeException | Error e) {
        shard.report("what was to be sent on " + c, e);
      }
    } while (c != last && firstDirty != null && refused < MOST_REFUSED);
    return true;
  }

  private void serve(StackTcpConnection c, long now) {
    if (c.closed) {
      return;
    }
    if (c.tcb.hasEvents() || (machine.isReadable(c.tcb) && !c.paused) || c.tcb.cause() != null) {
      dispatch(c, now);
      if (c.closed || c.detached) {
        return;
      }
    }
    if (c.pathMtu != 0 && c.pathMtu != c.route.pathMtu()) {
      // Another connection has learnt it, or what was learnt has expired (RFC 1191 §6.3, §6.4).
      updateSegmentSize(c);
    }
    if (!output.transmit(c, now)) {
      markDirty(c); // no room now: next time
      refused++;
    }
    schedule(c);
  }

  /** Returns whether segments have become smaller. */
  private boolean updateSegmentSize(StackTcpConnection c) {
    Route route = c.route;
    NetInterface out = route.networkInterface();
    int headers = route.networkHeaderSize() + TcpHeader.MIN_SIZE;
    c.pathMtu = route.pathMtu();
    int cut =
        IpAddress.isV4(c.remoteHi(), c.remoteLo())
            ? PortInfo.TX_SEGMENT_TCP4
            : PortInfo.TX_SEGMENT_TCP6;
    boolean cuts = out.info().offers(cut | PortInfo.TX_CHECKSUM);
    // Header and options of up to 60 bytes and the network's must fit into 65,535.
    return machine.segmentSize(
        c.tcb, c.pathMtu, headers, cuts ? 65_535 - route.networkHeaderSize() - 60 : 0);
  }

  // ---- ICMP ----

  @Override
  public void icmpError(
      IcmpError error,
      int mtu,
      long sourceHi,
      long sourceLo,
      long destinationHi,
      long destinationLo,
      long transportHeader,
      int quoted,
      long now) {
    int wire = Bytes.i32(transportHeader);
    Flow flow = flows.find(sourceHi, sourceLo, destinationHi, destinationLo, wire);
    if (!(flow instanceof StackTcpConnection c)
        || !machine.isInFlight(c.tcb, TcpHeader.sequence(transportHeader))) {
      return; // RFC 5927 §4.1: not about anything that is in flight
    }
    switch (error) {
      case PACKET_TOO_BIG -> {
        c.route.learnPathMtu(mtu, now);
        if (c.state().isSynchronized() && updateSegmentSize(c)) {
          machine.resendTooBig(c.tcb);
        }
      }
      case PROTOCOL_UNREACHABLE, PORT_UNREACHABLE, ADMINISTRATIVELY_PROHIBITED ->
          machine.onUnreachable(c.tcb, true);
      case NET_UNREACHABLE,
          HOST_UNREACHABLE,
          SOURCE_ROUTE_FAILED,
          TIME_EXCEEDED,
          PARAMETER_PROBLEM ->
          machine.onUnreachable(c.tcb, false);
    }
    markDirty(c);
  }

  @Override
  public int shardOf(long localHi, long localLo, long remoteHi, long remoteLo, int pair) {
    Flow flow = flows.find(localHi, localLo, remoteHi, remoteLo, pair);
    if (flow instanceof Redirect redirect) {
      return redirect.target();
    }
    return flow == null ? -1 : shard.index();
  }

  // ---- the end ----

  @Override
  public void close(long now) {
    closing = true;
    listeners.clear();
    List<StackTcpConnection> open = new ArrayList<>(unread);
    flows.forEach(
        flow -> {
          if (flow instanceof StackTcpConnection c) {
            open.add(c);
          }
        });
    for (StackTcpConnection c : open) {
      machine.abort(c.tcb);
      finish(c, now);
    }
    machine.close();
  }
}
