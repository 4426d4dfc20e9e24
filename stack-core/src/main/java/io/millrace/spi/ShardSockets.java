package io.millrace.spi;

import io.millrace.transport.Transport;
import java.util.List;

/** The sockets of one shard. <b>Thread:</b> the shard's, but for {@link #wakeUp()}. */
public interface ShardSockets {
  /** The transports that the shard has instead of those on the module path. */
  List<Transport> transports();

  /**
   * Sleeps until a socket is ready, {@link #wakeUp()} is called or has been called since the last
   * sleep, or {@code millis} have passed. May return early.
   *
   * @param millis 0 or more; 0 does not sleep
   */
  void sleep(long millis);

  /** Any thread, not after the port is closed: ends the sleep, or the next one. */
  void wakeUp();
}
