package io.millrace.futures;

import io.millrace.futures.op.AcceptOp;
import io.millrace.futures.op.AcceptQueue;
import io.millrace.futures.op.Calls;
import io.millrace.futures.op.ListenerGroup;
import java.util.concurrent.CompletableFuture;

/** A port on which connections are accepted, for any thread. */
public final class FutureListener implements AutoCloseable {
  private final ListenerGroup listening;

  /** Null if connections are given to a callback. */
  private final AcceptQueue queue;

  FutureListener(ListenerGroup listening, AcceptQueue queue) {
    this.listening = listening;
    this.queue = queue;
  }

  /**
   * The next connection. Accepts are served in the order in which they were called; one that was
   * given up takes no connection away.
   *
   * @return fails with {@link java.nio.channels.ClosedChannelException} when the listener or the
   *     stack is closed
   * @throws IllegalStateException if connections are given to a callback
   */
  public CompletableFuture<FutureConnection> accept() {
    if (queue == null) {
      throw new IllegalStateException("this listener gives its connections to a callback");
    }
    return StreamFuture.of(
        waiter -> new AcceptOp(queue, waiter), op -> new FutureConnection(op.stream()));
  }

  /**
   * No new connections from now on. Accepts that wait fail, connections that nobody has accepted
   * are reset, and those accepted live on.
   */
  @Override
  public void close() {
    listening.stop();
    if (queue != null) {
      Calls.surely(queue.shard(), queue::close);
    }
  }
}
