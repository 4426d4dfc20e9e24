package io.millrace.tcp;

import io.millrace.diag.Counter;
import io.millrace.flow.Flow;
import io.millrace.flow.PortAllocator;
import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.ip.Route;
import io.millrace.tcp.engine.InitialSequence;
import io.millrace.tcp.engine.Tcb;

/** The active open: chooses the route, the port and the first sequence number. */
final class Connector {
  private final StackTcp tcp;
  private final PortAllocator ports;

  Connector(StackTcp tcp) {
    this.tcp = tcp;
    this.ports = new PortAllocator(tcp.shard.secret(), PortAllocator.FIRST, PortAllocator.LAST);
  }

  /** See {@link Tcp#connect(IpAddress, int, IpAddress, int, TcpHandler)}. */
  StackTcpConnection connect(
      IpAddress local, int localPort, IpAddress remote, int remotePort, TcpHandler handler) {
    Tcp.checkConnect(localPort, remotePort);
    Route route =
        tcp.shard.route(
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
    if (tcp.isFull()) {
      throw new IllegalStateException(
          "this shard has " + tcp.config.maxConnections() + " connections, and may have no more");
    }
    int chosen =
        localPort == 0 ? choosePort(route, remotePort) : claim(route, localPort, remotePort);
    long now = tcp.now();
    int pair = Flow.ports(chosen, remotePort);
    long hash =
        tcp.sequences.hash(
            route.sourceHi(), route.sourceLo(), route.destinationHi(), route.destinationLo(), pair);
    Tcb tcb =
        tcp.machine.open(InitialSequence.isn(hash, now), InitialSequence.timestampOffset(hash));
    StackTcpConnection c = new StackTcpConnection(tcp, tcb, route, chosen, remotePort, handler);
    tcp.flows.add(c);
    tcp.opened();
    tcp.counters.increment(Counter.TCP_ACTIVE_OPENS);
    int owner = tcp.placement.isTrivial() ? here() : tcp.placement.owner(route, chosen, remotePort);
    if (owner == here()) {
      tcp.markDirty(c);
    } else {
      // The answer would be another shard's, which has to know first.
      tcp.placement.claim(c, owner, () -> tcp.markDirty(c));
    }
    return c;
  }

  private int here() {
    return tcp.shard.index();
  }

  private static boolean isMulticast(IpAddress address) {
    return IpAddress.isV4(address.hi(), address.lo())
        ? address.v4Bits() >>> 28 == 0xe
        : address.hi() >>> 56 == 0xff;
  }

  private Flow flow(Route route, int localPort, int remotePort) {
    return tcp.flows.find(
        route.sourceHi(),
        route.sourceLo(),
        route.destinationHi(),
        route.destinationLo(),
        Flow.ports(localPort, remotePort));
  }

  private int choosePort(Route route, int remotePort) {
    int port = start(route, remotePort);
    for (int i = 0; i < ports.count(); i++) {
      if (!tcp.listeners.has(port)
          && flow(route, port, remotePort) == null
          && isOurs(route, port, remotePort)) {
        return port;
      }
      // Each try takes the next one (RFC 6056 §3.3.4): a port that was passed over once is not
      // the next connection's while it may be in TIME-WAIT at the other end.
      port = start(route, remotePort);
    }
    throw new IllegalStateException(
        "all " + ports.count() + " ports to this destination are in use or in TIME-WAIT");
  }

  /** Whether the peer's packets will come in by this shard's queue. */
  private boolean isOurs(Route route, int port, int remotePort) {
    return tcp.placement.isTrivial() || tcp.placement.owner(route, port, remotePort) == here();
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
}
