package io.millrace.tcp;

import io.millrace.ip.Route;
import io.millrace.tcp.engine.Handshake;
import io.millrace.time.TimerNode;

/** What the shard keeps with a {@link Handshake}: its listener, its route, its timer. */
final class HalfOpen extends TimerNode {
  final Tcp tcp;
  final TcpListener listener;
  final Route route;
  Handshake handshake;

  HalfOpen(Tcp tcp, TcpListener listener, Route route) {
    this.tcp = tcp;
    this.listener = listener;
    this.route = route;
  }

  @Override
  protected void onTimer(long now) {
    tcp.onHandshakeTimer(this, now);
  }
}
