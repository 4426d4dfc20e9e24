package io.millrace.script.sockets;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.tcp.TcpInfo;
import io.millrace.tcp.TcpListener;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * A TCP socket as scripts see it, over nothing but the API of the stack: data waits, retained,
 * until it is read, so that the window closes.
 */
final class TcpScriptSocket extends ScriptSocket implements TcpHandler {
  private final Tcp tcp;
  private final Deque<TcpScriptSocket> accepted = new ArrayDeque<>();
  private final Deque<Buffer> received = new ArrayDeque<>();

  /** Bytes of the first buffer that have been read. */
  private int read;

  private IpAddress address;
  private int port;
  private TcpListener listener;
  private TcpConnection connection;
  private boolean isConnected;
  private boolean endOfStream;
  private boolean readShutDown;
  private boolean writeShutDown;
  private boolean full;
  private boolean closed;
  private int error;
  private boolean noDelay;
  private boolean keepAlive;
  private boolean resetOnClose;
  private int trafficClass;

  TcpScriptSocket(Tcp tcp) {
    this.tcp = tcp;
  }

  // ---- what the stack tells ----

  @Override
  public void onConnected(TcpConnection c) {
    connection = c;
    isConnected = true;
  }

  @Override
  public void onData(TcpConnection c, Buffer data) {
    if (!readShutDown) {
      data.retain();
      received.add(data);
    }
  }

  @Override
  public void onWritable(TcpConnection c) {
    full = false;
  }

