package io.millrace.script.sockets;

import io.millrace.ip.IpAddress;
import io.millrace.script.setting.StartOptions;
import io.millrace.tcp.TcpInfo;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a descriptor stands for. Calls return 0 or more, or {@link Errno#failure}; {@code EAGAIN}
 * where they would block. What a kind of socket does not have answers so; what the stack does not
 * have is said by {@link UnsupportedOperationException}.
 */
abstract class ScriptSocket {
  static final int POLLIN = 1;
  static final int POLLOUT = 4;
  static final int POLLERR = 8;
  static final int POLLHUP = 16;
  static final int POLLRDHUP = 0x2000;

  private static final int NOT_SUPPORTED = Errno.EOPNOTSUPP.failure();

  /** Whether calls on it wait. */
  boolean blocking = true;

  private final Map<String, Long> options = new HashMap<>();

  abstract boolean isStream();

  abstract int bind(IpAddress address, int port);

  int listen(int backlog) {
    return NOT_SUPPORTED;
  }

  /** The next connection, or null if none waits. */
  ScriptSocket accept() {
    return null;
  }

  /** Starts to connect: 0 if that was all, EINPROGRESS if it goes on. */
  abstract int connect(IpAddress address, int port);

  /** How a connect goes: 0 once connected, EINPROGRESS, or what went wrong. */
  int connected() {
    return NOT_SUPPORTED;
  }

  /** Sends so many zeros; returns how many were taken. */
  abstract int send(int length);

  int sendTo(int length, IpAddress address, int port) {
    return NOT_SUPPORTED;
  }

  /** Receives up to so many bytes; if {@code peek}, they stay. */
  abstract int receive(int length, boolean peek);

  /** Ends reading, writing or both: 0, 1, 2. */
  int shutdown(int how) {
    return NOT_SUPPORTED;
  }

  abstract int close();

  /** The {@code POLL} bits that hold now, whether asked for or not. */
  abstract int poll();

  abstract int localPort();

  /** The address of one end, or null if it has none. */
  abstract IpAddress address(boolean ofPeer);

  /** The port of one end. */
  abstract int port(boolean ofPeer);

  /** SIOCINQ: bytes that can be read. */
  abstract long readable();

  /** SIOCOUTQ: bytes that were not acknowledged. */
  abstract long unacknowledged();

  /** What the connection tells of itself; empty if there is none. */
  Optional<TcpInfo> info() {
    return Optional.empty();
  }

  // ---- options ----

  /** Whether the socket has begun to do what it is for. */
  abstract boolean isStarted();

  /** Sets an option that this kind of socket has; null if it does not have it. */
  abstract Integer set(String name, long... values);

  abstract int takeError();

  int setOption(String name, long... values) {
    if (StartOptions.NAMES.contains(name)) {
      if (isStarted() && StartOptions.BEFORE_CONNECTING.contains(name)) {
        throw new UnsupportedOperationException(
            "the stack takes " + name + " only before a connection is there");
      }
    } else {
      if (values.length == 0) {
        throw new UnsupportedOperationException(
            "the value of the option " + name + " is no number");
      }
      Integer result = set(name, values);
      if (result == null) {
        throw new UnsupportedOperationException("the stack does not have the option " + name);
      }
      if (result < 0) {
        return result;
      }
    }
    if (values.length > 0) {
      options.put(name, values[0]);
    }
    return 0;
  }

  long getOption(String name) {
    return switch (name) {
      case "SO_ERROR" -> -takeError();
      case "SO_TYPE" -> isStream() ? 1 : 2;
      case "SO_RCVBUF", "SO_SNDBUF" -> 2 * remembered(name);
      default -> remembered(name);
    };
  }

  private long remembered(String name) {
    Long value = options.get(name);
    if (value == null) {
      throw new UnsupportedOperationException("the stack does not tell the option " + name);
    }
    return value;
  }
}
