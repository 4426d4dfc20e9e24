package io.millrace.udp;

import io.millrace.buf.Buffer;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counter;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpFamily;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.ip.SourceFilter;
import io.millrace.multicast.GroupMap;
import io.millrace.net.NetInterface;
import io.millrace.net.Shard;
import io.millrace.spi.PortInfo;
import java.util.Objects;

/** A socket of the stack: its look-up, its route, its datagrams. */
final class StackUdpSocket extends UdpSocket {
  /** Payloads up to this many bytes are copied behind their header: cheaper than gathering them. */
  static final int COPY_LIMIT = 256;

  /** Room on the interface that is left to other protocols, in frames. */
  private static final int RESERVE = 32;

  /** Fragments of one datagram that are given to the interface at once, at most. */
  private static final int MOST_FRAGMENTS = 512;

  static final int SCOPE_ONE = 0;
  static final int SCOPE_V4 = 1;
  static final int SCOPE_ALL = 2;

  private static final int LARGEST = 65_535;

  /** The most sources that a filter names. */
  private static final int MAX_SOURCES = 64;

  private final StackUdp udp;
  private final Shard shard;
  private final FramePool pool;
  private final UdpHandler handler;
  private final long localHi;
  private final long localLo;
  private final int localPort;
  private final int scope;
  private final boolean shared;

  private UdpFlow flow;
  private Route lastRoute;
  private long lastHi;
  private long lastLo;
  private NetInterface blockedOn;
  private int roomNeeded;
  private int hopLimit;
  private int trafficClass;
  private boolean dontFragment;
  private boolean allowBroadcast;
  private int multicastHopLimit = 1;
  private int multicastInterface = DEFAULT_INTERFACE;
  private boolean multicastLoop = true;

  /** What is wanted of which groups; null if nothing ever was. */
  private GroupMap<SourceFilter> groups;

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
    this.shard = shard;
    this.pool = shard.pool();
    this.handler = handler;
    this.localHi = local.hi();
    this.localLo = local.lo();
    this.localPort = localPort;
    this.scope = PortTable.scope(localHi, localLo);
    this.shared = shared;
    this.hopLimit = config.hopLimit();
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

  // ---- options ----

  @Override
  public UdpSocket hopLimit(int hops) {
    if (hops < 1 || hops > 255) {
      throw new IllegalArgumentException("hop limit " + hops + " is not between 1 and 255");
    }
    hopLimit = hops;
    return this;
  }

  @Override
  public UdpSocket trafficClass(int value) {
    if (value < 0 || value > 255) {
      throw new IllegalArgumentException("traffic class " + value + " is not between 0 and 255");
    }
    trafficClass = value;
    return this;
  }

  @Override
  public UdpSocket dontFragment(boolean on) {
    dontFragment = on;
    return this;
  }

  @Override
  public UdpSocket allowBroadcast(boolean on) {
    allowBroadcast = on;
    return this;
  }

  // ---- groups ----

  @Override
  public UdpSocket multicastHopLimit(int hops) {
    if (hops < 0 || hops > 255) {
      throw new IllegalArgumentException("hop limit " + hops + " is not between 0 and 255");
    }
    multicastHopLimit = hops;
    return this;
  }

  @Override
  public UdpSocket multicastInterface(int on) {
    if (on != DEFAULT_INTERFACE) {
      checkInterface(on);
    }
    multicastInterface = on;
    lastRoute = null;
    return this;
  }

  @Override
  public UdpSocket multicastLoop(boolean on) {
    multicastLoop = on;
    return this;
  }

  @Override
  public void listen(IpAddress group, int on, SourceFilter wanted) {
    udp.checkOwner();
    checkOpen();
    if (!group.isMulticast()) {
      throw new IllegalArgumentException(group + " is not the address of a group");
    }
    if (!accepts(group.hi(), group.lo())) {
      throw new IllegalStateException(
          this + " cannot hear " + group + ": bind it to all addresses, or to the group");
    }
    if (wanted.sources().size() > MAX_SOURCES) {
      throw new IllegalArgumentException(
          wanted.sources().size() + " sources are more than " + MAX_SOURCES);
    }
    IpFamily family = udp.familyOf(group.hi(), group.lo());
    if (family == null) {
      throw new IllegalArgumentException("this stack does not have the family of " + group);
    }
    NetInterface at = interfaceFor(group, on);
    family.listen(this, at, group.hi(), group.lo(), wanted, shard.clock().now());
    if (groups == null) {
      groups = new GroupMap<>();
    }
    if (wanted.isNothing()) {
      groups.remove(at.index(), group.hi(), group.lo());
    } else {
      groups.put(at.index(), group.hi(), group.lo(), wanted);
    }
  }

