package io.millrace.tcp;

import io.millrace.ip.IpAddress;

/** A port on which connections are accepted. <b>Thread:</b> the shard's. */
public final class TcpListener {
  /** Half-open connections that a listener holds unless it says otherwise. */
  public static final int DEFAULT_BACKLOG = 1024;

  private final Tcp tcp;
  private final IpAddress address;
  private final int port;
  private final TcpAcceptor acceptor;
  private final int backlog;

  /** Handshakes that are not done. */
  int halfOpen;

  private long accepted;

  TcpListener(Tcp tcp, IpAddress address, int port, TcpAcceptor acceptor, int backlog) {
    this.tcp = tcp;
    this.address = address;
    this.port = port;
    this.acceptor = acceptor;
    this.backlog = backlog;
  }

  /** The port. */
  public int port() {
    return port;
  }

  /** The address it is bound to, or null for all. */
  public IpAddress address() {
    return address;
  }

  /** Connections accepted so far. */
  public long accepted() {
    return accepted;
  }

  /**
   * No new connections from now on; those accepted live on. Half-open ones are answered with a
   * reset.
   */
  public void stopAccepting() {
    tcp.remove(this);
  }

  boolean isFull() {
    return halfOpen >= backlog;
  }

  TcpHandler accept(TcpConnection connection) {
    accepted++;
    return acceptor.accept(connection);
  }

  boolean isFor(long hi, long lo) {
    return address == null || (address.hi() == hi && address.lo() == lo);
  }
}
