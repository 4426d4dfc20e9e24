package io.millrace.blocking;

import io.millrace.futures.op.Calls;
import io.millrace.futures.op.Op;
import io.millrace.futures.op.Waiter;
import io.millrace.net.Shard;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.util.concurrent.locks.LockSupport;

/** One thread that waits for one operation after the other. */
final class Call implements Waiter {
  private static final long RETRY = 100_000;

  /** Written before an operation is handed over, and so seen by the shard. */
  private Thread thread;

  @Override
  public void completed(Op op) {
    Thread waiting = thread;
    if (waiting != Thread.currentThread()) {
      LockSupport.unpark(waiting);
    }
  }

  /**
   * Gives the operation to its shard and waits for the end.
   *
   * @param timeout nanoseconds, 0 for ever
   * @throws InterruptedIOException if the thread is interrupted; the operation is cancelled then
   *     and must not be used again
   */
  void await(Op op, long timeout) throws IOException {
    checkMayWait(op.shard());
    Thread self = Thread.currentThread();
    thread = self;
    op.timeout(timeout);
    if (self.isInterrupted() && op.cancel()) {
      throw interrupted(op);
    }
    if (!Calls.tryCall(op)) {
      callAgain(op, timeout);
    }
    while (!op.isDone()) {
      LockSupport.park(op);
      if (self.isInterrupted() && !op.isDone()) {
        cancel(op);
      }
    }
    if (op.failure() != null) {
      throw op.failure().exception(op.subject());
    }
  }

  /** Throws if the caller is what it would wait for. */
  static void checkMayWait(Shard shard) {
    if (!Thread.currentThread().isVirtual() && shard.isOwner()) {
      throw new IllegalStateException(
          "a blocking call on the shard's own thread would wait for ever: use a virtual thread, or"
              + " handlers");
    }
  }

  /** The shard has too many messages now. */
  private static void callAgain(Op op, long timeout) throws IOException {
    long start = System.nanoTime();
    do {
      LockSupport.parkNanos(RETRY);
      if (Thread.currentThread().isInterrupted() && op.cancel()) {
        throw interrupted(op);
      }
      if (timeout > 0 && System.nanoTime() - start >= timeout && op.cancel()) {
        throw new SocketTimeoutException(op.subject() + ": timed out, the shard is too busy");
      }
    } while (!Calls.tryCall(op));
  }

  private static void cancel(Op op) throws InterruptedIOException {
    if (op.cancel()) {
      throw interrupted(op);
    }
    while (!op.isDone()) {
      Thread.onSpinWait(); // the shard is just doing it
    }
  }

  private static InterruptedIOException interrupted(Op op) {
    return new InterruptedIOException(op.subject() + ": the thread was interrupted");
  }
}
