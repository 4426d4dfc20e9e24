package io.millrace.tcp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.diag.Counter;
import io.millrace.diag.Counters;
import io.millrace.diag.DropReason;
import io.millrace.flow.Flow;
import io.millrace.flow.FlowTable;
import io.millrace.flow.PortAllocator;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.net.NetInterface;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.spi.PortInfo;
import io.millrace.tcp.engine.Handshake;
import io.millrace.tcp.engine.InitialSequence;
import io.millrace.tcp.engine.SegmentIn;
import io.millrace.tcp.engine.Tcb;
import io.millrace.tcp.engine.TcpMachine;
import io.millrace.tcp.engine.TimeWait;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.transport.Transport;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * TCP on one shard: the way in to listen and connect, and the glue between the machine and the
 * network layer.
 *
 * <p><b>Thread:</b> the shard's, but for {@link #listen(NetStack, int, TcpAcceptor)}.
 */
public final class Tcp implements Transport {
  final TcpMachine machine;
  private final Shard shard;
  private final Counters counters;
  private final TcpConfig config;
  private final FlowTable<Flow> flows;
  private final Listeners listeners = new Listeners();
  private final PortAllocator ports;
  private final InitialSequence sequences;
  private final SegmentIn segment = new SegmentIn();
  private final TcpOutput output;
  private final Dispatcher dispatcher;
  private final TimeWaits timeWaits;

  /** Connections that are over, but for data that their applications have not read. */
  private final Set<TcpConnection> unread = new HashSet<>();

  private TcpConnection firstDirty;
  private TcpConnection lastDirty;
  private int connections;
  private boolean closing;

  Tcp(Shard shard) {
    this.shard = shard;
    this.counters = shard.counters();
    this.config = shard.setting(TcpConfig.class, TcpConfig.defaults());
    this.flows = new FlowTable<>(1024, shard.random());
    this.ports = new PortAllocator(shard.secret(), PortAllocator.FIRST, PortAllocator.LAST);
    this.sequences = new InitialSequence(shard.secret());
    this.machine = new TcpMachine(config, localMss(shard), shard.pool(), counters, shard.secret());
    this.output = new TcpOutput(shard, machine);
    this.dispatcher = new Dispatcher(shard, machine);
    this.timeWaits = new TimeWaits(shard, flows, config);
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

  /**
   * TCP of a shard.
   *
   * @throws IllegalStateException if the stack was started without it
   */
  public static Tcp of(Shard shard) {
    if (shard.tcp() instanceof Tcp tcp) {
      return tcp;
    }
    throw new IllegalStateException("this stack has no TCP: put millrace-tcp on the module path");
  }

  // ---- for applications ----

  /**
   * Accepts connections to {@code port} on every address and every shard of a stack. Any thread may
   * call; it waits until the shards listen.
   *
   * @throws IllegalStateException if the port is taken
   */
  public static void listen(NetStack stack, int port, TcpAcceptor acceptor) {
    for (int i = 0; i < stack.shardCount(); i++) {
      Shard shard = stack.shard(i);
      CompletableFuture<Void> done = new CompletableFuture<>();
      shard.execute(
          () -> {
            try {
              of(shard).listen(null, port, acceptor, TcpListener.DEFAULT_BACKLOG);
              done.complete(null);
            } catch (RuntimeException e) {
              done.completeExceptionally(e);
            }
          });
      try {
        done.join();
      } catch (java.util.concurrent.CompletionException e) {
        throw e.getCause() instanceof RuntimeException cause ? cause : e;
      }
    }
  }

  /**
   * Accepts connections.
   *
   * @param local one of our addresses, or null for all
   * @param port 1 to 65535
   * @param backlog half-open connections held at most; a SYN beyond that is dropped
   * @throws IllegalStateException if the address and port are taken
   * @throws IllegalArgumentException if the port or the backlog is out of range
   */
  public TcpListener listen(IpAddress local, int port, TcpAcceptor acceptor, int backlog) {
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("port " + port + " is not between 1 and 65535");
    }
    if (backlog < 1) {
      throw new IllegalArgumentException("a backlog of " + backlog + " accepts nobody");
    }
    TcpListener listener = new TcpListener(this, local, port, acceptor, backlog);
    listeners.add(listener);
    return listener;
  }

  void remove(TcpListener listener) {
    listeners.remove(listener);
  }