  @Override
  public void onPeerClosed(TcpConnection c) {
    endOfStream = true;
  }

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason reason) {
    closed = true;
    endOfStream = true;
    error =
        switch (reason) {
          case NORMAL, STACK_CLOSED, ABORTED -> 0;
          // A connection that both sides had closed to each other is broken, not just reset.
          case RESET -> (writeShutDown ? Errno.EPIPE : Errno.ECONNRESET).failure();
          case REFUSED -> Errno.ECONNREFUSED.failure();
          case TIMED_OUT -> Errno.ETIMEDOUT.failure();
          case UNREACHABLE -> Errno.EHOSTUNREACH.failure();
        };
  }

  @Override
  int takeError() {
    int taken = error;
    error = 0;
    return taken;
  }

  // ---- what scripts call ----

  @Override
  int bind(IpAddress newAddress, int newPort) {
    address = isAny(newAddress) ? null : newAddress;
    port = newPort;
    return 0;
  }

  private static boolean isAny(IpAddress address) {
    return address.equals(IpAddress.ANY_V4) || (address.hi() == 0 && address.lo() == 0);
  }

  @Override
  boolean isStream() {
    return true;
  }

  @Override
  boolean isStarted() {
    return listener != null || connection != null;
  }

  @Override
  int listen(int backlog) {
    if (listener != null) {
      return 0;
    }
    if (connection != null) {
      return Errno.EINVAL.failure();
    }
    try {
      listener = tcp.listen(address, port, this::accept, Math.max(1, backlog));
      return 0;
    } catch (IllegalStateException e) {
      return Errno.EADDRINUSE.failure();
    }
  }

  private TcpHandler accept(TcpConnection c) {
    TcpScriptSocket socket = new TcpScriptSocket(tcp);
    socket.connection = c;
    socket.inherit(this);
    accepted.add(socket);
    return socket;
  }

  /** What was set on a listening socket holds for the connections that it accepts. */
  private void inherit(TcpScriptSocket from) {
    resetOnClose = from.resetOnClose;
    if (from.noDelay) {
      set("TCP_NODELAY", 1);
    }
    if (from.keepAlive) {
      set("SO_KEEPALIVE", 1);
    }
    if (from.trafficClass != 0) {
      set("IP_TOS", from.trafficClass);
    }
  }

  @Override
  ScriptSocket accept() {
    return accepted.poll();
  }

  @Override
  int connect(IpAddress remote, int remotePort) {
    if (connection != null) {
      return (isConnected ? Errno.EISCONN : Errno.EALREADY).failure();
    }
    try {
      connection = tcp.connect(address, port, remote, remotePort, this);
    } catch (IllegalStateException e) {
      return Errno.ENETUNREACH.failure();
    }
    connection.noDelay(noDelay);
    connection.keepAlive(keepAlive);
    if (trafficClass != 0) {
      connection.trafficClass(trafficClass);
    }
    return Errno.EINPROGRESS.failure();
  }

  @Override
  int connected() {
    if (closed) {
      return takeError();
    }
    return isConnected ? 0 : Errno.EINPROGRESS.failure();
  }

  @Override
  int send(int length) {
    if (error != 0) {
      return takeError();
    }
    if (connection == null) {
      return Errno.ENOTCONN.failure();
    }
    if (writeShutDown || closed) {
      return Errno.EPIPE.failure();
    }
    if (full) {
      return Errno.EAGAIN.failure();
    }
    full = !connection.send(new byte[length], 0, length);
    return length;
  }

  @Override
  int receive(int length, boolean peek) {
    if (peek && !received.isEmpty()) {
      return (int) Math.min(length, readable());
    }
    return receive(length);
  }

  private int receive(int length) {
    int taken = 0;
    while (taken < length && !received.isEmpty()) {
      Buffer first = received.getFirst();
      int now = Math.min(length - taken, first.length() - read);
      requireZeros(first, read, now);
      taken += now;
      read += now;
      if (read == first.length()) {
        received.removeFirst().release();
        read = 0;
      }
    }
    if (taken > 0) {
      return taken;
    }
    if (error != 0) {
      return takeError();
    }
    if (connection == null) {
      return Errno.ENOTCONN.failure();
    }
    return endOfStream || readShutDown ? 0 : Errno.EAGAIN.failure();
  }

  private static void requireZeros(Buffer data, int from, int length) {
    for (int i = 0; i < length; i++) {
      if (data.getByte(from + i) != 0) {
        throw new AssertionError("a byte was delivered that no script sends");
      }
    }
  }

  @Override
  int shutdown(int how) {
    if (how < 0 || how > 2) {
      return Errno.EINVAL.failure();
    }
    if (connection == null || closed) {
      return Errno.ENOTCONN.failure();
    }
    readShutDown |= how != 1;
    if (how != 0 && !writeShutDown) {
      writeShutDown = true;
      connection.shutdownOutput();
    }
    return 0;
  }

  @Override
  int close() {
    if (listener != null) {
      listener.stopAccepting();
      accepted.forEach(TcpScriptSocket::close);
    }
    if (connection != null && !closed) {
      // RFC 9293 §3.6.1 (SHLD-3): closing with data unread tells the peer that it is lost.
      if (resetOnClose || !received.isEmpty()) {
        connection.abort();
      } else {
        connection.close();
      }
    }
    received.forEach(Buffer::release);
    received.clear();
    return 0;
  }

  @Override
  Integer set(String name, long... values) {
    boolean on = values.length > 0 && values[0] != 0;
    switch (name) {
      // Both ends are the only hosts there are, and acknowledgments are as quick as they can be.
      case "SO_REUSEADDR",
          "SO_REUSEPORT",
          "IP_MTU_DISCOVER",
          "IPV6_MTU_DISCOVER",
          "SO_PRIORITY" -> {}
      case "TCP_NODELAY" -> {
        noDelay = on;
        if (connection != null) {
          connection.noDelay(on);
        }
      }
      case "SO_KEEPALIVE" -> {
        keepAlive = on;
        if (connection != null) {
          connection.keepAlive(on);
        }
      }
      case "SO_LINGER" -> {
        if (on && (values.length < 2 || values[1] != 0)) {
          throw new UnsupportedOperationException("the stack does not wait in close() (SO_LINGER)");
        }
        resetOnClose = on;
      }
      case "IP_TOS", "IPV6_TCLASS" -> {
        trafficClass = (int) values[0];
        if (connection != null) {
          connection.trafficClass(trafficClass);
        }
      }
      default -> {
        return null;
      }
    }
    return 0;
  }

  @Override
  long getOption(String name) {
    return switch (name) {
      case "TCP_NODELAY" -> noDelay ? 1 : 0;
      case "SO_KEEPALIVE" -> keepAlive ? 1 : 0;
      case "IP_TOS", "IPV6_TCLASS" -> trafficClass;
      case "SO_ACCEPTCONN" -> listener == null ? 0 : 1;
      case "TCP_MAXSEG" ->
          connection == null ? super.getOption(name) : info().map(TcpInfo::curMss).orElse(0);
      default -> super.getOption(name);
    };
  }

  @Override
  Optional<TcpInfo> info() {
    return connection == null ? Optional.empty() : connection.info();
  }

  @Override
  long readable() {
    return received.stream().mapToLong(Buffer::length).sum() - read;
  }

  @Override
  long unacknowledged() {
    return connection == null ? 0 : connection.unacknowledgedBytes();
  }

  @Override
  IpAddress address(boolean ofPeer) {
    if (connection == null) {
      return ofPeer ? null : address;
    }
    return ofPeer ? connection.remoteAddress() : connection.localAddress();
  }

  @Override
  int port(boolean ofPeer) {
    return !ofPeer ? localPort() : connection == null ? 0 : connection.remotePort();
  }

  @Override
  int poll() {
    if (listener != null) {
      return accepted.isEmpty() ? 0 : POLLIN;
    }
    boolean readable = !received.isEmpty() || endOfStream || readShutDown;
    boolean writable = isConnectedOrAccepted() && !full;
    return (readable ? POLLIN : 0)
        | (writable || closed ? POLLOUT : 0)
        | (endOfStream ? POLLRDHUP : 0)
        | (closed || (endOfStream && writeShutDown) ? POLLHUP : 0)
        | (error == 0 ? 0 : POLLERR);
  }

  private boolean isConnectedOrAccepted() {
    return connection != null && connection.isSendable();
  }

  @Override
  int localPort() {
    return connection == null ? port : connection.localPort();
  }
}
