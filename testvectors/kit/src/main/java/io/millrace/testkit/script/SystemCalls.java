package io.millrace.testkit.script;

import io.millrace.ip.IpAddress;
import io.millrace.testkit.script.Event.CallEvent;
import io.millrace.testkit.script.Expression.Any;
import io.millrace.testkit.script.Expression.Items;
import io.millrace.testkit.script.Expression.Struct;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A script's system calls on a {@link ScriptHost}: descriptors by the script's numbers, arguments,
 * blocking and results.
 */
final class SystemCalls {
  private static final int MOST = 1 << 30;
  private static final int NONBLOCK = 2048;
  private static final int DONTWAIT = 64;
  private static final int HARMLESS_FLAGS = 16_384 | DONTWAIT;

  private final ScriptHost host;
  private final ScriptSetup setup;
  private final Peer peer;
  private final int bindPort;
  private final int connectPort;
  private final Map<Long, Socket> sockets = new HashMap<>();

  /** A socket by the script's number. */
  private static final class Socket {
    final int fd;
    final boolean stream;
    boolean blocking;

    Socket(int fd, boolean stream, boolean blocking) {
      this.fd = fd;
      this.stream = stream;
      this.blocking = blocking;
    }
  }

  /**
   * A call that has been started.
   *
   * @param attempt makes it, or goes on with it; {@code EAGAIN} while it has to wait
   * @param blocking whether it waits
   * @param opens whether its result is a new descriptor
   */
  private record Started(LongSupplier attempt, boolean blocking, boolean opens) {}

  /** A call under way. */
  final class Running {
    final CallEvent event;
    final long start;
    private final Started started;
    private long result;
    private boolean done;

    private Running(CallEvent event, long start, Started started) {
      this.event = event;
      this.start = start;
      this.started = started;
    }

    /** Goes on; true once it has returned. */
    boolean advance() {
      if (!done) {
        result = started.attempt().getAsLong();
        done = !(started.blocking() && result == Errno.EAGAIN.failure());
      }
      return done;
    }

    /** Verifies what it has returned; says whether there was anything to verify. */
    boolean verify() {
      return SystemCalls.this.verify(event, result, started.opens());
    }
  }

  SystemCalls(ScriptHost host, ScriptSetup setup, Peer peer, int bindPort, int connectPort) {
    this.host = host;
    this.setup = setup;
    this.peer = peer;
    this.bindPort = bindPort;
    this.connectPort = connectPort;
  }

  Running start(CallEvent event, long nanos) {
    return new Running(event, nanos, prepare(event, new Values(event)));
  }

  private Started prepare(CallEvent event, Values values) {
    return switch (event.name()) {
      case "socket" -> socket(event, values);
      case "bind" -> now(bind(values));
      case "listen" -> now(host.listen(socket(values).fd, (int) values.number(1)));
      case "accept", "accept4" -> accept(event, values);
      case "connect" -> connect(values);
      case "read" -> receive(values, values.integer(2, MOST), 0);
      case "recv", "recvfrom" -> receive(values, values.integer(2, MOST), values.number(3));
      case "readv" -> receive(values, values.vectorLength(1), 0);
      case "write" -> send(values, values.integer(2, MOST), 0);
      case "send" -> send(values, values.integer(2, MOST), values.number(3));
      case "writev" -> send(values, values.vectorLength(1), 0);
      case "sendto" -> sendTo(values);
      case "close" -> now(close(values));
      case "shutdown" -> now(shutdown(values));
      case "fcntl" -> now(fcntl(values));
      case "setsockopt" -> now(setOption(values));
      case "getsockopt" -> now(getOption(values));
      case "poll" -> poll(values);
      default -> throw new UnsupportedOperationException(event.name() + "() is not supported yet");
    };
  }

  private static Started now(long result) {
    return new Started(() -> result, false, false);
  }

  private Socket socket(Values values) {
    Socket socket = sockets.get(values.number(0));
    if (socket == null) {
      throw values.wrong("no descriptor " + values.number(0) + " was opened before");
    }
    return socket;
  }

