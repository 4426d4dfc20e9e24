package io.millrace.blocking;

import io.millrace.futures.op.ListenerGroup;
import java.io.Closeable;

/** A port whose connections are served, each by a virtual thread of its own. Any thread. */
public final class BlockingServer implements Closeable {
  private final ListenerGroup listening;

  BlockingServer(ListenerGroup listening) {
    this.listening = listening;
  }

  /** No new connections from now on; those accepted are served to their end. */
  @Override
  public void close() {
    listening.stop();
  }
}
