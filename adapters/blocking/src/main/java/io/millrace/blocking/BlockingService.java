package io.millrace.blocking;

import java.io.IOException;

/** What a server does with one connection, on a virtual thread of its own. */
@FunctionalInterface
public interface BlockingService {
  /**
   * Serves a connection, which is closed when this returns. An {@link IOException} resets it; any
   * other exception does, too, and is reported.
   */
  void serve(BlockingConnection connection) throws IOException;
}
