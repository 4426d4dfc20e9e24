package io.millrace.spi;

import io.millrace.buf.FramePool;
import io.millrace.net.Shard;

/**
 * A port that carries no frames: below it is a whole stack already, and what comes up are the bytes
 * of sockets. It brings transports of its own, which stand in the place of ours. A stack has such a
 * port alone; addresses and routes are those of the stack below.
 */
public interface SocketPort extends Port {
  /**
   * One shard's part of the port, on the thread that starts the stack. Closing the port closes it.
   */
  ShardSockets sockets(Shard shard);

  /** Never called: there are no frames. */
  @Override
  default PortQueue queue(int index, FramePool pool) {
    throw new UnsupportedOperationException("port " + info().name() + " has sockets and no frames");
  }
}
