package io.millrace.blocking;

import io.millrace.futures.op.AcceptQueue;
import io.millrace.futures.op.Calls;
import io.millrace.futures.op.ConnectHostOp;
import io.millrace.futures.op.ConnectOp;
import io.millrace.futures.op.ListenerGroup;
import io.millrace.futures.op.Stream;
import io.millrace.ip.IpAddress;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.transport.ListenConfig;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * TCP in plain blocking code.
 *
 * <pre>{@code
 * try (BlockingConnection c = BlockingTcp.connect(stack, "10.0.0.1", 7)) {
 *   c.write(hello);
 *   c.readFully(echo);
 * }
 * }</pre>
 */
public final class BlockingTcp {
  private BlockingTcp() {}

  /** Connects to a host by name or address, without a limit but TCP's own. */
  public static BlockingConnection connect(NetStack stack, String host, int port)
      throws IOException {
    return connect(stack, host, port, Duration.ZERO);
  }

  /**
   * Connects to a host by name or address. Its addresses are tried in the order and at the pace of
   * RFC 8305; see {@link io.millrace.tcp.HostConnector}. On a thread that a shard of the stack
   * carries, the connection lives on that shard.
   *
   * @param timeout for all of it; zero for ever
   * @throws java.net.UnknownHostException if the name has no address
   * @throws java.net.ConnectException if the peer refuses, or there is no route
   * @throws SocketTimeoutException if there is no answer in time
   * @throws java.net.NoRouteToHostException if the network says that it cannot be reached
   */
  public static BlockingConnection connect(NetStack stack, String host, int port, Duration timeout)
      throws IOException {
    Call call = new Call();
    ConnectHostOp op = new ConnectHostOp(choose(stack), host, port, call);
    call.await(op, Timeout.nanos(timeout));
    return new BlockingConnection(op.stream());
  }

  /** Connects to an address; see {@link #connect(NetStack, String, int, Duration)}. */
  public static BlockingConnection connect(
      NetStack stack, IpAddress remote, int port, Duration timeout) throws IOException {
    return connect(choose(stack), remote, port, Timeout.nanos(timeout));
  }

  private static BlockingConnection connect(Shard shard, IpAddress remote, int port, long timeout)
      throws IOException {
    Call call = new Call();
    ConnectOp op = new ConnectOp(shard, null, 0, remote, port, call);
    call.await(op, timeout);
    return new BlockingConnection(op.stream());
  }

  /** The caller's own shard, if it is on one, else any. */
  static Shard choose(NetStack stack) {
    int count = stack.shardCount();
    for (int i = 0; i < count; i++) {
      if (stack.shard(i).isOwner()) {
        return stack.shard(i);
      }
    }
    return stack.shard(count == 1 ? 0 : ThreadLocalRandom.current().nextInt(count));
  }

  /**
   * Listens on a port of every address and shard.
   *
   * @throws IllegalStateException if the port is taken
   */
  public static BlockingListener listen(NetStack stack, int port) {
    return listen(stack, ListenConfig.port(port));
  }

  /**
   * The same with a configuration, which also says which shard a connection goes to.
   *
   * @throws IllegalStateException if the address and port are taken
   */
  public static BlockingListener listen(NetStack stack, ListenConfig where) {
    AcceptQueue queue = new AcceptQueue(stack.shard(0), where.port());
    Calls.surely(queue.shard(), queue::open);
    try {
      return new BlockingListener(listen(stack, where, queue::offer), queue);
    } catch (RuntimeException e) {
      Calls.surely(queue.shard(), queue::close);
      throw e;
    }
  }

  /**
   * Listens, and serves each connection on a virtual thread of its own: one that the connection's
   * shard carries, if that is possible (see {@link BlockingThreads}).
   *
   * @throws IllegalStateException if the port is taken
   */
  public static BlockingServer serve(NetStack stack, int port, BlockingService service) {
    return serve(stack, ListenConfig.port(port), service);
  }

  /**
   * The same with a configuration, which also says which shard a connection goes to.
   *
   * @throws IllegalStateException if the address and port are taken
   */
  public static BlockingServer serve(NetStack stack, ListenConfig where, BlockingService service) {
    return new BlockingServer(listen(stack, where, stream -> serve(stream, service)));
  }

  private static ListenerGroup listen(
      NetStack stack, ListenConfig where, Consumer<Stream> accepted) {
    for (int i = 0; i < stack.shardCount(); i++) {
      Call.checkMayWait(stack.shard(i));
    }
    try {
      return ListenerGroup.start(stack, where, accepted).join();
    } catch (java.util.concurrent.CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private static void serve(Stream stream, BlockingService service) {
    BlockingConnection connection = new BlockingConnection(stream);
    BlockingThreads.here(stream.shard())
        .start("millrace-" + connection, () -> run(service, connection));
  }

  private static void run(BlockingService service, BlockingConnection connection) {
    try {
      service.serve(connection);
      connection.close();
    } catch (IOException e) {
      connection.abort();
    } catch (RuntimeException | Error e) {
      connection.abort();
      Calls.surely(
          connection.shard(), () -> connection.shard().report("the service of " + connection, e));
    }
  }
}
