package io.millrace.futures.op;

import io.millrace.futures.StreamConfig;
import io.millrace.name.NameService;
import io.millrace.net.Shard;
import io.millrace.tcp.HostConnector;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.time.TimerNode;
import java.io.IOException;

/** Connects to a host by name. Cancelled, it resets what has been begun. */
public final class ConnectHostOp extends Op implements HostConnector.Result {
  private final Shard shard;
  private final String host;
  private final int port;
  private final TimerNode timer = new Deadline();
  private HostConnector connector;
  private Stream stream;

  /** Creates an operation. */
  public ConnectHostOp(Shard shard, String host, int port, Waiter waiter) {
    super(waiter);
    this.shard = shard;
    this.host = host;
    this.port = port;
  }

  @Override
  public Shard shard() {
    return shard;
  }

  @Override
  public String subject() {
    return host + ":" + port;
  }

  /** The connection that was made. */
  public Stream stream() {
    return stream;
  }

  @Override
  public void run() {
    if (!isWaiting()) {
      return;
    }
    start();
    if (deadline != Long.MAX_VALUE) {
      shard.wheel().schedule(timer, deadline);
    }
    try {
      connector = HostConnector.connect(shard, names(), host, port, this);
    } catch (IllegalStateException | IllegalArgumentException e) {
      end(Failure.notConnected(e.getMessage()));
    }
  }

  /**
   * The stack's own name service, where it has one with somebody to ask; the application's, if it
   * gave one; else the JDK's.
   */
  @SuppressWarnings("ReferenceEquality") // whether somebody has set another one
  private NameService names() {
    StreamConfig config = shard.setting(StreamConfig.class, StreamConfig.defaults());
    NameService own = shard.names();
    boolean given = config.resolver() != StreamConfig.defaults().resolver();
    return given || own == null || !own.isConfigured()
        ? new ResolverNames(shard, config.resolver())
        : own;
  }

  @Override
  public TcpHandler onConnected(TcpConnection connection) {
    shard.wheel().cancel(timer);
    StreamConfig config = shard.setting(StreamConfig.class, StreamConfig.defaults());
    stream = Stream.connecting(shard, config, this);
    stream.connection(connection);
    return stream; // which takes this operation up when it is told that it is connected
  }

  @Override
  public void onFailed(IOException reason) {
    end(Failure.of(reason));
  }

  private void end(Failure why) {
    shard.wheel().cancel(timer);
    fail(why);
  }

  @Override
  protected void cancelled() {
    Calls.surely(
        shard,
        () -> {
          shard.wheel().cancel(timer);
          if (connector != null) {
            connector.cancel();
          }
        });
  }

  /** The operation's own time is over. */
  private final class Deadline extends TimerNode {
    @Override
    protected void onTimer(long now) {
      if (connector != null) {
        connector.cancel();
      }
      fail(Failure.TIMEOUT);
    }
  }
}