  @Override
  public SourceFilter filter(IpAddress group, int on) {
    SourceFilter there =
        groups == null ? null : groups.get(interfaceFor(group, on).index(), group.hi(), group.lo());
    return there == null ? SourceFilter.NOTHING : there;
  }

  private NetInterface interfaceFor(IpAddress group, int on) {
    if (on != DEFAULT_INTERFACE) {
      checkInterface(on);
      return shard.networkInterface(on);
    }
    Route route = udp.route(0, 0, group.hi(), group.lo());
    if (route == null) {
      throw new NoRouteException("there is no route to the group " + group + "; name an interface");
    }
    return route.networkInterface();
  }

  private void checkInterface(int on) {
    if (on < 0 || on >= shard.interfaceCount()) {
      throw new IllegalArgumentException(
          "there is no interface " + on + "; this stack has " + shard.interfaceCount());
    }
  }

  private void leaveAll() {
    if (groups != null) {
      long now = shard.clock().now();
      groups.forEach(
          (on, hi, lo, filter) ->
              udp.familyOf(hi, lo)
                  .listen(this, shard.networkInterface(on), hi, lo, SourceFilter.NOTHING, now));
      groups = null;
    }
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
      leaveAll();
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
    return output(peer.route, peer.remotePort(), data, offset, length);
  }

  @Override
  public SendResult sendTo(long hi, long lo, int port, Buffer data, int offset, int length) {
    checkPort(port);
    Route route = lookUp(hi, lo);
    return route == null ? SendResult.NO_ROUTE : output(route, port, data, offset, length);
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
    return route == null ? SendResult.NO_ROUTE : output(route, port, data, offset, length);
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
    return outputFrame(peer.route, peer.remotePort(), frame);
  }

  @Override
  public SendResult sendFrame(Frame frame, long hi, long lo, int port) {
    Route route = closed || port < 1 || port > LARGEST ? null : lookUp(hi, lo);
    if (route == null) {
      frame.release();
      checkOpen();
      checkPort(port);
      return SendResult.NO_ROUTE;
    }
    return outputFrame(route, port, frame);
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
    long fromHi = any ? 0 : localHi;
    long fromLo = any ? 0 : localLo;
    if (multicastInterface == DEFAULT_INTERFACE || !IpAddress.isMulticast(hi, lo)) {
      return udp.route(fromHi, fromLo, hi, lo);
    }
    IpFamily family = udp.familyOf(hi, lo);
    return family == null
        ? null
        : family.groupRoute(shard.networkInterface(multicastInterface), fromHi, fromLo, hi, lo);
  }

