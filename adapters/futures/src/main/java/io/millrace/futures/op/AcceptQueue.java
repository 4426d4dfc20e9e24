package io.millrace.futures.op;

import io.millrace.futures.StreamConfig;
import io.millrace.net.Shard;
import java.util.ArrayDeque;

/**
 * Connections of a listener that nobody has accepted yet, and accepts that wait for one. It lives
 * on one shard; the others send their connections there. <b>Thread:</b> that shard's.
 */
public final class AcceptQueue {
  private final Shard shard;
  private final int port;
  private final int limit;
  private final ArrayDeque<Stream> waiting = new ArrayDeque<>();
  private final OpQueue<AcceptOp> accepts;
  private final Timeouts timeouts;
  private final Runnable onClose = this::close;
  private boolean closed;

  /** Creates an empty queue; {@link #open()} it on its shard. Any thread. */
  public AcceptQueue(Shard shard, int port) {
    StreamConfig config = shard.setting(StreamConfig.class, StreamConfig.defaults());
    this.shard = shard;
    this.port = port;
    this.limit = config.backlog();
    this.accepts = new OpQueue<>(config.maxWaiting(), op -> {});
    this.timeouts = new Timeouts(shard, accepts);
  }

  /** The shard that it lives on. Any thread. */
  public Shard shard() {
    return shard;
  }

  /** Lets those who wait learn of the end of the stack. */
  public void open() {
    shard.onClose(onClose);
  }

  /** On the connection's shard: hands over a new connection. */
  public void offer(Stream stream) {
    if (shard.isOwner()) {
      take(stream);
      return;
    }
    Calls.surely(shard, () -> take(stream));
  }

  private void take(Stream stream) {
    AcceptOp op;
    while (!closed && (op = accepts.first()) != null) {
      accepts.removeFirst();
      if (op.claim()) {
        op.succeed(stream);
        return;
      }
    }
    if (closed || waiting.size() >= limit) {
      refuse(stream);
    } else {
      waiting.add(stream);
    }
  }

  private static void refuse(Stream stream) {
    Calls.surely(stream.shard(), stream::abort);
  }

  void accept(AcceptOp op) {
    if (closed) {
      op.fail(Failure.CLOSED);
      return;
    }
    Stream stream;
    while ((stream = waiting.poll()) != null) {
      if (stream.endReason() != null) {
        continue; // over before anybody looked at it
      }
      if (op.claim()) {
        op.succeed(stream);
      } else {
        waiting.addFirst(stream);
      }
      return;
    }
    accepts.add(op);
    timeouts.watch(op);
  }

  /** Ends the accepts that wait and resets the connections that nobody has accepted. */
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    shard.removeOnClose(onClose);
    accepts.failAll(Failure.CLOSED_MEANWHILE);
    Stream stream;
    while ((stream = waiting.poll()) != null) {
      refuse(stream);
    }
  }

  @Override
  public String toString() {
    return "listener on port " + port;
  }
}
