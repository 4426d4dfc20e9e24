package io.millrace.net;

import io.millrace.spi.ShardSockets;

/** Sleeps on a shard's sockets. */
final class SocketSleeper extends Sleeper {
  private final ShardSockets sockets;

  SocketSleeper(ShardSockets sockets) {
    this.sockets = sockets;
  }

  @Override
  void block(long millis) {
    sockets.sleep(millis);
  }

  @Override
  void awake() {
    // The sockets have seen it.
  }

  @Override
  void unblock() {
    sockets.wakeUp();
  }

  @Override
  void release() {
    // The port closes them.
  }
}
