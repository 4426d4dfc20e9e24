package io.millrace.tcp;

import io.millrace.ip.IpAddress;

/** A port on which connections are accepted. <b>Thread:</b> the shard's. */
public abstract class TcpListener {
  /** Half-open connections that a listener holds unless it says otherwise. */
  public static final int DEFAULT_BACKLOG = 1024;

  private final IpAddress address;
  private final int port;
  private final TcpAcceptor acceptor;
  private long accepted;

  /**
   * For the stack and for adapters.
   *
   * @param address the address it is bound to, or null for all
   */
  protected TcpListener(IpAddress address, int port, TcpAcceptor acceptor) {
    this.address = address;
    this.port = port;
    this.acceptor = acceptor;
  }

  /** The port. */
  public final int port() {
    return port;
  }

  /** The address it is bound to, or null for all. */
  public final IpAddress address() {
    return address;
  }

  /** Connections accepted so far. */
  public final long accepted() {
    return accepted;
  }

  /**
   * No new connections from now on; those accepted live on. Half-open ones are answered with a
   * reset.
   */
  public abstract void stopAccepting();

  /**
   * Counts a new connection and asks the application for its handler.
   *
   * @return null to refuse the connection with a reset
   */
  protected final TcpHandler accept(TcpConnection connection) {
    accepted++;
    return acceptor.accept(connection);
  }
}
