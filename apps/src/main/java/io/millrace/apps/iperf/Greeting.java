package io.millrace.apps.iperf;

import io.millrace.buf.Buffer;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.time.TimerNode;

/** A connection to the server whose cookie has not come: it tells what the connection is for. */
final class Greeting extends TimerNode implements TcpHandler {
  private static final long LIMIT = 10_000_000_000L;

  private final IperfServer server;
  private final TcpConnection connection;
  private final byte[] cookie = new byte[Control.COOKIE_SIZE];
  private int length;

  Greeting(IperfServer server, TcpConnection connection) {
    this.server = server;
    this.connection = connection;
    connection.shard().wheel().schedule(this, connection.shard().clock().now() + LIMIT);
  }

  @Override
  public void onData(TcpConnection c, Buffer data) {
    int n = Math.min(data.length(), cookie.length - length);
    if (n != data.length()) {
      // Nobody says more before the server has answered.
      c.abort();
      return;
    }
    data.getBytes(0, cookie, length, n);
    length += n;
    if (length == cookie.length) {
      c.shard().wheel().cancel(this);
      server.greeted(c, cookie);
    }
  }

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason reason) {
    c.shard().wheel().cancel(this);
  }

  @Override
  protected void onTimer(long now) {
    connection.abort();
  }
}
