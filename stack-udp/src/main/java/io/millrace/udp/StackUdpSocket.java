package io.millrace.udp;

import io.millrace.buf.Buffer;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.ip.SourceFilter;
import io.millrace.net.Shard;
import java.util.Objects;

/** A socket of the stack: its look-up, its route, its datagrams. */
final class StackUdpSocket extends UdpSocket {
  static final int SCOPE_ONE = 0;
  static final int SCOPE_V4 = 1;
  static final int SCOPE_ALL = 2;

  private static final int LARGEST = 65_535;

  private final StackUdp udp;
  private final FramePool pool;
  private final UdpHandler handler;

  /** The handler, if it takes datagrams in a row; else null. */
  private final UdpSegmentHandler segments;

  private final long localHi;
  private final long localLo;
  private final int localPort;
  private final int scope;
  private final boolean shared;

  private final UdpSender sender;
  private final SocketGroups groups;

  private UdpFlow flow;
  private Route lastRoute;
  private long lastHi;
  private long lastLo;
  private boolean acceptsUnsummed;
  private int minimumCoverage;

  // What UdpSocketInfo tells.
  private long inDatagrams;
  private long inOctets;
  private long inErrors;
  private long icmpErrors;

  private boolean closed;

  /** The next socket of the same port in the port table. */
  StackUdpSocket nextOnPort;

  /** The next socket that waits for room. */
  StackUdpSocket nextBlocked;

  StackUdpSocket(
      StackUdp udp,
      Shard shard,
      UdpConfig config,
      UdpHandler handler,
      IpAddress local,
      int localPort,
      boolean shared) {
    this.udp = udp;
    this.pool = shard.pool();
    this.handler = handler;
    this.segments = handler instanceof UdpSegmentHandler takesRows ? takesRows : null;
    this.localHi = local.hi();
    this.localLo = local.lo();
    this.localPort = localPort;
    this.scope = PortTable.scope(localHi, localLo);
    this.shared = shared;
    this.sender = new UdpSender(udp, shard, localPort, config.hopLimit());
    this.groups = new SocketGroups(this, udp, shard);
  }

  // ---- what it is ----

  @Override
  public int localPort() {
    return localPort;
  }

  @Override
  public IpAddress localAddress() {
    return flow == null
        ? new IpAddress(localHi, localLo)
        : new IpAddress(flow.localHi(), flow.localLo());
  }

  @Override
  public IpAddress remoteAddress() {
    return flow == null ? null : new IpAddress(flow.remoteHi(), flow.remoteLo());
  }

