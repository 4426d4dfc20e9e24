package io.millrace.tcp;

import io.millrace.ip.Route;
import io.millrace.tcp.engine.Handshake;
import io.millrace.time.TimerNode;

/** What the shard keeps with a {@link Handshake}: its listener, its route, its timer. */
final class HalfOpen extends TimerNode {
  private final PassiveOpen owner;
  final StackTcpListener listener;
  final Route route;
  Handshake handshake;

  HalfOpen(PassiveOpen owner, StackTcpListener listener, Route route) {
    this.owner = owner;
    this.listener = listener;
    this.route = route;
  }

  @Override
  protected void onTimer(long now) {
    owner.onTimer(this, now);
  }
}
