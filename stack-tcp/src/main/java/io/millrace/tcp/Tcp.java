package io.millrace.tcp;

import io.millrace.ip.IpAddress;
import io.millrace.ip.IpProtocol;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.transport.AcceptPolicy;
import io.millrace.transport.ListenConfig;
import io.millrace.transport.Listening;
import io.millrace.transport.Transport;

/**
 * TCP on one shard: the way in to listen and connect.
 *
 * <p>An application sees only this class, {@link TcpListener} and {@link TcpConnection}. Behind
 * them is the stack, or what an adapter puts in its place; the stack's ports decide.
 *
 * <p><b>Thread:</b> the shard's, but for the static methods.
 */
public abstract class Tcp implements Transport {
  /** For the stack and for adapters. */
  protected Tcp() {}

  /**
   * TCP of a shard.
   *
   * @throws IllegalStateException if the stack was started without it
   */
  public static Tcp of(Shard shard) {
    if (shard.tcp() instanceof Tcp tcp) {
      return tcp;
    }
    throw new IllegalStateException("this stack has no TCP: put millrace-tcp on the module path");
  }

  /**
   * Accepts connections to {@code port} on every address and every shard of a stack. Any thread may
   * call; it waits until the shards listen.
   *
   * @throws IllegalStateException if the port is taken
   */
  public static Listening listen(NetStack stack, int port, TcpAcceptor acceptor) {
    return listen(stack, ListenConfig.port(port), acceptor);
  }

  /**
   * Accepts connections on every shard of a stack; the configuration's policy says which shard a
   * connection goes to. Any thread may call; it waits until the shards listen. The acceptor is
   * called on the shard of each connection.
   *
   * @throws IllegalStateException if the address and port are taken; then no shard listens
   */
  public static Listening listen(NetStack stack, ListenConfig where, TcpAcceptor acceptor) {
    return TcpListening.open(stack, where, acceptor);
  }

  /**
   * Accepts connections on this shard.
   *
   * <p>Connections whose packets hash to a shard that does not listen go to one that does.
   *
   * @throws IllegalStateException if the address and port are taken
   */
  public abstract TcpListener listen(ListenConfig where, TcpAcceptor acceptor);

  /**
   * The same with the usual policy.
   *
   * @param local one of our addresses, or null for all
   * @param port 1 to 65535
   * @param backlog half-open connections held at most; a SYN beyond that is answered with a cookie,
   *     or dropped, see {@link TcpConfig#synCookies()}
   * @throws IllegalStateException if the address and port are taken
   * @throws IllegalArgumentException if the port or the backlog is out of range
   */
  public final TcpListener listen(IpAddress local, int port, TcpAcceptor acceptor, int backlog) {
    return listen(new ListenConfig(local, port, backlog, AcceptPolicy.RSS), acceptor);
  }

  /** Connects from an address and port that the stack chooses. */
  public final TcpConnection connect(IpAddress remote, int port, TcpHandler handler) {
    return connect(null, 0, remote, port, handler);
  }

  /**
   * Connects. The outcome is told to the handler: {@code onConnected}, or {@code onClosed} with the
   * reason.
   *
   * @param local one of our addresses, or null to let the route decide
   * @param localPort 1 to 65535, or 0 to let the stack choose one that cannot be guessed (RFC 6056)
   * @throws IllegalStateException if there is no route, the pair of sockets is in use, or no port
   *     or room is left
   * @throws IllegalArgumentException if a port is out of range or the address is a broadcast one
   */
  public abstract TcpConnection connect(
      IpAddress local, int localPort, IpAddress remote, int remotePort, TcpHandler handler);

  /** Connections, half-open ones and those in TIME-WAIT not counted. */
  public abstract int connectionCount();

  /** Connections in TIME-WAIT. */
  public abstract int timeWaitCount();

  @Override
  public final int protocol() {
    return IpProtocol.TCP;
  }

  // ---- for those who implement this class ----

  /**
   * Checks what {@link #connect(IpAddress, int, IpAddress, int, TcpHandler)} was given.
   *
   * @throws IllegalArgumentException if a port is out of range
   */
  protected static void checkConnect(int localPort, int remotePort) {
    if (remotePort < 1 || remotePort > 65_535 || localPort < 0 || localPort > 65_535) {
      throw new IllegalArgumentException(
          "port " + remotePort + " or local port " + localPort + " is out of range");
    }
  }
}
