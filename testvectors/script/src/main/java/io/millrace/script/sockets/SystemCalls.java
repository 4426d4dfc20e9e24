package io.millrace.script.sockets;

import io.millrace.ip.IpAddress;
import io.millrace.net.Shard;
import io.millrace.script.language.Event.CallEvent;
import io.millrace.script.language.Expression;
import io.millrace.script.language.Expression.Any;
import io.millrace.script.language.Expression.Items;
import io.millrace.script.language.Expression.Struct;
import io.millrace.script.language.Expression.Text;
import io.millrace.script.sockets.Values.SocketAddress;
import io.millrace.script.wire.Peer;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpInfo;
import io.millrace.udp.Udp;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A script's system calls on the stack's own API: descriptors by the script's numbers, arguments,
 * blocking and results.
 */
public final class SystemCalls {
  private static final int MOST = 1 << 30;
  private static final int NONBLOCK = 2048;
  private static final int PEEK = 2;
  private static final int DONTWAIT = 64;
  private static final int HARMLESS_FLAGS = 16_384 | DONTWAIT;
  private static final long BYTES_READABLE = Symbols.value("SIOCINQ");
  private static final long BYTES_UNACKNOWLEDGED = Symbols.value("SIOCOUTQ");

  private final Shard shard;
  private final Endpoints endpoints;
  private final Peer peer;
  private final Map<Long, ScriptSocket> sockets = new LinkedHashMap<>();
  private final PollCalls polls;

  /**
   * A call that has been started.
   *
   * @param attempt makes it, or goes on with it; {@code EAGAIN} while it has to wait
   * @param blocking whether it waits
   * @param opens whether its result is a new descriptor
   */
  private record Started(LongSupplier attempt, boolean blocking, boolean opens) {}

  /** A call under way. */
  public final class Running {
    private final CallEvent event;
    private final long start;
    private final Started started;
    private long result;
    private boolean done;

    private Running(CallEvent event, long start, Started started) {
      this.event = event;
      this.start = start;
      this.started = started;
    }

    /** What the script says of it. */
    public CallEvent event() {
      return event;
    }

    /** When it was started, in nanoseconds. */
    public long start() {
      return start;
    }

    /** Goes on; true once it has returned. */
    public boolean advance() {
      if (!done) {
        result = started.attempt().getAsLong();
        done = !(started.blocking() && result == Errno.EAGAIN.failure());
      }
      return done;
    }

    /** Verifies what it has returned; says whether there was anything to verify. */
    public boolean verify() {
      return SystemCalls.this.verify(event, result, started.opens());
    }
  }

  /** System calls on a shard; {@code peer} is told which ports are used. */
  public SystemCalls(Shard shard, Endpoints endpoints, Peer peer) {
    this.shard = shard;
    this.endpoints = endpoints;
    this.peer = peer;
    this.polls = new PollCalls(sockets::get, () -> shard.clock().now());
  }

  /** What the connection under test tells of itself: that of the last descriptor; null if none. */
  public TcpInfo info() {
    TcpInfo last = null;
    for (ScriptSocket socket : sockets.values()) {
      last = socket.info().orElse(last);
    }
    return last;
  }

  /** Starts a call, which may have returned at once. */
  public Running start(CallEvent event, long nanos) {
    return new Running(event, nanos, prepare(event, new Values(event)));
  }

