package io.millrace.e2e.script;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.tcp.TcpListener;
import io.millrace.testkit.script.Errno;
import io.millrace.testkit.script.ScriptHost;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A TCP socket as scripts see it, over nothing but the API of the stack: data waits, retained,
 * until it is read, so that the window closes.
 */
final class TcpHostSocket extends HostSocket implements TcpHandler {
  private final Tcp tcp;
  private final Deque<TcpHostSocket> accepted = new ArrayDeque<>();
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

  TcpHostSocket(Tcp tcp) {
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

  private int takeError() {
    int taken = error;
    error = 0;
    return taken;
  }

  // ---- what scripts call ----

  @Override
  int bind(IpAddress newAddress, int newPort) {
    address = newAddress.equals(IpAddress.parse("0.0.0.0")) ? null : newAddress;
    port = newPort;
    return 0;
  }

  @Override
  int listen(int backlog) {
    try {
      listener = tcp.listen(address, port, this::accept, Math.max(1, backlog));
      return 0;
    } catch (IllegalStateException e) {
      return Errno.EADDRINUSE.failure();
    }
  }

  private TcpHandler accept(TcpConnection c) {
    TcpHostSocket socket = new TcpHostSocket(tcp);
    socket.connection = c;
    accepted.add(socket);
    return socket;
  }

  @Override
  HostSocket accept() {
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
  int receive(int length) {
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
  int shutdown(ScriptHost.Shutdown how) {
    if (connection == null || closed) {
      return Errno.ENOTCONN.failure();
    }
    readShutDown |= how != ScriptHost.Shutdown.WRITE;
    if (how != ScriptHost.Shutdown.READ && !writeShutDown) {
      writeShutDown = true;
      connection.shutdownOutput();
    }
    return 0;
  }

  @Override
  int close() {
    if (listener != null) {
      listener.stopAccepting();
      accepted.forEach(TcpHostSocket::close);
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
  int setOption(String level, String name, long... values) {
    boolean on = values[0] != 0;
    switch (name) {
      case "SO_REUSEADDR" -> {}
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
        if (on && values[1] != 0) {
          return super.setOption(level, name, values);
        }
        resetOnClose = on;
      }
      case "IP_TOS" -> connection.trafficClass((int) values[0]);
      default -> {
        return super.setOption(level, name, values);
      }
    }
    return 0;
  }

  @Override
  long getOption(String level, String name) {
    return name.equals("SO_ERROR") ? -takeError() : super.getOption(level, name);
  }

  @Override
  int poll() {
    if (listener != null) {
      return accepted.isEmpty() ? 0 : ScriptHost.POLLIN;
    }
    boolean readable = !received.isEmpty() || endOfStream || readShutDown;
    boolean writable = isConnectedOrAccepted() && !full;
    return (readable ? ScriptHost.POLLIN : 0)
        | (writable || closed ? ScriptHost.POLLOUT : 0)
        | (endOfStream ? ScriptHost.POLLRDHUP : 0)
        | (closed || (endOfStream && writeShutDown) ? ScriptHost.POLLHUP : 0)
        | (error == 0 ? 0 : ScriptHost.POLLERR);
  }

  private boolean isConnectedOrAccepted() {
    return connection != null && connection.isSendable();
  }

  @Override
  int localPort() {
    return connection == null ? port : connection.localPort();
  }
}