  private SendResult output(Route route, int port, Buffer data, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, data.length());
    SendResult refused = refusal(route, length);
    if (refused != null) {
      return refused;
    }
    Frame frame = pool.allocate();
    if (frame == null) {
      return SendResult.NO_FRAME;
    }
    long from = data.address() + offset;
    if (length <= COPY_LIMIT) {
      finish(route, port, frame, Checksum.copyShort(0, from, frame.append(length), length));
    } else {
      frame.tail(data, from, length);
      finishLong(route, port, frame);
    }
    return SendResult.SENT;
  }

  private SendResult outputFrame(Route route, int port, Frame frame) {
    SendResult refused = refusal(route, frame.totalLength());
    if (refused != null) {
      frame.release();
      return refused;
    }
    if (frame.has(Frame.SHARED)) {
      return outputCopy(route, port, frame);
    }
    // A received frame still carries what its driver said about it.
    frame.clear(-1);
    frame.segmentSize(0);
    finishLong(route, port, frame);
    return SendResult.SENT;
  }

  /** Others may be reading the frame: what is sent is its bytes in another one. */
  private SendResult outputCopy(Route route, int port, Frame frame) {
    Frame copy = pool.allocate();
    if (copy != null && copy.tailroom() < frame.length()) {
      copy.tail(frame, frame.address(), frame.length());
    } else if (copy != null) {
      frame.gather(copy.append(frame.length()));
    }
    frame.release();
    if (copy == null) {
      return SendResult.NO_FRAME;
    }
    finishLong(route, port, copy);
    return SendResult.SENT;
  }

  private SendResult refusal(Route route, int payload) {
    assert shard.isOwner();
    NetInterface through = route.networkInterface();
    int size = payload + UdpHeader.SIZE + route.networkHeaderSize();
    int frames = 1;
    int mtu = route.pathMtu();
    if (size > mtu) {
      // The length in IPv6's header does not count the header itself, and its fragments have a
      // header more each (RFC 8200 §3, §4.5).
      boolean four = IpAddress.isV4(route.destinationHi(), route.destinationLo());
      if (dontFragment || size > (four ? LARGEST : LARGEST + route.networkHeaderSize())) {
        return SendResult.TOO_BIG;
      }
      frames = size / (mtu - route.networkHeaderSize() - (four ? 7 : 15)) + 1;
      if (frames > MOST_FRAGMENTS) {
        return SendResult.TOO_BIG;
      }
    }
    if (through.transmitRoom() < RESERVE + frames) {
      return wait(through, RESERVE + frames);
    }
    return !allowBroadcast && route.isBroadcast() ? SendResult.NOT_PERMITTED : null;
  }

  private SendResult wait(NetInterface through, int frames) {
    if (blockedOn == null) {
      udp.block(this);
    }
    blockedOn = through;
    roomNeeded = frames + RESERVE;
    return SendResult.WOULD_BLOCK;
  }

  /** Leaves the sum to the port if that pays, else takes it. */
  private void finishLong(Route route, int port, Frame frame) {
    if (frame.totalLength() > COPY_LIMIT && mayOffload(route, frame.totalLength())) {
      int length = frame.totalLength() + UdpHeader.SIZE;
      long header = frame.push(UdpHeader.SIZE);
      frame.requestChecksum(header, UdpHeader.CHECKSUM_OFFSET);
      int partial = Checksum.fold(route.pseudoHeaderSum(IpProtocol.UDP) + length);
      UdpHeader.write(header, localPort, port, length, partial);
      transmit(route, frame);
      return;
    }
    long sum = Checksum.add(0, frame.address(), frame.length());
    finish(route, port, frame, frame.tailLength() == 0 ? sum : addTail(sum, frame));
  }

  private void finish(Route route, int port, Frame frame, long payloadSum) {
    int length = frame.totalLength() + UdpHeader.SIZE;
    long header = frame.push(UdpHeader.SIZE);
    // The length counts twice: in the pseudo-header and in the header.
    long sum = route.pseudoHeaderSum(IpProtocol.UDP) + localPort + port + 2L * length;
    int checksum = Checksum.finish(sum + payloadSum);
    // RFC 768: a checksum that is computed as zero is sent as all ones.
    UdpHeader.write(header, localPort, port, length, checksum == 0 ? 0xffff : checksum);
    transmit(route, frame);
  }

  private void transmit(Route route, Frame frame) {
    shard.counters().increment(Counter.UDP_OUT_DATAGRAMS);
    int hops = route.isMulticast() ? toGroup(route, frame) : hopLimit;
    if (hops == 0) {
      frame.release();
      return;
    }
    route.send(frame, IpProtocol.UDP, trafficClass, hops, dontFragment, shard.clock().now());
  }

  /** What a datagram to a group needs besides being sent; returns its hop limit. */
  private int toGroup(Route route, Frame frame) {
    if (multicastLoop) {
      udp.loop(frame, route, trafficClass, multicastHopLimit);
    }
    return multicastHopLimit;
  }

  /** A port can only sum what leaves in one piece. */
  private static boolean mayOffload(Route route, int payload) {
    return route.networkInterface().info().offers(PortInfo.TX_CHECKSUM)
        && payload + UdpHeader.SIZE + route.networkHeaderSize() <= route.pathMtu();
  }

  /** Adds the sum of a frame's tail to one that ends with the frame's own bytes. */
  static long addTail(long sum, Frame frame) {
    int tail = Checksum.fold(Checksum.add(0, frame.tailAddress(), frame.tailLength()));
    // RFC 1071 §2 (B): behind an odd number of bytes every word's two bytes change places.
    return sum + ((frame.length() & 1) == 0 ? tail : Short.reverseBytes((short) tail) & 0xffff);
  }

  // ---- for UDP itself ----

  UdpHandler handler() {
    return handler;
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
        && (!IpAddress.isMulticast(hi, lo) || IpAddress.isAllNodes(hi, lo) || hears(frame, hi, lo));
  }

  private boolean hears(Frame frame, long hi, long lo) {
    SourceFilter filter = groups == null ? null : groups.get(frame.interfaceIndex(), hi, lo);
    return filter != null && filter.admits(frame.sourceHi(), frame.sourceLo());
  }

  /**
   * Whether a socket that waits for room is to be told: there is, or it is closed and does not
   * care.
   */
  boolean mayContinue() {
    return closed || blockedOn.transmitRoom() >= roomNeeded;
  }

  void unblocked() {
    blockedOn = null;
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
