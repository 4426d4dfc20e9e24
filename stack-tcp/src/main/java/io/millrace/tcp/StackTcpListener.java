package io.millrace.tcp;

import io.millrace.transport.ListenConfig;

/** A listener of the stack: what its look-up and its handshakes need. */
final class StackTcpListener extends TcpListener {
  private final StackTcp tcp;

  /** Handshakes that are not done. */
  int halfOpen;

  StackTcpListener(StackTcp tcp, ListenConfig config, TcpAcceptor acceptor) {
    super(config, acceptor);
    this.tcp = tcp;
  }

  @Override
  public void stopAccepting() {
    tcp.stopAccepting(this);
  }

  boolean isFull() {
    return halfOpen >= config().backlog();
  }

  boolean isFor(long hi, long lo) {
    return address() == null || (address().hi() == hi && address().lo() == lo);
  }
}