  private Started socket(CallEvent event, Values values) {
    if (!values.isAny(0) && values.number(0) != 2) {
      throw new UnsupportedOperationException("only AF_INET is supported yet");
    }
    long type = values.number(1);
    boolean stream = (type & 15) == 1;
    if (!stream && (type & 15) != 2) {
      throw new UnsupportedOperationException("only SOCK_STREAM and SOCK_DGRAM are supported yet");
    }
    int fd = host.socket(stream);
    return opened(event, new Socket(fd, stream, (type & NONBLOCK) == 0));
  }

  /** Gives a new socket the number that the script has for it. */
  private Started opened(CallEvent event, Socket socket) {
    if (socket.fd >= 0 && !(event.result() instanceof Any)) {
      sockets.put(new Values(event).number(event.result()), socket);
    }
    return new Started(() -> socket.fd, false, true);
  }

  private int bind(Values values) {
    int fd = socket(values).fd;
    int result = host.bind(fd, values.address(1, setup.localAddress()), values.port(1, bindPort));
    if (result >= 0) {
      peer.localPort(host.localPort(fd));
    }
    return result;
  }

  private Started accept(CallEvent event, Values values) {
    Socket listener = socket(values);
    boolean nonBlocking = event.name().equals("accept4") && (values.number(3) & NONBLOCK) != 0;
    LongSupplier attempt =
        () -> {
          int fd = host.accept(listener.fd);
          return fd < 0
              ? fd
              : opened(event, new Socket(fd, true, !nonBlocking)).attempt().getAsLong();
        };
    return new Started(attempt, listener.blocking, true);
  }

  private Started connect(Values values) {
    Socket socket = socket(values);
    IpAddress address = values.address(1, setup.remote());
    int port = values.port(1, connectPort);
    peer.remotePort(port);
    int first = host.connect(socket.fd, address, port);
    if (first == 0 || first == Errno.EINPROGRESS.failure()) {
      peer.localPort(host.localPort(socket.fd));
    }
    if (first != Errno.EINPROGRESS.failure() || !socket.blocking) {
      return now(first);
    }
    return new Started(
        () -> {
          int result = host.connected(socket.fd);
          return result == Errno.EINPROGRESS.failure() ? Errno.EAGAIN.failure() : result;
        },
        true,
        false);
  }

  private Started receive(Values values, int length, long flags) {
    Socket socket = socket(values);
    checkFlags(flags);
    return new Started(
        () -> host.receive(socket.fd, length), socket.blocking && (flags & DONTWAIT) == 0, false);
  }

  private static void checkFlags(long flags) {
    if ((flags & ~HARMLESS_FLAGS) != 0) {
      throw new UnsupportedOperationException("the MSG_ flags " + flags + " are not supported yet");
    }
  }

  private Started send(Values values, int length, long flags) {
    Socket socket = socket(values);
    checkFlags(flags);
    boolean blocking = socket.blocking && (flags & DONTWAIT) == 0;
    if (!blocking || !socket.stream) {
      return new Started(() -> host.send(socket.fd, length), blocking, false);
    }
    int[] sent = new int[1];
    return new Started(
        () -> {
          while (true) {
            int taken = host.send(socket.fd, length - sent[0]);
            if (taken < 0 && taken != Errno.EAGAIN.failure()) {
              return sent[0] == 0 ? taken : sent[0];
            }
            sent[0] += Math.max(taken, 0);
            if (sent[0] == length) {
              return length;
            }
            if (taken <= 0) {
              return Errno.EAGAIN.failure();
            }
          }
        },
        true,
        false);
  }

  private Started sendTo(Values values) {
    int length = values.integer(2, MOST);
    Socket socket = socket(values);
    if (socket.stream) {
      return send(values, length, values.number(3));
    }
    checkFlags(values.number(3));
    IpAddress address = values.address(4, setup.remote());
    int port = values.port(4, connectPort);
    peer.remotePort(port);
    return new Started(
        () -> {
          int result = host.sendTo(socket.fd, length, address, port);
          peer.localPort(host.localPort(socket.fd));
          return result;
        },
        socket.blocking,
        false);
  }

