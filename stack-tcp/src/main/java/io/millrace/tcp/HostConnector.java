package io.millrace.tcp;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.name.NameAnswer;
import io.millrace.name.NameService;
import io.millrace.net.Shard;
import io.millrace.time.TimerNode;
import io.millrace.transport.HappyEyeballs;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/**
 * Connects to a host by its name: asks for its addresses and tries them, IPv6 first and the
 * families in turn, the next a quarter of a second after the last if that has not been answered;
 * the first connection that is made is taken, the others are reset (RFC 8305).
 *
 * <pre>{@code
 * HostConnector.connect(shard, "www.example.org", 80, new HostConnector.Result() {
 *   public TcpHandler onConnected(TcpConnection connection) { return new Client(); }
 *   public void onFailed(IOException reason) { ... }
 * });
 * }</pre>
 *
 * <p><b>Thread:</b> the shard's.
 */
public final class HostConnector {
  /** What comes of it; exactly one method is called, once, on the shard's thread. */
  public interface Result {
    /**
     * A connection has been made.
     *
     * @return its handler, whose {@code onConnected} is called next; or null, and it is reset
     */
    TcpHandler onConnected(TcpConnection connection);

    /**
     * None could be made.
     *
     * @param reason {@link java.net.UnknownHostException} if the host has no address, else why the
     *     first attempt that left this host failed
     */
    void onFailed(IOException reason);
  }

  private final Shard shard;
  private final int port;
  private final Result result;
  private final HappyEyeballs order = new HappyEyeballs();
  private final List<Attempt> attempts = new ArrayList<>();
  private final TimerNode timer = new Timer(this);
  private final Runnable closing = this::onStackClosed;
  private NameService.Lookup lookup;
  private IOException failure;
  private boolean failureWasTried;
  private IOException nameFailure;
  private boolean done;

  private HostConnector(Shard shard, int port, Result result) {
    this.shard = shard;
    this.port = port;
    this.result = result;
  }

  /**
   * Begins; the result may be told before this method returns.
   *
   * @param host a name, or an address as text
   * @return what gives the connection up
   * @throws IllegalStateException if the stack cannot resolve names, or has no TCP
   * @throws IllegalArgumentException if the port is out of range
   */
  public static HostConnector connect(Shard shard, String host, int port, Result result) {
    return connect(shard, NameService.of(shard), host, port, result);
  }

  /** The same with somebody else to resolve the name. */
  public static HostConnector connect(
      Shard shard, NameService names, String host, int port, Result result) {
    Tcp.of(shard);
    Tcp.checkConnect(0, port);
    HostConnector connector = new HostConnector(shard, port, result);
    shard.onClose(connector.closing);
    NameService.Lookup lookup =
        names.resolve(host, NameService.Families.BOTH, connector.new Answers());
    connector.lookup = lookup;
    if (connector.done) {
      lookup.cancel();
    }
    return connector;
  }

  /** Gives it up: nothing is told any more. Does nothing when the result has been told. */
  public void cancel() {
    if (!done) {
      finish();
    }
  }

  private void finish() {
    done = true;
    shard.removeOnClose(closing);
    shard.wheel().cancel(timer);
    if (lookup != null) {
      lookup.cancel();
    }
    for (Attempt each : List.copyOf(attempts)) {
      each.connection.abort();
    }
    attempts.clear();
  }

  private void onStackClosed() {
    fail(new IOException("the stack was closed"));
  }

  private void fail(IOException reason) {
    if (!done) {
      finish();
      result.onFailed(reason);
    }
  }

  // ---- attempts ----

  private void goOn() {
    long now = shard.clock().now();
    IpAddress next;
    while (!done && (next = order.next(now)) != null) {
      attempt(next);
    }
    if (done) {
      return;
    }
    if (order.hasFailed()) {
      fail(failure != null ? failure : nameFailure);
    } else if (order.nextDeadline() != Long.MAX_VALUE) {
      shard.wheel().schedule(timer, order.nextDeadline());
    }
  }

  private void attempt(IpAddress address) {
    Attempt attempt = new Attempt(address);
    try {
      attempt.connection = Tcp.of(shard).connect(address, port, attempt);
      if (!attempt.over) {
        attempts.add(attempt);
      }
    } catch (IllegalStateException | IllegalArgumentException e) {
      failed(address, new ConnectException(e.getMessage()), false);
    }
  }

  /**
   * Notes a failure. What the network or the peer said is worth more than that we could not even
   * try: a host without IPv6 shall read that the server refused its IPv4 connection.
   */
  private void failed(IpAddress address, IOException reason, boolean wasTried) {
    if (failure == null || (wasTried && !failureWasTried)) {
      failure = reason;
      failureWasTried = wasTried;
    }
    order.onFailed(address);
  }

  private static IOException exception(TcpCloseReason reason) {
    return switch (reason) {
      case TIMED_OUT -> new SocketTimeoutException(reason.text());
      case UNREACHABLE -> new NoRouteToHostException(reason.text());
      default -> new ConnectException(reason.text());
    };
  }

  /** One connection that is being made. */
  private final class Attempt implements TcpHandler {
    private final IpAddress address;
    private TcpConnection connection;
    private boolean over;

    Attempt(IpAddress address) {
      this.address = address;
    }

    @Override
    public void onConnected(TcpConnection made) {
      over = true;
      attempts.remove(this);
      if (done) {
        made.abort();
        return;
      }
      finish();
      TcpHandler handler = result.onConnected(made);
      if (handler == null) {
        made.abort();
      } else {
        made.handler(handler);
        handler.onConnected(made);
      }
    }

    @Override
    public void onData(TcpConnection made, Buffer data) {
      // Data follows onConnected, and goes to the handler that was given there.
      made.abort();
    }

    @Override
    public void onClosed(TcpConnection made, TcpCloseReason reason) {
      if (!over) {
        over = true;
        attempts.remove(this);
        failed(address, exception(reason), true);
        if (!done) {
          goOn();
        }
      }
    }
  }

  /** What the name service says. */
  private final class Answers implements NameAnswer {
    @Override
    public void onAddresses(int version, List<IpAddress> addresses) {
      order.onAddresses(version, addresses, shard.clock().now());
      goOn();
    }

    @Override
    public void onFailure(int version, IOException reason) {
      // That nobody could say weighs more than that there is nothing.
      boolean worse = !(reason instanceof java.net.UnknownHostException);
      nameFailure = nameFailure == null || worse ? reason : nameFailure;
      order.onNoAddresses(version);
      goOn();
    }
  }

  /** When the next attempt is due. */
  private static final class Timer extends TimerNode {
    private final HostConnector connector;

    Timer(HostConnector connector) {
      this.connector = connector;
    }

    @Override
    protected void onTimer(long now) {
      connector.goOn();
    }
  }
}
