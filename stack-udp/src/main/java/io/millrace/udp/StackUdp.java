package io.millrace.udp;

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
import io.millrace.ip.IpFamily;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.net.Shard;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** UDP of the stack: the sockets by port and by flow, and the datagrams for them. */
final class StackUdp extends Udp {
  private final Shard shard;
  private final Counters counters;
  private final UdpConfig config;
  private final FlowTable<UdpFlow> flows;
  private final PortTable ports = new PortTable();
  private final PortAllocator ephemeral;
  private final Loop loop;
  private StackUdpSocket blocked;

  /** Those that the broadcast or multicast at hand is for. */
  private StackUdpSocket[] receivers = new StackUdpSocket[8];

  /** The bytes that IP's datagram at hand has behind UDP's. */
  private int surplus;

  private final UdpSteering steering;

  /** The port of {@link #steering}; -1 if there is none, or only one shard. */
  private final int steeredPort;

  private int sockets;

  StackUdp(Shard shard) {
    this.shard = shard;
    this.counters = shard.counters();
    this.config = shard.setting(UdpConfig.class, UdpConfig.defaults());
    this.loop = new Loop(shard);
    this.flows = new FlowTable<>(16, shard.random());
    this.steering = shard.setting(UdpSteering.class, null);
    this.steeredPort = steering == null || shard.group().size() == 1 ? -1 : steering.port();
    this.ephemeral = new PortAllocator(shard.secret(), PortAllocator.FIRST, PortAllocator.LAST);
  }

  @Override
  public UdpSocket bind(IpAddress local, int port, UdpHandler handler) {
    return bind(local, port, handler, false);
  }

  @Override
  public UdpSocket bindShared(IpAddress local, int port, UdpHandler handler) {
    return bind(local, port, handler, true);
  }

  @Override
  public UdpSocket connect(IpAddress remote, int remotePort, UdpHandler handler) {
    checkOwner();
    Route route = shard.group().size() == 1 ? null : route(0, 0, remote.hi(), remote.lo());
    // Without a route, or with one shard, there is nothing to choose.
    int port = route == null ? 0 : portOfOurs(route, remotePort);
    return connect(port, remote, remotePort, handler);
  }

  /** A free port to which a peer's datagrams come in at this shard; 0 if there is none. */
  private int portOfOurs(Route route, int remotePort) {
    int port = ephemeral.start(route.sourceHi(), route.sourceLo(), 0, 0, 0, IpProtocol.UDP);
    for (int tries = ephemeral.count(); tries > 0; tries--) {
      if (ports.isFree(port) && owner(route, port, remotePort) == shard.index()) {
        return port;
      }
      port = ephemeral.next(port);
    }
    return 0;
  }

  private int owner(Route route, int port, int remotePort) {
    return shard
        .steering()
        .owner(
            route.inboundInterface(),
            route.destinationHi(),
            route.destinationLo(),
            route.sourceHi(),
            route.sourceLo(),
            Flow.ports(remotePort, port));
  }

