package io.millrace.tcp;

import io.millrace.ip.IpAddress;

/** A listener of the stack: what its look-up and its handshakes need. */
final class StackTcpListener extends TcpListener {
  private final StackTcp tcp;
  private final int backlog;

  /** Handshakes that are not done. */
  int halfOpen;

  StackTcpListener(StackTcp tcp, IpAddress address, int port, TcpAcceptor acceptor, int backlog) {
    super(address, port, acceptor);
    this.tcp = tcp;
    this.backlog = backlog;
  }

  @Override
  public void stopAccepting() {
    tcp.listeners.remove(this);
  }

  boolean isFull() {
    return halfOpen >= backlog;
  }

  boolean isFor(long hi, long lo) {
    return address() == null || (address().hi() == hi && address().lo() == lo);
  }
}