  private int close(Values values) {
    int result = host.close(socket(values).fd);
    sockets.remove(values.number(0));
    return result;
  }

  private int shutdown(Values values) {
    ScriptHost.Shutdown how =
        switch (values.integer(1, 2)) {
          case 0 -> ScriptHost.Shutdown.READ;
          case 1 -> ScriptHost.Shutdown.WRITE;
          default -> ScriptHost.Shutdown.BOTH;
        };
    return host.shutdown(socket(values).fd, how);
  }

  private long fcntl(Values values) {
    Socket socket = socket(values);
    long command = values.number(1);
    if (command == 3) {
      return 2 | (socket.blocking ? 0 : NONBLOCK);
    }
    if (command == 4) {
      socket.blocking = (values.number(2) & NONBLOCK) == 0;
      return 0;
    }
    throw new UnsupportedOperationException("fcntl knows F_GETFL and F_SETFL only");
  }

  private int setOption(Values values) {
    return host.setOption(socket(values).fd, values.name(1), values.name(2), values.numbers(3));
  }

  private long getOption(Values values) {
    long value = host.getOption(socket(values).fd, values.name(1), values.name(2));
    boolean anyValue =
        values.isAny(3)
            || (values.argument(3) instanceof Items items
                && items.items().stream().allMatch(Any.class::isInstance));
    if (!anyValue && values.numbers(3)[0] != value) {
      throw values.wrong(values.name(2) + " is " + value + ", expected " + values.numbers(3)[0]);
    }
    return 0;
  }

  private Started poll(Values values) {
    List<Expression> wanted = values.items(0);
    boolean waits = values.number(2) != 0;
    if (values.number(2) > 0) {
      throw new UnsupportedOperationException("poll() with a timeout is not supported yet");
    }
    return new Started(
        () -> {
          int ready = 0;
          long[] found = new long[wanted.size()];
          for (int i = 0; i < found.length; i++) {
            found[i] = ready(values, (Struct) wanted.get(i));
            ready += found[i] == 0 ? 0 : 1;
          }
          if (ready == 0 && waits) {
            return Errno.EAGAIN.failure();
          }
          for (int i = 0; i < found.length; i++) {
            compareEvents(values, (Struct) wanted.get(i), found[i]);
          }
          return ready;
        },
        waits,
        false);
  }

  private long ready(Values values, Struct each) {
    long number = values.number(values.field(each, "fd"));
    Socket socket = sockets.get(number);
    if (socket == null) {
      throw values.wrong("no descriptor " + number + " was opened before");
    }
    long asked = values.number(values.field(each, "events"));
    return host.poll(socket.fd) & (asked | ScriptHost.POLLERR | ScriptHost.POLLHUP);
  }

  private static void compareEvents(Values values, Struct each, long found) {
    Expression expected = values.field(each, "revents");
    if (!(expected instanceof Any) && values.number(expected) != found) {
      throw values.wrong(
          "revents are "
              + found
              + " for descriptor "
              + values.number(values.field(each, "fd"))
              + ", expected "
              + values.number(expected));
    }
  }

  private boolean verify(CallEvent event, long result, boolean opens) {
    if (event.result() instanceof Any) {
      return false;
    }
    Values values = new Values(event);
    long expected = values.number(event.result());
    String actual = result < 0 ? "-1 " + Errno.name(result) : String.valueOf(result);
    boolean equal;
    if (expected < 0) {
      equal = result < 0 && (event.errno() == null || event.errno().equals(Errno.name(result)));
    } else {
      equal = opens ? result >= 0 : result == expected;
    }
    if (!equal) {
      String wanted = expected + (event.errno() == null ? "" : " " + event.errno());
      throw values.wrong("returned " + actual + ", expected " + wanted);
    }
    return true;
  }
}
