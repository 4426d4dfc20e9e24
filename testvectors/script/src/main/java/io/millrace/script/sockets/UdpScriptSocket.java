package io.millrace.script.sockets;

import io.millrace.buf.Frame;
import io.millrace.buf.WrappedBuffer;
import io.millrace.ip.IcmpError;
import io.millrace.ip.IpAddress;
import io.millrace.udp.AddressInUseException;
import io.millrace.udp.NoRouteException;
import io.millrace.udp.SendResult;
import io.millrace.udp.Udp;
import io.millrace.udp.UdpHandler;
import io.millrace.udp.UdpSocket;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Deque;

/** A UDP socket as scripts see it: bound when it is first needed, datagrams queued by length. */
final class UdpScriptSocket extends ScriptSocket implements UdpHandler {
  private static final int LARGEST = 65_507;

  private final Udp udp;
  private final WrappedBuffer zeros = WrappedBuffer.of(Arena.ofAuto().allocate(LARGEST + 1));
  private final Deque<Integer> lengths = new ArrayDeque<>();
  private UdpSocket socket;
  private boolean shared;
  private int error;

  UdpScriptSocket(Udp udp) {
    this.udp = udp;
  }

  @Override
  public void onDatagram(UdpSocket from, Frame data, long sourceHi, long sourceLo, int sourcePort) {
    lengths.add(data.length());
  }

  @Override
  public void onError(
      UdpSocket from, IcmpError icmp, long remoteHi, long remoteLo, int remotePort) {
    if (from.remotePort() != 0) {
      error =
          switch (icmp) {
            case PORT_UNREACHABLE, PROTOCOL_UNREACHABLE -> Errno.ECONNREFUSED.failure();
            case PACKET_TOO_BIG -> Errno.EMSGSIZE.failure();
            case HOST_UNREACHABLE, NET_UNREACHABLE -> Errno.EHOSTUNREACH.failure();
            default -> error;
          };
    }
  }

  @Override
  int takeError() {
    int taken = error;
    error = 0;
    return taken;
  }

  @Override
  int bind(IpAddress address, int port) {
    if (socket != null) {
      return Errno.EINVAL.failure();
    }
    try {
      socket = shared ? udp.bindShared(address, port, this) : udp.bind(address, port, this);
      return 0;
    } catch (AddressInUseException e) {
      return Errno.EADDRINUSE.failure();
    } catch (IllegalArgumentException e) {
      return Errno.EADDRNOTAVAIL.failure();
    }
  }

  private UdpSocket bound() {
    if (socket == null) {
      socket = udp.bind(0, this);
    }
    return socket;
  }

  @Override
  int connect(IpAddress address, int port) {
    try {
      bound().connect(address, port);
      return 0;
    } catch (NoRouteException e) {
      return Errno.ENETUNREACH.failure();
    }
  }

  @Override
  int send(int length) {
    if (socket == null || socket.remotePort() == 0) {
      return Errno.EDESTADDRREQ.failure();
    }
    return sendTo(length, socket.remoteAddress(), socket.remotePort());
  }

  @Override
  int sendTo(int length, IpAddress address, int port) {
    if (error != 0) {
      return takeError();
    }
    if (length > LARGEST) {
      return Errno.EMSGSIZE.failure();
    }
    UdpSocket from = bound();
    boolean toPeer = from.remotePort() == port && address.equals(from.remoteAddress());
    return result(
        toPeer ? from.send(zeros, 0, length) : from.sendTo(address, port, zeros, 0, length),
        length);
  }

  private static int result(SendResult result, int length) {
    return switch (result) {
      case SENT -> length;
      case WOULD_BLOCK -> Errno.EAGAIN.failure();
      case NO_FRAME -> Errno.ENOBUFS.failure();
      case NO_ROUTE -> Errno.ENETUNREACH.failure();
      case TOO_BIG -> Errno.EMSGSIZE.failure();
      case NOT_PERMITTED -> Errno.EACCES.failure();
    };
  }

  @Override
  int receive(int length, boolean peek) {
    if (error != 0) {
      return takeError();
    }
    Integer next = peek ? lengths.peek() : lengths.poll();
    return next == null ? Errno.EAGAIN.failure() : Math.min(next, length);
  }

  @Override
  int close() {
    if (socket != null) {
      socket.close();
    }
    return 0;
  }

  @Override
  boolean isStream() {
    return false;
  }

  @Override
  boolean isStarted() {
    return socket != null;
  }

  @Override
  Integer set(String name, long... values) {
    int value = (int) values[0];
    try {
      switch (name) {
        case "SO_REUSEADDR" -> shared = value != 0;
        case "SO_BROADCAST" -> bound().allowBroadcast(value != 0);
        case "IP_TOS", "IPV6_TCLASS" -> bound().trafficClass(value);
        case "IP_TTL", "IPV6_UNICAST_HOPS" -> bound().hopLimit(value);
        case "IP_MTU_DISCOVER", "IPV6_MTU_DISCOVER" -> bound().dontFragment(value >= 2);
        default -> {
          return null;
        }
      }
      return 0;
    } catch (IllegalArgumentException e) {
      return Errno.EINVAL.failure();
    }
  }

  @Override
  long readable() {
    return lengths.isEmpty() ? 0 : lengths.peek();
  }

  @Override
  long unacknowledged() {
    return 0;
  }

  @Override
  IpAddress address(boolean ofPeer) {
    if (socket == null) {
      return null;
    }
    return ofPeer ? socket.remoteAddress() : socket.localAddress();
  }

  @Override
  int port(boolean ofPeer) {
    if (socket == null) {
      return 0;
    }
    return ofPeer ? socket.remotePort() : socket.localPort();
  }

  @Override
  int poll() {
    return POLLOUT | (lengths.isEmpty() ? 0 : POLLIN) | (error == 0 ? 0 : POLLERR);
  }

  @Override
  int localPort() {
    return socket == null ? 0 : socket.localPort();
  }
}