  private Started prepare(CallEvent event, Values values) {
    return switch (event.name()) {
      case "socket" -> socket(event, values);
      case "bind" -> now(bind(values));
      case "listen" -> now(socket(values).listen((int) values.number(1)));
      case "accept", "accept4" -> accept(event, values);
      case "connect" -> connect(values);
      case "read" -> receive(values, values.integer(2, MOST), 0);
      case "recv", "recvfrom" -> receive(values, values.integer(2, MOST), values.number(3));
      case "readv" -> receive(values, values.vectorLength(1), 0);
      case "recvmsg" -> receive(values, values.messageLength(values.message(1)), values.number(2));
      case "write" -> send(values, values.integer(2, MOST), 0);
      case "send" -> send(values, values.integer(2, MOST), values.number(3));
      case "writev" -> send(values, values.vectorLength(1), 0);
      case "sendto" -> sendTo(values, values.integer(2, MOST), values.number(3), values.address(4));
      case "sendmsg" -> sendMessage(values);
      case "close" -> now(close(values));
      case "shutdown" -> now(socket(values).shutdown(values.integer(1, MOST)));
      case "fcntl" -> now(fcntl(values));
      case "ioctl" -> now(ioctl(values));
      case "setsockopt" -> now(setOption(values));
      case "getsockopt" -> now(getOption(values));
      case "getsockname" -> now(name(values, false));
      case "getpeername" -> now(name(values, true));
      case "poll" -> new Started(polls.poll(values), values.number(2) != 0, false);
      case "epoll_create", "epoll_create1" -> epoll(event);
      case "epoll_ctl" -> now(polls.control(values));
      case "epoll_wait" -> new Started(polls.waitForEvents(values), values.number(3) != 0, false);
      default ->
          throw new UnsupportedOperationException(
              event.name().startsWith("sctp_")
                  ? "the stack does not speak SCTP yet"
                  : "the stack does not have " + event.name() + "()");
    };
  }

  private static Started now(long result) {
    return new Started(() -> result, false, false);
  }

  private ScriptSocket socket(Values values) {
    ScriptSocket socket = sockets.get(values.number(0));
    if (socket == null) {
      throw values.wrong("no descriptor " + values.number(0) + " was opened before");
    }
    return socket;
  }

  private Started socket(CallEvent event, Values values) {
    long type = values.number(1);
    long protocol = values.isAny(2) ? 0 : values.number(2);
    ScriptSocket socket;
    if (protocol == 132 || protocol == 262 || (type & 15) == 3 || (type & 15) == 5) {
      String name = protocol == 132 ? "SCTP" : "this kind of socket";
      throw new UnsupportedOperationException("the stack does not speak " + name + " yet");
    } else if ((type & 15) == 1) {
      socket = new TcpScriptSocket(Tcp.of(shard));
    } else {
      socket = new UdpScriptSocket(Udp.of(shard));
    }
    socket.blocking = (type & NONBLOCK) == 0;
    return new Started(() -> opened(event, socket), false, true);
  }

  /** Gives a new socket the number that the script has for it. */
  private static long number(CallEvent event) {
    return event.result() instanceof Any ? -1 : new Values(event).number(event.result());
  }

  private long opened(CallEvent event, ScriptSocket socket) {
    long number = number(event);
    if (number >= 0) {
      sockets.put(number, socket);
    }
    return Math.max(number, 0);
  }

  private Started epoll(CallEvent event) {
    long number = number(event);
    polls.create(number);
    return new Started(() -> number, false, true);
  }

  private int bind(Values values) {
    ScriptSocket socket = socket(values);
    SocketAddress where = values.address(1);
    int result =
        socket.bind(
            where.address() == null ? endpoints.local() : where.address(),
            where.port() == null ? endpoints.bindPort() : where.port());
    if (result >= 0) {
      peer.localPort(socket.localPort());
    }
    return result;
  }

  private Started accept(CallEvent event, Values values) {
    ScriptSocket listener = socket(values);
    boolean nonBlocking = event.name().equals("accept4") && (values.number(3) & NONBLOCK) != 0;
    LongSupplier attempt =
        () -> {
          ScriptSocket accepted = listener.accept();
          if (accepted == null) {
            return Errno.EAGAIN.failure();
          }
          accepted.blocking = !nonBlocking;
          return opened(event, accepted);
        };
    return new Started(attempt, listener.blocking, true);
  }

  private Started connect(Values values) {
    ScriptSocket socket = socket(values);
    SocketAddress where = values.address(1);
    int port = where.port() == null ? endpoints.connectPort() : where.port();
    peer.remotePort(port);
    peer.opens();
    int first =
        socket.connect(where.address() == null ? endpoints.remote() : where.address(), port);
    if (first == 0 || first == Errno.EINPROGRESS.failure()) {
      peer.localPort(socket.localPort());
    }
    if (first != Errno.EINPROGRESS.failure() || !socket.blocking) {
      return now(first);
    }
    return new Started(
        () -> {
          int result = socket.connected();
          return result == Errno.EINPROGRESS.failure() ? Errno.EAGAIN.failure() : result;
        },
        true,
        false);
  }

