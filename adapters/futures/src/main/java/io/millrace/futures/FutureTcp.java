package io.millrace.futures;

import io.millrace.futures.op.AcceptQueue;
import io.millrace.futures.op.Calls;
import io.millrace.futures.op.ConnectOp;
import io.millrace.futures.op.ListenerGroup;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.transport.ListenConfig;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * TCP with futures, for any thread.
 *
 * <pre>{@code
 * FutureTcp.connect(stack, "10.0.0.1", 7)
 *     .thenCompose(c -> c.write(hello).thenCompose(done -> c.readFully(hello.length)))
 *     .thenAccept(echo -> ...);
 * }</pre>
 */
public final class FutureTcp {
  private FutureTcp() {}

  /**
   * Connects to a host by name or address. Its addresses are tried one after the other.
   *
   * @return fails with {@link java.net.UnknownHostException}, {@link java.net.ConnectException} if
   *     the peer refuses or there is no route, {@link java.net.SocketTimeoutException} if it does
   *     not answer, {@link java.net.NoRouteToHostException} if the network says that it cannot be
   *     reached. Given up (cancelled, or through {@code orTimeout}), the connection is reset
   */
  public static CompletableFuture<FutureConnection> connect(NetStack stack, String host, int port) {
    Shard shard = Shards.choose(stack);
    NameResolver resolver = shard.setting(StreamConfig.class, StreamConfig.defaults()).resolver();
    CompletableFuture<List<IpAddress>> addresses = resolver.resolve(host);
    if (addresses.isDone() && !addresses.isCompletedExceptionally()) {
      List<IpAddress> known = addresses.join();
      if (known.size() == 1) {
        return connect(shard, known.get(0), port);
      }
    }
    FirstOf attempts = new FirstOf(shard, port);
    CompletableFuture<?> _ = addresses.whenComplete(attempts::begin);
    return attempts;
  }

  /** Connects to an address; see {@link #connect(NetStack, String, int)}. */
  public static CompletableFuture<FutureConnection> connect(
      NetStack stack, IpAddress remote, int port) {
    return connect(Shards.choose(stack), remote, port);
  }

  /** Connects from a certain shard; see {@link #connect(NetStack, String, int)}. */
  public static CompletableFuture<FutureConnection> connect(
      Shard shard, IpAddress remote, int port) {
    return StreamFuture.of(
        waiter -> new ConnectOp(shard, null, 0, remote, port, waiter),
        op -> new FutureConnection(op.stream()));
  }

  /**
   * Listens on a port of every address and shard.
   *
   * @return fails with {@link IllegalStateException} if the port is taken
   */
  public static CompletableFuture<FutureListener> listen(NetStack stack, int port) {
    return listen(stack, ListenConfig.port(port));
  }

  /** The same with a configuration, which also says which shard a connection goes to. */
  public static CompletableFuture<FutureListener> listen(NetStack stack, ListenConfig where) {
    AcceptQueue queue = new AcceptQueue(stack.shard(0), where.port());
    Calls.surely(queue.shard(), queue::open);
    return ListenerGroup.start(stack, where, queue::offer)
        .whenComplete(
            (listening, failure) -> {
              if (failure != null) {
                Calls.surely(queue.shard(), queue::close);
              }
            })
        .thenApply(listening -> new FutureListener(listening, queue));
  }

  /**
   * Listens, and gives each connection to {@code accepted}, on the connection's shard: it must not
   * block. If it throws, the connection is reset.
   */
  public static CompletableFuture<FutureListener> listen(
      NetStack stack, int port, Consumer<FutureConnection> accepted) {
    return listen(stack, ListenConfig.port(port), accepted);
  }

  /** The same with a configuration, which also says which shard a connection goes to. */
  public static CompletableFuture<FutureListener> listen(
      NetStack stack, ListenConfig where, Consumer<FutureConnection> accepted) {
    return ListenerGroup.start(
            stack, where, stream -> accepted.accept(new FutureConnection(stream)))
        .thenApply(listening -> new FutureListener(listening, null));
  }

  /** Tries addresses one after the other until one can be connected to. */
  private static final class FirstOf extends CompletableFuture<FutureConnection> {
    private final Shard shard;
    private final int port;

    /** The attempt that is being made; guarded by this. */
    private CompletableFuture<FutureConnection> attempt;

    FirstOf(Shard shard, int port) {
      this.shard = shard;
      this.port = port;
      CompletableFuture<?> _ = whenComplete((connection, failure) -> stop());
    }

    private synchronized void stop() {
      if (attempt != null) {
        attempt.cancel(false);
      }
    }

    void begin(List<IpAddress> addresses, Throwable failure) {
      if (failure != null) {
        completeExceptionally(failure);
      } else {
        next(addresses.iterator());
      }
    }

    private void next(Iterator<IpAddress> addresses) {
      CompletableFuture<FutureConnection> one = connect(shard, addresses.next(), port);
      synchronized (this) {
        attempt = one;
      }
      if (isDone()) {
        one.cancel(false);
      }
      CompletableFuture<?> _ =
          one.whenComplete(
              (connection, failure) -> {
                if (failure == null && !complete(connection)) {
                  connection.abort(); // nobody waits any more
                } else if (failure != null && addresses.hasNext() && !isDone()) {
                  next(addresses);
                } else if (failure != null) {
                  completeExceptionally(failure);
                }
              });
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new CompletableFuture<>();
    }
  }
}
