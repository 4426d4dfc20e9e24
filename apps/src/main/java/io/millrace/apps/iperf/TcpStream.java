package io.millrace.apps.iperf;

import io.millrace.buf.Buffer;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;

/** A stream over a TCP connection: sends one buffer over and over, or counts what comes. */
final class TcpStream extends DataStream implements TcpHandler {
  private final TcpConnection connection;
  private final Payload payload;
  private final Pace pace;
  private boolean blocked;

  TcpStream(TcpConnection connection, TestPlan plan, boolean sender) {
    super(connection.shard(), plan, sender);
    this.connection = connection;
    payload = sender ? new Payload(plan.blockSize()) : null;
    pace = sender && plan.bitrate() != 0 ? new Pace(plan.bitrate(), plan.blockSize()) : null;
    between(
        new Ends(
            connection.localAddress(),
            connection.localPort(),
            connection.remoteAddress(),
            connection.remotePort()));
    connection.handler(this);
    connection.trafficClass(plan.trafficClass());
  }

  @Override
  void start(long now) {
    running = true;
    if (sender) {
      if (pace != null) {
        pace.start(now);
      }
      send(now);
    }
  }

  @Override
  void send(long now) {
    int blocks = 0;
    while (running && !blocked && connection.isSendable()) {
      if (shareIsSent()) {
        finish(now);
        return;
      }
      if (pace != null && (++blocks > BURST || !pace.take(now))) {
        shard.wheel().schedule(this, pace.next());
        return;
      }
      blocked = !connection.send(payload.buffer(), payload.next(), plan.blockSize());
      bytes += plan.blockSize();
    }
    if (shareIsSent()) {
      finish(now);
    }
  }

  @Override
  public void onWritable(TcpConnection c) {
    blocked = false;
    if (running && sender) {
      send(shard.clock().now());
    }
  }

  @Override
  public void onData(TcpConnection c, Buffer data) {
    if (running) {
      bytes += data.length();
    }
  }

  /** The other end has no more to say; what we have to say is for the control connection. */
  @Override
  public void onPeerClosed(TcpConnection c) {}

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason reason) {
    stop();
  }

  @Override
  void endOfData() {
    if (sender) {
      connection.shutdownOutput();
    }
  }

  @Override
  boolean hasArrived() {
    return connection.unacknowledgedBytes() == 0;
  }

  @Override
  void close() {
    stop();
    if (connection.unacknowledgedBytes() == 0) {
      connection.close();
    } else {
      // Megabytes may be queued that nobody waits for any more.
      connection.abort();
    }
  }

  @Override
  int congestionWindow() {
    return connection.congestionWindow();
  }

  @Override
  long roundTripNanos() {
    return connection.smoothedRoundTrip();
  }
}
