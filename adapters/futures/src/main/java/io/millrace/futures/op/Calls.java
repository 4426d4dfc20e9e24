package io.millrace.futures.op;

import io.millrace.net.Shard;
import io.millrace.tcp.TcpCloseReason;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;

/** How any thread gets something done on a shard. */
public final class Calls {
  private static final long RETRY = 1_000_000;

  private Calls() {}

  /**
   * Gives an operation to its shard; at once, if the caller is on it.
   *
   * @return false if the shard has too many messages waiting; the operation may be given again
   */
  public static boolean tryCall(Op op) {
    try {
      op.shard().execute(op);
      return true;
    } catch (RejectedExecutionException e) {
      if (!op.shard().isClosed()) {
        return false;
      }
      op.fail(
          op instanceof ConnectOp || op instanceof ConnectHostOp
              ? Failure.notConnected(TcpCloseReason.STACK_CLOSED)
              : Failure.lost(TcpCloseReason.STACK_CLOSED));
      return true;
    }
  }

  /**
   * Has a task run on the shard although it may have too many messages now; nothing happens if it
   * has been closed. Returns at once.
   */
  public static void surely(Shard shard, Runnable task) {
    if (!offered(shard, task)) {
      Thread.ofVirtual().name("millrace-retry").start(() -> insist(shard, task));
    }
  }

  private static void insist(Shard shard, Runnable task) {
    do {
      LockSupport.parkNanos(RETRY);
    } while (!offered(shard, task));
  }

  private static boolean offered(Shard shard, Runnable task) {
    try {
      shard.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      return shard.isClosed();
    }
  }
}
