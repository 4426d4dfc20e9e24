package io.millrace.futures;

import io.millrace.futures.op.AcceptQueue;
import io.millrace.futures.op.Calls;
import io.millrace.futures.op.ConnectHostOp;
import io.millrace.futures.op.ConnectOp;
import io.millrace.futures.op.ListenerGroup;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.transport.ListenConfig;
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
   * Connects to a host by name or address. Its addresses are tried in the order and at the pace of
   * RFC 8305; see {@link io.millrace.tcp.HostConnector}.
   *
   * @return fails with {@link java.net.UnknownHostException}, {@link java.net.ConnectException} if
   *     the peer refuses or there is no route, {@link java.net.SocketTimeoutException} if it does
   *     not answer, {@link java.net.NoRouteToHostException} if the network says that it cannot be
   *     reached. Given up (cancelled, or through {@code orTimeout}), the connection is reset
   */
  public static CompletableFuture<FutureConnection> connect(NetStack stack, String host, int port) {
    Shard shard = Shards.choose(stack);
    return StreamFuture.of(
        waiter -> new ConnectHostOp(shard, host, port, waiter),
        op -> new FutureConnection(op.stream()));
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
}
