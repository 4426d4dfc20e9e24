package io.millrace.tcp;

import io.millrace.buf.Buffer;

/**
 * What an application does with one connection. Called on the shard's thread, never concurrently,
 * and must not block: the whole shard waits. It may call the connection from inside. An exception
 * aborts the connection, no more.
 */
public interface TcpHandler {
  /** The connection is established; data may be sent. */
  default void onConnected(TcpConnection connection) {}

  /**
   * Data has arrived, in place: the bytes of the received frame.
   *
   * @param data lent for the call. {@link Buffer#retain() Retained}, it stays valid until {@link
   *     Buffer#release() released}, and for so long its bytes count against the window that the
   *     peer is offered: that is the back-pressure
   */
  void onData(TcpConnection connection, Buffer data);

  /** {@code send} has answered false before, and now there is room again. */
  default void onWritable(TcpConnection connection) {}

  /** The peer has closed its side; no data will follow. Closes ours, unless overridden. */
  default void onPeerClosed(TcpConnection connection) {
    connection.close();
  }

  /** The connection is over; the last call. */
  default void onClosed(TcpConnection connection, TcpCloseReason reason) {}
}