  @Override
  public int remotePort() {
    return flow == null ? 0 : flow.remotePort();
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public UdpSocketInfo info() {
    return new UdpSocketInfo(
        localAddress(),
        localPort,
        remoteAddress(),
        remotePort(),
        inDatagrams,
        inOctets,
        inErrors,
        0,
        icmpErrors,
        sender.datagrams,
        sender.octets,
        sender.blocked,
        sender.refused);
  }

  // ---- options ----

  @Override
  public UdpSocket hopLimit(int hops) {
    if (hops < 1 || hops > 255) {
      throw new IllegalArgumentException("hop limit " + hops + " is not between 1 and 255");
    }
    sender.hopLimit = hops;
    return this;
  }

  @Override
  public UdpSocket trafficClass(int value) {
    if (value < 0 || value > 255) {
      throw new IllegalArgumentException("traffic class " + value + " is not between 0 and 255");
    }
    sender.trafficClass = value;
    return this;
  }

  @Override
  public UdpSocket dontFragment(boolean on) {
    sender.dontFragment = on;
    return this;
  }

  @Override
  public UdpSocket allowBroadcast(boolean on) {
    sender.allowBroadcast = on;
    return this;
  }

  @Override
  public UdpSocket sendChecksums(boolean on) {
    if (isLite()) {
      return super.sendChecksums(on); // RFC 3828 §3.1: there is always one
    }
    sender.summed = on;
    return this;
  }

  @Override
  public UdpSocket acceptZeroChecksums(boolean on) {
    if (isLite()) {
      return super.acceptZeroChecksums(on);
    }
    acceptsUnsummed = on;
    return this;
  }

  @Override
  public UdpSocket coverage(int bytes) {
    if (!isLite()) {
      return super.coverage(bytes);
    }
    sender.coverage = checkCoverage(bytes);
    return this;
  }

  @Override
  public UdpSocket minimumCoverage(int bytes) {
    if (!isLite()) {
      return super.minimumCoverage(bytes);
    }
    minimumCoverage = checkCoverage(bytes);
    return this;
  }

  private boolean isLite() {
    return udp.protocol() == IpProtocol.UDP_LITE;
  }

  private static int checkCoverage(int bytes) {
    if (bytes != 0 && (bytes < UdpHeader.SIZE || bytes > LARGEST)) {
      throw new IllegalArgumentException(
          "a coverage of " + bytes + " bytes is neither 0 nor between 8 and 65535");
    }
    return bytes;
  }

  // ---- groups ----

  @Override
  public UdpSocket multicastHopLimit(int hops) {
    if (hops < 0 || hops > 255) {
      throw new IllegalArgumentException("hop limit " + hops + " is not between 0 and 255");
    }
    sender.multicastHopLimit = hops;
    return this;
  }

  @Override
  public UdpSocket multicastInterface(int on) {
    groups.sendingInterface(on);
    lastRoute = null;
    return this;
  }

  @Override
  public UdpSocket multicastLoop(boolean on) {
    sender.multicastLoop = on;
    return this;
  }

  @Override
  public void listen(IpAddress group, int on, SourceFilter wanted) {
    udp.checkOwner();
    checkOpen();
    groups.listen(group, on, wanted);
  }

  @Override
  public SourceFilter filter(IpAddress group, int on) {
    return groups.filter(group, on);
  }

  // ---- connecting ----

  @Override
  public void connect(IpAddress remote, int port) {
    udp.checkOwner();
    checkOpen();
    checkPort(port);
    disconnect();
    Route route = routeTo(remote.hi(), remote.lo());
    if (route == null) {
      throw new NoRouteException("there is no route to " + remote);
    }
    UdpFlow newFlow = new UdpFlow(this, route, localPort, port);
    udp.connect(this, newFlow);
    flow = newFlow;
  }

  @Override
  public void disconnect() {
    udp.checkOwner();
    if (flow != null) {
      udp.disconnect(this, flow);
      flow = null;
    }
  }

  @Override
  public void close() {
    udp.checkOwner();
    if (!closed) {
      disconnect();
      groups.leaveAll();
      closed = true;
      lastRoute = null;
      udp.closed(this);
    }
  }

  // ---- sending ----

  @Override
  public SendResult send(Buffer data, int offset, int length) {
    UdpFlow peer = flow;
    if (peer == null) {
      throw notConnected();
    }
    Objects.checkFromIndexSize(offset, length, data.length());
    return sender.send(this, peer.route, peer.remotePort(), data, offset, length);
  }

  @Override
  public SendResult sendTo(long hi, long lo, int port, Buffer data, int offset, int length) {
    checkPort(port);
    Route route = lookUp(hi, lo);
    return output(route, port, data, offset, length);
  }

  @Override
  public SendResult sendFrom(
      long localHi, long localLo, long hi, long lo, int port, Buffer data, int offset, int length) {
    checkPort(port);
    checkOpen();
    Route route = lastRoute;
    if (route == null
        || lastLo != lo
        || lastHi != hi
        || route.sourceLo() != localLo
        || route.sourceHi() != localHi) {
      route = udp.route(localHi, localLo, hi, lo);
    }
    return output(route, port, data, offset, length);
  }

  @Override
  public int sendSegments(Buffer data, int offset, int length, int segmentSize) {
    UdpFlow peer = flow;
    if (peer == null) {
      throw notConnected();
    }
    checkSegments(data, offset, length, segmentSize);
    return sender.sendSegments(
        this, peer.route, peer.remotePort(), data, offset, length, segmentSize);
  }

  @Override
  public int sendSegmentsTo(
      long hi, long lo, int port, Buffer data, int offset, int length, int segmentSize) {
    checkSegments(data, offset, length, segmentSize);
    checkPort(port);
    checkOpen();
    Route route = lookUp(hi, lo);
    if (route == null) {
      return 0;
    }
    return sender.sendSegments(this, route, port, data, offset, length, segmentSize);
  }

  @Override
  public Frame newDatagram() {
    return pool.allocate();
  }

  @Override
  public SendResult sendFrame(Frame frame) {
    UdpFlow peer = flow;
    if (peer == null) {
      frame.release();
      throw notConnected();
    }
    return sender.sendFrame(this, peer.route, peer.remotePort(), frame);
  }

  @Override
  public SendResult sendFrame(Frame frame, long hi, long lo, int port) {
    Route route = closed || port < 1 || port > LARGEST ? null : lookUp(hi, lo);
    if (route == null) {
      frame.release();
      checkOpen();
      checkPort(port);
      return sender.noRoute();
    }
    return sender.sendFrame(this, route, port, frame);
  }

  private SendResult output(Route route, int port, Buffer data, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, data.length());
    return route == null ? sender.noRoute() : sender.send(this, route, port, data, offset, length);
  }

