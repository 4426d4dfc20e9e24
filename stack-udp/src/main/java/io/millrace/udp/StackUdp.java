package io.millrace.udp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
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
import java.util.List;
import java.util.Objects;

/** UDP or UDP-Lite of the stack: the sockets by port and by flow, and the datagrams for them. */
final class StackUdp extends Udp {
  private final Shard shard;
  private final int protocol;
  private final UdpConfig config;
  private final FlowTable<UdpFlow> flows;
  private final PortTable ports = new PortTable();
  private final PortAllocator ephemeral;
  private final Loop loop;
  private final UdpInput in;
  private StackUdpSocket blocked;

  private int sockets;

  /**
   * Creates a transport without sockets.
   *
   * @param protocol UDP, or UDP-Lite, which has ports of its own
   */
  StackUdp(Shard shard, int protocol) {
    this.shard = shard;
    this.protocol = protocol;
    this.config = shard.setting(UdpConfig.class, UdpConfig.defaults());
    this.loop = new Loop(shard);
    this.flows = new FlowTable<>(16, shard.random());
    this.in = new UdpInput(this, shard, protocol);
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
    int port = ephemeral.start(route.sourceHi(), route.sourceLo(), 0, 0, 0, protocol);
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
            UdpInput.hashedPorts(protocol, remotePort, port));
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
          "all "
              + config.maxSockets()
              + " "
              + name()
              + " sockets are open; close some, or raise the limit");
    }
    int number = port == 0 ? freePort(local) : port;
    if (!ports.allows(local.hi(), local.lo(), number, shared)) {
      throw new AddressInUseException(name() + " port " + number + " is in use by another socket");
    }
    StackUdpSocket socket = new StackUdpSocket(this, shard, config, handler, local, number, shared);
    ports.add(socket);
    shard.bindings().bound(protocol, number);
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
    int port = ephemeral.start(local.hi(), local.lo(), 0, 0, 0, protocol);
    for (int tries = ephemeral.count(); tries > 0; tries--) {
      // Each shard has ports of its own, so that no two choose the same one.
      if (port % shard.group().size() == shard.index() && ports.isFree(port)) {
        return port;
      }
      port = ephemeral.next(port);
    }
    throw new AddressInUseException(
        "all " + ephemeral.count() + " dynamic ports of " + name() + " are in use");
  }

  @Override
  public int protocol() {
    return protocol;
  }

  /** The protocol's name, for messages. */
  private String name() {
    return protocol == IpProtocol.UDP ? "UDP" : "UDP-Lite";
  }

  @Override
  public int socketCount() {
    return sockets;
  }

  // ---- what sockets ask for ----

  void checkOwner() {
    if (!shard.isOwner()) {
      throw new IllegalStateException(
          name()
              + " of shard "
              + shard.index()
              + " is called from another thread; use shard.execute");
    }
  }

  void connect(StackUdpSocket socket, UdpFlow flow) {
    if (flows.find(flow.localHi(), flow.localLo(), flow.remoteHi(), flow.remoteLo(), flow.ports())
        != null) {
      throw new AddressInUseException(
          "another socket is connected from "
              + name()
              + " port "
              + flow.localPort()
              + " to the same peer");
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
    shard.bindings().unbound(protocol, socket.localPort());
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
    in.input(frame, now);
  }

  /** The socket that is connected to this peer, or else bound to our end; null if there is none. */
  StackUdpSocket find(
      long localHi, long localLo, long remoteHi, long remoteLo, int port, int remotePort) {
    if (flows.size() != 0) {
      UdpFlow flow = flows.find(localHi, localLo, remoteHi, remoteLo, Flow.ports(port, remotePort));
      if (flow != null) {
        return flow.socket;
      }
    }
    return ports.find(localHi, localLo, port);
  }

  /** The first socket that is bound to this address and port; null if there is none. */
  StackUdpSocket findBound(long hi, long lo, int port) {
    return ports.find(hi, lo, port);
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
      // RFC 8201 §4: believed only of what we have sent lately; else anybody could fill our memory
      // with paths.
      Route route =
          familyOf(destinationHi, destinationLo)
              .knownRoute(sourceHi, sourceLo, destinationHi, destinationLo);
      if (route != null) {
        route.learnPathMtu(mtu, now);
      }
    }
    try {
      socket.onError(error, destinationHi, destinationLo, remotePort);
    } catch (RuntimeException | Error e) {
      shard.report("an ICMP error for " + socket, e);
    }
  }

  @Override
  public int shardOf(long localHi, long localLo, long remoteHi, long remoteLo, int pair) {
    int port = pair >>> 16;
    return find(localHi, localLo, remoteHi, remoteLo, port, pair & 0xffff) != null
        ? shard.index()
        : shard.bindings().choose(protocol, port, shard.index());
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
    boolean flushed = in.flush();
    boolean looped = !loop.isEmpty() && loop.deliver(in, now);
    boolean unblocked = blocked != null && unblock();
    return flushed || looped || unblocked;
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
    in.close();
    List<StackUdpSocket> connected = new ArrayList<>();
    flows.forEach(flow -> connected.add(flow.socket));
    connected.forEach(StackUdpSocket::close);
    StackUdpSocket socket;
    while ((socket = ports.any()) != null) {
      socket.close();
    }
  }
}
