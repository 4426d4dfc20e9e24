package io.millrace.blocking;

import io.millrace.futures.op.AcceptOp;
import io.millrace.futures.op.AcceptQueue;
import io.millrace.futures.op.Calls;
import io.millrace.futures.op.ListenerGroup;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;

/** A port on which connections are accepted. Any thread. */
public final class BlockingListener implements Closeable {
  private final ListenerGroup listening;
  private final AcceptQueue queue;

  BlockingListener(ListenerGroup listening, AcceptQueue queue) {
    this.listening = listening;
    this.queue = queue;
  }

  /** Waits for the next connection. */
  public BlockingConnection accept() throws IOException {
    return accept(Duration.ZERO);
  }

  /**
   * The same, for a limited time.
   *
   * @param timeout zero for ever
   */
  public BlockingConnection accept(Duration timeout) throws IOException {
    Call call = new Call();
    AcceptOp op = new AcceptOp(queue, call);
    call.await(op, Timeout.nanos(timeout));
    return new BlockingConnection(op.stream());
  }

  /**
   * No new connections from now on. Calls that wait end with {@link
   * java.nio.channels.AsynchronousCloseException}, connections that nobody has accepted are reset,
   * and those accepted live on.
   */
  @Override
  public void close() {
    listening.stop();
    Calls.surely(queue.shard(), queue::close);
  }
}