  /** Connects from an address and port that the stack chooses. */
  public TcpConnection connect(IpAddress remote, int port, TcpHandler handler) {
    return connect(null, 0, remote, port, handler);
  }

  /**
   * Connects. The outcome is told to the handler: {@code onConnected}, or {@code onClosed} with the
   * reason.
   *
   * @param local one of our addresses, or null to let the route decide
   * @param localPort 1 to 65535, or 0 to let the stack choose one that cannot be guessed (RFC 6056)
   * @throws IllegalStateException if there is no route, the pair of sockets is in use, or no port
   *     or room is left
   * @throws IllegalArgumentException if a port is out of range or the address is a broadcast one
   */
  public TcpConnection connect(
      IpAddress local, int localPort, IpAddress remote, int remotePort, TcpHandler handler) {
    if (remotePort < 1 || remotePort > 65_535 || localPort < 0 || localPort > 65_535) {
      throw new IllegalArgumentException(
          "port " + remotePort + " or local port " + localPort + " is out of range");
    }
    Route route =
        shard.route(
            local == null ? 0 : local.hi(),
            local == null ? 0 : local.lo(),
            remote.hi(),
            remote.lo());
    if (route == null) {
      throw new IllegalStateException("no route to " + remote);
    }
    if (route.isBroadcast() || isMulticast(remote)) {
      // RFC 9293 §3.9.2.3 (MUST-46)
      throw new IllegalArgumentException(remote + " is not the address of one host");
    }
    if (isFull()) {
      throw new IllegalStateException(
          "this shard has " + config.maxConnections() + " connections, and may have no more");
    }
    int chosen =
        localPort == 0 ? choosePort(route, remotePort) : claim(route, localPort, remotePort);
    long now = now();
    int pair = Flow.ports(chosen, remotePort);
    long hash =
        sequences.hash(
            route.sourceHi(), route.sourceLo(), route.destinationHi(), route.destinationLo(), pair);
    Tcb tcb = machine.open(InitialSequence.isn(hash, now), InitialSequence.timestampOffset(hash));
    TcpConnection c = new TcpConnection(this, tcb, route, chosen, remotePort, handler);
    flows.add(c);
    connections++;
    counters.increment(Counter.TCP_ACTIVE_OPENS);
    markDirty(c);
    return c;
  }

  private static boolean isMulticast(IpAddress address) {
    return IpAddress.isV4(address.hi(), address.lo())
        ? address.v4Bits() >>> 28 == 0xe
        : address.hi() >>> 56 == 0xff;
  }

  private Flow flow(Route route, int localPort, int remotePort) {
    return flows.find(
        route.sourceHi(),
        route.sourceLo(),
        route.destinationHi(),
        route.destinationLo(),
        Flow.ports(localPort, remotePort));
  }

  private int choosePort(Route route, int remotePort) {
    int port = start(route, remotePort);
    for (int i = 0; i < ports.count(); i++) {
      if (!listeners.has(port) && flow(route, port, remotePort) == null) {
        return port;
      }
      // Each try takes the next one (RFC 6056 §3.3.4): a port that was passed over once is not
      // the next connection's while it may be in TIME-WAIT at the other end.
      port = start(route, remotePort);
    }
    throw new IllegalStateException(
        "all " + ports.count() + " ports to this destination are in use or in TIME-WAIT");
  }

  private int start(Route route, int remotePort) {
    return ports.start(
        route.sourceHi(),
        route.sourceLo(),
        route.destinationHi(),
        route.destinationLo(),
        remotePort,
        IpProtocol.TCP);
  }

  private int claim(Route route, int localPort, int remotePort) {
    if (flow(route, localPort, remotePort) != null) {
      throw new IllegalStateException(
          "port " + localPort + " already has a connection to this destination");
    }
    return localPort;
  }

  private boolean isFull() {
    return flows.size() - timeWaits.size() >= config.maxConnections();
  }

  /** Connections, half-open ones and those in TIME-WAIT not counted. */
  public int connectionCount() {
    return connections;
  }

  /** Connections in TIME-WAIT. */
  public int timeWaitCount() {
    return timeWaits.size();
  }

  Shard shard() {
    return shard;
  }

  long now() {
    return shard.clock().now();
  }

  // ---- segments in ----

