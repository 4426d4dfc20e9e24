package io.millrace.udp;

import io.millrace.ip.IpAddress;

/**
 * The sockets of each port: two array loads to the first one, whatever the number of sockets.
 *
 * <p>Unconnected sockets hang in a list per port, bound to one address before those bound to all of
 * a family before those bound to everything, and the newest first among equals. Connected ones are
 * found through the flow table and only counted here, so that their port is known to be taken.
 */
final class PortTable {
  private static final int PAGE = 256;

  private final StackUdpSocket[][] first = new StackUdpSocket[PAGE][];
  private final int[][] connected = new int[PAGE][];
  private final int[][] connectedExclusive = new int[PAGE][];

  /** The unconnected socket that a datagram to this address and port is for, or null. */
  StackUdpSocket find(long hi, long lo, int port) {
    StackUdpSocket[] page = first[port >>> 8];
    if (page == null) {
      return null;
    }
    StackUdpSocket socket = page[port & PAGE - 1];
    while (socket != null && !socket.accepts(hi, lo)) {
      socket = socket.nextOnPort;
    }
    return socket;
  }

  /** Whether no socket has the port, bound or connected. */
  boolean isFree(int port) {
    StackUdpSocket[] page = first[port >>> 8];
    return page == null
        || (page[port & PAGE - 1] == null && connected[port >>> 8][port & PAGE - 1] == 0);
  }

  /**
   * Whether a socket may be bound: its address must not overlap another socket's on the port,
   * unless both share.
   */
  boolean allows(long hi, long lo, int port, boolean shared) {
    if (isFree(port)) {
      return true;
    }
    int[][] obstacles = shared ? connectedExclusive : connected;
    if (obstacles[port >>> 8][port & PAGE - 1] != 0) {
      return false;
    }
    for (StackUdpSocket each = first[port >>> 8][port & PAGE - 1];
        each != null;
        each = each.nextOnPort) {
      if (!(shared && each.isShared()) && overlap(each, hi, lo)) {
        return false;
      }
    }
    return true;
  }

  private static boolean overlap(StackUdpSocket bound, long hi, long lo) {
    boolean four = IpAddress.isV4(hi, lo);
    return switch (scope(hi, lo)) {
      case StackUdpSocket.SCOPE_ALL -> true;
      case StackUdpSocket.SCOPE_V4 -> bound.scope() == StackUdpSocket.SCOPE_ALL || bound.isV4();
      default ->
          bound.scope() == StackUdpSocket.SCOPE_ALL
              || (bound.scope() == StackUdpSocket.SCOPE_V4 && four)
              || (bound.localHi() == hi && bound.localLo() == lo);
    };
  }

  /** What binding to this address means: one address, all of IPv4 (0.0.0.0), or everything (::). */
  static int scope(long hi, long lo) {
    if (hi == 0 && lo == 0) {
      return StackUdpSocket.SCOPE_ALL;
    }
    return hi == 0 && lo == IpAddress.ANY_V4.lo()
        ? StackUdpSocket.SCOPE_V4
        : StackUdpSocket.SCOPE_ONE;
  }

  void add(StackUdpSocket socket) {
    int port = socket.localPort();
    if (first[port >>> 8] == null) {
      first[port >>> 8] = new StackUdpSocket[PAGE];
      connected[port >>> 8] = new int[PAGE];
      connectedExclusive[port >>> 8] = new int[PAGE];
    }
    StackUdpSocket[] page = first[port >>> 8];
    StackUdpSocket before = null;
    StackUdpSocket behind = page[port & PAGE - 1];
    while (behind != null && behind.scope() < socket.scope()) {
      before = behind;
      behind = behind.nextOnPort;
    }
    socket.nextOnPort = behind;
    if (before == null) {
      page[port & PAGE - 1] = socket;
    } else {
      before.nextOnPort = socket;
    }
  }

  void remove(StackUdpSocket socket) {
    int port = socket.localPort();
    StackUdpSocket[] page = first[port >>> 8];
    StackUdpSocket each = page[port & PAGE - 1];
    if (each == socket) {
      page[port & PAGE - 1] = socket.nextOnPort;
    } else {
      while (each.nextOnPort != socket) {
        each = each.nextOnPort;
      }
      each.nextOnPort = socket.nextOnPort;
    }
    socket.nextOnPort = null;
  }

  /** Counts a connected socket of a port, or with -1 one less. */
  void countConnected(StackUdpSocket socket, int change) {
    int port = socket.localPort();
    connected[port >>> 8][port & PAGE - 1] += change;
    if (!socket.isShared()) {
      connectedExclusive[port >>> 8][port & PAGE - 1] += change;
    }
  }

  /** Any unconnected socket, or null: for closing all of them. */
  StackUdpSocket any() {
    for (StackUdpSocket[] page : first) {
      if (page != null) {
        for (StackUdpSocket socket : page) {
          if (socket != null) {
            return socket;
          }
        }
      }
    }
    return null;
  }
}