  private StackUdpSocket bind(IpAddress local, int port, UdpHandler handler, boolean shared) {
    Objects.requireNonNull(handler);
    checkOwner();
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port " + port + " is not between 0 and 65535");
    }
    boolean one = PortTable.scope(local.hi(), local.lo()) == StackUdpSocket.SCOPE_ONE;
    if (one && !local.isMulticast() && !isOurs(local)) {
      throw new IllegalArgumentException(local + " is not an address of this stack");
    }
    if (sockets >= config.maxSockets()) {
      throw new IllegalStateException(
          "all " + config.maxSockets() + " UDP sockets are open; close some, or raise the limit");
    }
    int number = port == 0 ? freePort(local) : port;
    if (!ports.allows(local.hi(), local.lo(), number, shared)) {
      throw new AddressInUseException("UDP port " + number + " is in use by another socket");
    }
    StackUdpSocket socket = new StackUdpSocket(this, shard, config, handler, local, number, shared);
    ports.add(socket);
    shard.bindings().bound(IpProtocol.UDP, number);
    sockets++;
    return socket;
  }

  private boolean isOurs(IpAddress address) {
    IpFamily family = address.isV4() ? shard.ipv4() : shard.ipv6();
    return family != null
        && (family.isLocal(address.hi(), address.lo())
            || family.addresses().stream().anyMatch(each -> each.address().equals(address)));
  }

  private int freePort(IpAddress local) {
    int port = ephemeral.start(local.hi(), local.lo(), 0, 0, 0, IpProtocol.UDP);
    for (int tries = ephemeral.count(); tries > 0; tries--) {
      // Each shard has ports of its own, so that no two choose the same one.
      if (port % shard.group().size() == shard.index() && ports.isFree(port)) {
        return port;
      }
      port = ephemeral.next(port);
    }
    throw new AddressInUseException("all " + ephemeral.count() + " dynamic UDP ports are in use");
  }

  @Override
  public int socketCount() {
    return sockets;
  }

  // ---- what sockets ask for ----

  void checkOwner() {
    if (!shard.isOwner()) {
      throw new IllegalStateException(
          "UDP of shard " + shard.index() + " is called from another thread; use shard.execute");
    }
  }

  void connect(StackUdpSocket socket, UdpFlow flow) {
    if (flows.find(flow.localHi(), flow.localLo(), flow.remoteHi(), flow.remoteLo(), flow.ports())
        != null) {
      throw new AddressInUseException(
          "another socket is connected from UDP port " + flow.localPort() + " to the same peer");
    }
    ports.remove(socket);
    ports.countConnected(socket, 1);
    flows.add(flow);
  }

  void disconnect(StackUdpSocket socket, UdpFlow flow) {
    flows.remove(flow);
    ports.countConnected(socket, -1);
    ports.add(socket);
  }

  void closed(StackUdpSocket socket) {
    ports.remove(socket);
    shard.bindings().unbound(IpProtocol.UDP, socket.localPort());
    sockets--;
  }

  /** Remembers a socket that found no room, to tell it when there is. */
  void block(StackUdpSocket socket) {
    socket.nextBlocked = blocked;
    blocked = socket;
  }

  // ---- in ----

  @Override
  public void input(Frame frame, long now) {
    DropReason dropped = accept(frame, now);
    if (dropped != null) {
      counters.drop(dropped);
    }
    frame.release();
  }

  private DropReason accept(Frame frame, long now) {
    long header = frame.address();
    if (!UdpHeader.validate(header, frame.length())) {
      return DropReason.UDP_BAD_LENGTH;
    }
    long fields = UdpHeader.fields(header);
    surplus = frame.length() - UdpHeader.length(fields);
    frame.trim(UdpHeader.length(fields));
    if (!isIntact(frame, header, UdpHeader.checksum(fields))) {
      return DropReason.UDP_BAD_CHECKSUM;
    }
    int sourcePort = UdpHeader.sourcePort(fields);
    int port = UdpHeader.destinationPort(fields);
    if (frame.has(Frame.IP_MULTICAST)) {
      return deliverToAll(frame, sourcePort, port);
    }
    if (port == steeredPort && steer(frame)) {
      return null;
    }
    StackUdpSocket socket =
        find(
            frame.destinationHi(),
            frame.destinationLo(),
            frame.sourceHi(),
            frame.sourceLo(),
            port,
            sourcePort);
    if (socket == null) {
      return foreign(frame, sourcePort, port, now);
    }
    frame.pull(UdpHeader.SIZE);
    deliver(socket, frame, sourcePort);
    return null;
  }

  /** Hands a tunnel's datagram over to the shard that it belongs to, unless that is this one. */
  private boolean steer(Frame frame) {
    if (frame.has(Frame.HANDED_OVER)) {
      return false;
    }
    int hash =
        steering.hash().hash(frame.address() + UdpHeader.SIZE, frame.length() - UdpHeader.SIZE);
    int to = hash < 0 ? shard.index() : hash % shard.group().size();
    if (to == shard.index()
        || (shard.bindings().shardsOf(IpProtocol.UDP, steeredPort) >>> to & 1) == 0) {
      return false;
    }
    prepareHandOver(frame);
    frame.retain();
    shard.group().handOver(frame, to);
    return true;
  }

  /** Nobody here wants the datagram: another shard does, or nobody. */
  private DropReason foreign(Frame frame, int sourcePort, int port, long now) {
    if (shard.group().size() > 1 && !frame.has(Frame.HANDED_OVER)) {
      int to = shard.bindings().choose(IpProtocol.UDP, port, owner(frame, sourcePort, port));
      if (to >= 0) {
        prepareHandOver(frame);
        frame.retain();
        shard.group().handOver(frame, to);
        return null;
      }
    }
    refuse(frame, now);
    return DropReason.UDP_NO_PORT;
  }

  private int owner(Frame frame, int sourcePort, int port) {
    return shard
        .steering()
        .owner(
            frame.interfaceIndex(),
            frame.sourceHi(),
            frame.sourceLo(),
            frame.destinationHi(),
            frame.destinationLo(),
            Flow.ports(sourcePort, port));
  }

  /** The whole IP datagram goes over, with a checksum that has been verified. */
  private void prepareHandOver(Frame frame) {
    frame.append(surplus);
    if (!frame.has(Frame.CHECKSUM_PARTIAL)) {
      frame.set(Frame.RX_CHECKSUM_OK);
      frame.clear(Frame.REASSEMBLED);
    }
  }

  private static boolean isIntact(Frame frame, long header, int checksum) {
    if (frame.has(Frame.RX_CHECKSUM_OK | Frame.CHECKSUM_PARTIAL) && !frame.has(Frame.REASSEMBLED)) {
      return true;
    }
    if (checksum == 0) {
      // No checksum over IPv4 (RFC 768); not to be accepted over IPv6 (RFC 8200 §8.1).
      return IpAddress.isV4(frame.destinationHi(), frame.destinationLo());
    }
    int length = frame.length();
    long sum =
        Checksum.pseudoHeader(
            frame.sourceHi(),
            frame.sourceLo(),
            frame.destinationHi(),
            frame.destinationLo(),
            IpProtocol.UDP);
    // RFC 1122 §4.1.3.4: a datagram whose checksum is not zero and invalid MUST be dropped
    // silently.
    return Checksum.fold(Checksum.add(sum + length, header, length)) == 0xffff;
  }

  private StackUdpSocket find(
      long localHi, long localLo, long remoteHi, long remoteLo, int port, int remotePort) {
    if (flows.size() != 0) {
      UdpFlow flow = flows.find(localHi, localLo, remoteHi, remoteLo, Flow.ports(port, remotePort));
      if (flow != null) {
        return flow.socket;
      }
    }
    return ports.find(localHi, localLo, port);
  }

  private void deliver(StackUdpSocket socket, Frame frame, int sourcePort) {
    counters.increment(Counter.UDP_IN_DATAGRAMS);
    try {
      socket.handler().onDatagram(socket, frame, frame.sourceHi(), frame.sourceLo(), sourcePort);
    } catch (RuntimeException | Error e) {
      shard.report("a datagram for " + socket, e);
    }
  }

  private DropReason deliverToAll(Frame frame, int sourcePort, int port) {
    if (!frame.has(Frame.HANDED_OVER) && shard.bindings().isBoundElsewhere(IpProtocol.UDP, port)) {
      int length = frame.length();
      prepareHandOver(frame);
      shard.group().handOverToAll(frame);
      frame.trim(length);
    }
    return deliverHere(frame, sourcePort, port);
  }

  /** Lends a broadcast or multicast to each socket of the port that wants it; it stays ours. */
  DropReason deliverHere(Frame frame, int sourcePort, int port) {
    StackUdpSocket first = ports.find(frame.destinationHi(), frame.destinationLo(), port);
    if (first == null) {
      return DropReason.UDP_NO_PORT; // never answered: RFC 1122 §3.2.2
    }
    int count = gatherReceivers(frame, first);
    if (count == 0) {
      return DropReason.UDP_NOT_WANTED;
    }
    if (count > 1) {
      frame.set(Frame.SHARED);
    }
    int payload = (int) (frame.pull(UdpHeader.SIZE) - frame.base());
    int length = frame.length();
    for (int i = 0; i < count; i++) {
      StackUdpSocket socket = receivers[i];
      receivers[i] = null;
      if (socket.isOpen()) {
        deliver(socket, frame, sourcePort);
        if (i < count - 1) {
          frame.window(payload, length); // whatever the handler has done to it
        }
      }
    }
    return null;
  }

  /** Handlers may open and close sockets, so the list of the port is walked before they run. */
  private int gatherReceivers(Frame frame, StackUdpSocket first) {
    int count = 0;
    for (StackUdpSocket each = first; each != null; each = each.nextOnPort) {
      if (each.wants(frame)) {
        if (count == receivers.length) {
          receivers = Arrays.copyOf(receivers, count * 2);
        }
        receivers[count++] = each;
      }
    }
    return count;
  }

  /** RFC 1122 §4.1.3.1: a datagram to a port that nobody has SHOULD be answered. */
  private void refuse(Frame frame, long now) {
    if (!frame.has(Frame.LINK_MULTICAST)) {
      familyOf(frame.destinationHi(), frame.destinationLo())
          .sendUnreachable(frame, IcmpError.PORT_UNREACHABLE, now);
    }
  }

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
    if (quoted < UdpHeader.SIZE) {
      return;
    }
    int port = Bytes.u16(transportHeader);
    int remotePort = Bytes.u16(transportHeader + 2);
    StackUdpSocket socket =
        find(sourceHi, sourceLo, destinationHi, destinationLo, port, remotePort);
    if (socket == null) {
      return;
    }
    if (error == IcmpError.PACKET_TOO_BIG) {
      Route route = route(sourceHi, sourceLo, destinationHi, destinationLo);
      if (route != null) {
        route.learnPathMtu(mtu, now);
      }
    }
    try {
      socket.handler().onError(socket, error, destinationHi, destinationLo, remotePort);
    } catch (RuntimeException | Error e) {
      shard.report("an ICMP error for " + socket, e);
    }
  }

  @Override
  public int shardOf(long localHi, long localLo, long remoteHi, long remoteLo, int pair) {
    int port = pair >>> 16;
    return find(localHi, localLo, remoteHi, remoteLo, port, pair & 0xffff) != null
        ? shard.index()
        : shard.bindings().choose(IpProtocol.UDP, port, shard.index());
  }

  // ---- out ----

  /** The route from a bound address to a destination, or null if there is none. */
  Route route(long localHi, long localLo, long hi, long lo) {
    if ((localHi | localLo) == 0 && IpAddress.isV4(hi, lo)) {
      return shard.route(0, IpAddress.ANY_V4.lo(), hi, lo);
    }
    return shard.route(localHi, localLo, hi, lo);
  }

  /** The family of an address, or null if this stack does not have it. */
  IpFamily familyOf(long hi, long lo) {
    return IpAddress.isV4(hi, lo) ? shard.ipv4() : shard.ipv6();
  }

  /** Lets our own sockets hear a datagram to a group, whose window starts at UDP's header. */
  void loop(Frame frame, Route route, int trafficClass, int hopLimit) {
    int port = UdpHeader.destinationPort(UdpHeader.fields(frame.address()));
    if (ports.find(route.destinationHi(), route.destinationLo(), port) != null) {
      loop.offer(frame, route, trafficClass, hopLimit);
    }
  }

  @Override
  public boolean poll(long now) {
    boolean looped = !loop.isEmpty() && loop.deliver(this, now);
    boolean unblocked = blocked != null && unblock();
    return looped || unblocked;
  }

  private boolean unblock() {
    StackUdpSocket list = blocked;
    blocked = null;
    boolean any = false;
    while (list != null) {
      StackUdpSocket socket = list;
      list = socket.nextBlocked;
      socket.nextBlocked = null;
      if (!socket.mayContinue()) {
        block(socket);
        continue;
      }
      any = true;
      try {
        socket.unblocked();
      } catch (RuntimeException | Error e) {
        shard.report("room to send on " + socket, e);
      }
    }
    return any;
  }

  @Override
  public void close(long now) {
    loop.close();
    List<StackUdpSocket> connected = new ArrayList<>();
    flows.forEach(flow -> connected.add(flow.socket));
    connected.forEach(StackUdpSocket::close);
    StackUdpSocket socket;
    while ((socket = ports.any()) != null) {
      socket.close();
    }
  }
}