  @Override
  public int protocol() {
    return IpProtocol.TCP;
  }

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
    Flow flow =
        flows.find(
            frame.destinationHi(), frame.destinationLo(), frame.sourceHi(), frame.sourceLo(), pair);
    if (flow instanceof TcpConnection c) {
      return established(c, s, now);
    }
    return rare(flow, frame, s, pair, now);
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

  private DropReason established(TcpConnection c, SegmentIn s, long now) {
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

  private DropReason rare(Flow flow, Frame frame, SegmentIn s, int pair, long now) {
    if (flow instanceof Handshake h) {
      return halfOpen(h, s, now);
    }
    if (flow instanceof TimeWait t) {
      return timeWait(t, frame, s, pair, now);
    }
    return unknown(frame, s, pair, 0, now);
  }

  // ---- CLOSED and LISTEN: RFC 9293 §3.10.7.1 and §3.10.7.2 ----

  private DropReason unknown(Frame frame, SegmentIn s, int pair, int leastIss, long now) {
    TcpListener listener =
        listeners.find(pair >>> 16, frame.destinationHi(), frame.destinationLo());
    if (listener != null && !closing) {
      // LISTEN. First, RST is ignored; second, ACK is answered with a reset; third, SYN.
      if (s.isOnlySyn()) {
        return open(listener, frame, s, pair, leastIss, now);
      }
      if ((s.flags() & (TcpHeader.RST | TcpHeader.ACK)) == 0) {
        return DropReason.TCP_NO_ACK;
      }
    }
    if ((s.flags() & TcpHeader.RST) == 0) {
      Route back = route(frame);
      if (back != null) {
        output.reset(s, back, pair, now);
      }
    }
    return DropReason.TCP_NO_CONNECTION;
  }

  private Route route(Frame frame) {
    return shard.route(
        /* sourceHi= */ frame.destinationHi(),
        /* sourceLo= */ frame.destinationLo(),
        /* destinationHi= */ frame.sourceHi(),
        /* destinationLo= */ frame.sourceLo());
  }

  private DropReason open(
      TcpListener listener, Frame frame, SegmentIn s, int pair, int leastIss, long now) {
    if (listener.isFull()) {
      return DropReason.TCP_BACKLOG_FULL;
    }
    if (isFull()) {
      return DropReason.TCP_TOO_MANY_CONNECTIONS;
    }
    Route back = route(frame);
    if (back == null) {
      return DropReason.IP_NO_ROUTE;
    }
    long lHi = frame.destinationHi();
    long lLo = frame.destinationLo();
    long rHi = frame.sourceHi();
    long rLo = frame.sourceLo();
    long hash = sequences.hash(lHi, lLo, rHi, rLo, pair);
    int iss = InitialSequence.isn(hash, now);
    if (leastIss != 0 && io.millrace.transport.Serial.lt(iss, leastIss)) {
      iss = leastIss; // beyond the old connection's numbers (RFC 1122 §4.2.2.13)
    }
    HalfOpen half = new HalfOpen(this, listener, back);
    half.handshake =
        new Handshake(
            lHi, lLo, rHi, rLo, pair, s, config, iss, InitialSequence.timestampOffset(hash), half);
    flows.add(half.handshake);
    listener.halfOpen++;
    output.synAck(half, now);
    shard.wheel().schedule(half, half.handshake.nextRepeat(now));
    return null;
  }

  // ---- SYN-RECEIVED ----

  private DropReason halfOpen(Handshake h, SegmentIn s, long now) {
    HalfOpen half = (HalfOpen) h.context();
    return switch (h.onSegment(s, now)) {
      case ESTABLISH -> establish(half, s, now);
      case REPEAT -> {
        output.synAck(half, now);
        yield null;
      }
      case ACKNOWLEDGE -> {
        output.acknowledge(half, now);
        yield DropReason.TCP_OUT_OF_WINDOW;
      }
      case RESET -> {
        output.reset(s, half.route, h.ports(), now);
        yield DropReason.TCP_BAD_ACK;
      }
      case FORGET -> {
        forget(half);
        yield null;
      }
      case IGNORE -> DropReason.TCP_NO_ACK;
    };
  }

  private DropReason establish(HalfOpen half, SegmentIn s, long now) {
    Handshake h = half.handshake;
    TcpListener listener = half.listener;
    Tcb tcb = machine.accept(h, s, now);
    TcpConnection c = new TcpConnection(this, tcb, half.route, h.localPort(), h.remotePort(), null);
    shard.wheel().cancel(half);
    listener.halfOpen--;
    flows.replace(h, c);
    connections++;
    counters.increment(Counter.TCP_PASSIVE_OPENS);
    c.handler = listeners.contains(listener) ? dispatcher.accept(listener, c) : null;
    if (c.handler == null) {
      c.handler = Dispatcher.NOBODY;
      machine.abort(tcb);
      finish(c, now);
      return null;
    }
    return established(c, s, now);
  }

  private void forget(HalfOpen half) {
    shard.wheel().cancel(half);
    half.listener.halfOpen--;
    flows.remove(half.handshake);
    counters.increment(Counter.TCP_ATTEMPT_FAILS);
  }

  void onHandshakeTimer(HalfOpen half, long now) {
    if (!half.handshake.onTimeout(config)) {
      forget(half);
      return;
    }
    counters.increment(Counter.TCP_RETRANS_SEGS);
    output.synAck(half, now);
    shard.wheel().schedule(half, half.handshake.nextRepeat(now));
  }

  // ---- TIME-WAIT ----

  private DropReason timeWait(TimeWait t, Frame frame, SegmentIn s, int pair, long now) {
    return switch (t.onSegment(s, config.timestamps(), now)) {
      case REOPEN -> {
        timeWaits.remove(t);
        yield unknown(frame, s, pair, t.beyond(), now);
      }
      case RESTART -> {
        timeWaits.restart(t, now);
        output.acknowledge(t, route(frame), now);
        yield null;
      }
      case ACKNOWLEDGE -> {
        output.acknowledge(t, route(frame), now);
        yield DropReason.TCP_OUT_OF_WINDOW;
      }
      case IGNORE -> DropReason.TCP_OUT_OF_WINDOW;
    };
  }

  // ---- what happens to a connection ----

  /**
   * Queues the connection to have its events told and its segments sent before this duty cycle
   * ends.
   */
  void markDirty(TcpConnection c) {
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

  private void dispatch(TcpConnection c, long now) {
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
  private void finish(TcpConnection c, long now) {
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

  private void detach(TcpConnection c, long now) {
    c.detached = true;
    while (output.next(c, now)) {
      // A reset, or the last acknowledgment before TIME-WAIT.
    }
    shard.wheel().cancel(c.timer);
    connections--;
    if (c.tcb.state() == TcpState.TIME_WAIT && config.timeWait() > 0 && !closing) {
      timeWaits.enter(c, now);
    } else {
      flows.remove(c);
    }
  }

  void onTimer(TcpConnection c, long now) {
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
  private void schedule(TcpConnection c) {
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
    TcpConnection last = lastDirty;
    TcpConnection c;
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
    } while (c != last && firstDirty != null);
    return true;
  }

  private void serve(TcpConnection c, long now) {
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
    }
    schedule(c);
  }

  /** Returns whether segments have become smaller. */
  private boolean updateSegmentSize(TcpConnection c) {
    Route route = c.route;
    NetInterface out = route.networkInterface();
    int headers = route.networkHeaderSize() + TcpHeader.MIN_SIZE;
    c.pathMtu = route.pathMtu();
    int pathMss = c.pathMtu - headers;
    int cut =
        IpAddress.isV4(c.remoteHi(), c.remoteLo())
            ? PortInfo.TX_SEGMENT_TCP4
            : PortInfo.TX_SEGMENT_TCP6;
    boolean cuts = out.info().offers(cut | PortInfo.TX_CHECKSUM);
    // Header and options of up to 60 bytes and the network's must fit into 65,535.
    return machine.segmentSize(c.tcb, pathMss, cuts ? 65_535 - route.networkHeaderSize() - 60 : 0);
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
    if (!(flow instanceof TcpConnection c)
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

  // ---- the end ----

  @Override
  public void close(long now) {
    closing = true;
    listeners.clear();
    List<TcpConnection> open = new ArrayList<>(unread);
    flows.forEach(
        flow -> {
          if (flow instanceof TcpConnection c) {
            open.add(c);
          }
        });
    for (TcpConnection c : open) {
      machine.abort(c.tcb);
      finish(c, now);
    }
    machine.close();
  }
}
