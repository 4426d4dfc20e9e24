package io.millrace.tcp;

import io.millrace.ip.IpAddress;
import io.millrace.transport.ListenConfig;

/** A port on which connections are accepted. <b>Thread:</b> the shard's. */
public abstract class TcpListener {
  private final ListenConfig config;
  private final TcpAcceptor acceptor;
  private long accepted;

  /** For the stack and for adapters. */
  protected TcpListener(ListenConfig config, TcpAcceptor acceptor) {
    this.config = config;
    this.acceptor = acceptor;
  }

  /** Where and how it accepts. */
  public final ListenConfig config() {
    return config;
  }

  /** The port. */
  public final int port() {
    return config.port();
  }

  /** The address it is bound to, or null for all. */
  public final IpAddress address() {
    return config.address();
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