  private Route lookUp(long hi, long lo) {
    Route route = lastRoute;
    if (route != null && lastLo == lo && lastHi == hi) {
      return route;
    }
    checkOpen();
    route = routeTo(hi, lo);
    lastRoute = route;
    lastHi = hi;
    lastLo = lo;
    return route;
  }

  private Route routeTo(long hi, long lo) {
    // Who is bound to a group sends from an address of the interface.
    boolean any = IpAddress.isMulticast(localHi, localLo);
    return groups.route(any ? 0 : localHi, any ? 0 : localLo, hi, lo);
  }

  // ---- for UDP itself ----

  UdpHandler handler() {
    return handler;
  }

  /** Who takes datagrams in a row, or null. */
  UdpSegmentHandler segments() {
    return segments;
  }

  long localHi() {
    return localHi;
  }

  long localLo() {
    return localLo;
  }

  int scope() {
    return scope;
  }

  boolean isShared() {
    return shared;
  }

  boolean isV4() {
    return IpAddress.isV4(localHi, localLo);
  }

  /** Whether datagrams without a checksum are taken over IPv6 (RFC 6935 §5). */
  boolean acceptsUnsummed() {
    return acceptsUnsummed;
  }

  /** Whether a checksum that covers so much of a datagram is enough (RFC 3828 §3.3). */
  boolean isContentWith(int coverage, int length) {
    return coverage >= (minimumCoverage == 0 ? length : Math.min(minimumCoverage, length));
  }

  void received(int datagrams, int octets) {
    inDatagrams += datagrams;
    inOctets += octets;
  }

  void receivedDamaged() {
    inErrors++;
  }

  void onError(IcmpError error, long remoteHi, long remoteLo, int remotePort) {
    icmpErrors++;
    handler.onError(this, error, remoteHi, remoteLo, remotePort);
  }

  /** Whether a datagram to this address is for this socket, as far as the address goes. */
  boolean accepts(long hi, long lo) {
    return switch (scope) {
      case SCOPE_ONE -> lo == localLo && hi == localHi;
      case SCOPE_V4 -> IpAddress.isV4(hi, lo);
      default -> true;
    };
  }

  /** Whether a broadcast or multicast is for this socket (RFC 3376 §3.1). */
  boolean wants(Frame frame) {
    long hi = frame.destinationHi();
    long lo = frame.destinationLo();
    return accepts(hi, lo)
        && (!IpAddress.isMulticast(hi, lo)
            || IpAddress.isAllNodes(hi, lo)
            || groups.hears(frame, hi, lo));
  }

  /**
   * Whether a socket that waits for room is to be told: there is, or it is closed and does not
   * care.
   */
  boolean mayContinue() {
    return closed || sender.hasRoom();
  }

  void unblocked() {
    sender.unblocked();
    if (!closed) {
      handler.onWritable(this);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the socket on UDP port " + localPort + " is closed");
    }
  }

  private static void checkPort(int port) {
    if (port < 1 || port > LARGEST) {
      throw new IllegalArgumentException("port " + port + " is not between 1 and 65535");
    }
  }

  private IllegalStateException notConnected() {
    checkOpen();
    return new IllegalStateException(
        "the socket on UDP port " + localPort + " is not connected; use sendTo");
  }
}
