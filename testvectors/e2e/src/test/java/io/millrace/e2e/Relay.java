package io.millrace.e2e;

import io.millrace.buf.Buffer;
import io.millrace.ip.IpAddress;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;

/**
 * One end of a relay: passes on what comes by its connection to the other end's, as fast as that
 * takes it. Received frames are sent on as they are.
 */
final class Relay implements TcpHandler {
  private final boolean accepted;
  private TcpConnection connection;
  private Relay other;

  private Relay(boolean accepted) {
    this.accepted = accepted;
  }

  /** What to do with an accepted connection: relays it to there, from the same shard. */
  static TcpHandler to(TcpConnection accepted, IpAddress address, int port) {
    Relay near = new Relay(true);
    Relay far = new Relay(false);
    near.connection = accepted;
    near.other = far;
    far.other = near;
    accepted.pauseReading();
    far.connection = Tcp.of(accepted.shard()).connect(address, port, far);
    return near;
  }

  @Override
  public void onConnected(TcpConnection c) {
    c.noDelay(true);
    if (!accepted) {
      other.connection.resumeReading();
    }
  }

  @Override
  public void onData(TcpConnection c, Buffer data) {
    if (!other.connection.send(data)) {
      c.pauseReading();
    }
  }

  @Override
  public void onWritable(TcpConnection c) {
    other.connection.resumeReading();
  }

  @Override
  public void onPeerClosed(TcpConnection c) {
    other.connection.shutdownOutput();
  }

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason reason) {
    if (reason != TcpCloseReason.NORMAL) {
      other.connection.abort();
    }
  }
}