  private Started receive(Values values, int length, long flags) {
    ScriptSocket socket = socket(values);
    if ((flags & ~(HARMLESS_FLAGS | PEEK)) != 0) {
      throw new UnsupportedOperationException("the stack does not have the flags " + flags);
    }
    return new Started(
        () -> socket.receive(length, (flags & PEEK) != 0),
        socket.blocking && (flags & DONTWAIT) == 0,
        false);
  }

  private static void checkFlags(long flags) {
    if ((flags & ~HARMLESS_FLAGS) != 0) {
      throw new UnsupportedOperationException("the stack does not have the flags " + flags);
    }
  }

  private Started send(Values values, int length, long flags) {
    ScriptSocket socket = socket(values);
    checkFlags(flags);
    boolean blocking = socket.blocking && (flags & DONTWAIT) == 0;
    if (!socket.isStream() || !blocking) {
      return new Started(() -> socket.send(length), blocking, false);
    }
    int[] sent = new int[1];
    return new Started(
        () -> {
          while (true) {
            int taken = socket.send(length - sent[0]);
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

  private Started sendMessage(Values values) {
    Struct message = values.message(1);
    int length = values.messageLength(message);
    Expression name = Values.find(message, "msg_name");
    return name == null || socket(values).isStream()
        ? send(values, length, values.number(2))
        : sendTo(values, length, values.number(2), values.address(name));
  }

  private Started sendTo(Values values, int length, long flags, SocketAddress where) {
    ScriptSocket socket = socket(values);
    if (socket.isStream()) {
      return send(values, length, flags);
    }
    checkFlags(flags);
    IpAddress address = where.address() == null ? endpoints.remote() : where.address();
    int port = where.port() == null ? endpoints.connectPort() : where.port();
    peer.remotePort(port);
    return new Started(
        () -> {
          int result = socket.sendTo(length, address, port);
          peer.localPort(socket.localPort());
          return result;
        },
        socket.blocking,
        false);
  }

  private int close(Values values) {
    if (polls.isEpoll(values.number(0))) {
      return 0;
    }
    int result = socket(values).close();
    sockets.remove(values.number(0));
    return result;
  }

  private long fcntl(Values values) {
    ScriptSocket socket = socket(values);
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

  private long ioctl(Values values) {
    ScriptSocket socket = socket(values);
    long request = values.number(1);
    if (request != BYTES_READABLE && request != BYTES_UNACKNOWLEDGED) {
      throw new UnsupportedOperationException("ioctl knows SIOCINQ and SIOCOUTQ only");
    }
    long value = request == BYTES_READABLE ? socket.readable() : socket.unacknowledged();
    long[] expected = values.numbers(2);
    if (expected.length > 0 && expected[0] != value) {
      throw values.wrong("the number of bytes is " + value + ", expected " + expected[0]);
    }
    return 0;
  }

  private int setOption(Values values) {
    return socket(values).setOption(values.name(2), values.numbers(3));
  }

  private long getOption(Values values) {
    String name = values.name(2);
    if (name.equals("TCP_INFO")) {
      return socket(values).info().isPresent() ? 0 : Errno.EINVAL.failure();
    }
    boolean anyValue =
        values.isAny(3)
            || values.argument(3) instanceof Text
            || (values.argument(3) instanceof Items items
                && items.items().stream().allMatch(Any.class::isInstance));
    if (values.argument(3) instanceof Text) {
      throw new UnsupportedOperationException("the stack does not tell the option " + name);
    }
    long value = socket(values).getOption(name);
    if (!anyValue && values.numbers(3)[0] != value) {
      throw values.wrong(name + " is " + value + ", expected " + values.numbers(3)[0]);
    }
    return 0;
  }

  /** The address of a socket's end, compared with what the script writes of it. */
  private long name(Values values, boolean ofPeer) {
    ScriptSocket socket = socket(values);
    SocketAddress expected = values.address(1);
    IpAddress address = socket.address(ofPeer);
    if (ofPeer && address == null) {
      return Errno.ENOTCONN.failure();
    }
    if (expected.port() != null && expected.port() != socket.port(ofPeer)) {
      throw values.wrong("the port is " + socket.port(ofPeer) + ", expected " + expected.port());
    }
    if (expected.address() != null && address != null && !expected.address().equals(address)) {
      throw values.wrong("the address is " + address + ", expected " + expected.address());
    }
    return 0;
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
