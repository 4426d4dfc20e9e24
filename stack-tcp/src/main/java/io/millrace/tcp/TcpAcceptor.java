package io.millrace.tcp;

/** Decides what a listener does with a new connection. */
@FunctionalInterface
public interface TcpAcceptor {
  /**
   * A handshake is done. Called on the shard's thread.
   *
   * @return the connection's handler; null refuses it with a reset
   */
  TcpHandler accept(TcpConnection connection);
}
