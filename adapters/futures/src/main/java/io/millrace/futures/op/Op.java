package io.millrace.futures.op;

import io.millrace.net.Shard;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One thing that somebody waits for. The shard and the one who waits race for it: the shard must
 * {@link #claim()} the operation before it does anything that shows, and who waits may {@link
 * #cancel()} it until then. So what is cancelled has done nothing, and what is done is not lost.
 *
 * <p>A cancelled operation stays in its queue until the shard comes across it.
 */
public abstract class Op implements Runnable {
  private static final VarHandle STATE;
  private static final int WAITING = 0;
  private static final int CLAIMED = 1;
  private static final int DONE = 2;
  private static final int CANCELLED = 3;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Op.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile int state;
  private Failure failure;

  /** Who is told of the end. */
  protected final Waiter waiter;

  /** Nanoseconds that it may wait from when the shard takes it up; 0 for ever. */
  private long timeout;

  /** The shard's: when it is over, {@code Long.MAX_VALUE} for never. */
  long deadline = Long.MAX_VALUE;

  /** The shard's: the next one in the queue. */
  Op next;

  /** Creates an operation that waits. */
  protected Op(Waiter waiter) {
    this.waiter = waiter;
  }

  /** The shard that serves it. */
  public abstract Shard shard();

  /** What it is about, for messages. */
  public abstract String subject();

  /** Takes the operation up, on the shard. */
  @Override
  public abstract void run();

  // ---- who waits ----

  /** Limits how long it may wait; 0 does not. Before it is given to the shard. */
  public final void timeout(long nanos) {
    timeout = nanos;
  }

  /** Any thread: gives the operation up; false if it is too late, and the end will come. */
  public final boolean cancel() {
    if (!STATE.compareAndSet(this, WAITING, CANCELLED)) {
      return false;
    }
    cancelled();
    return true;
  }

  /** Called by {@link #cancel()} when it succeeds, on the same thread. */
  protected void cancelled() {}

  /** Whether the end has come; what the operation brought may be read then. */
  public final boolean isDone() {
    return state == DONE;
  }

  /** Why it failed, or null if it did not; only when it is done. */
  public final Failure failure() {
    return failure;
  }

  /** Makes it new, for who owns it and has seen it done. */
  protected final void reset() {
    failure = null;
    next = null;
    deadline = Long.MAX_VALUE;
    state = WAITING;
  }

  // ---- the shard ----

  final boolean isWaiting() {
    return state == WAITING;
  }

  /** Claimed, and not done: it cannot be cancelled any more. */
  final boolean isTakenUp() {
    return state == CLAIMED;
  }

  final boolean claim() {
    return STATE.compareAndSet(this, WAITING, CLAIMED);
  }

  /** Ends a claimed operation well. */
  final void succeed() {
    state = DONE;
    waiter.completed(this);
  }

  /** Ends a claimed operation badly. */
  final void finish(Failure why) {
    failure = why;
    state = DONE;
    waiter.completed(this);
  }

  /** Ends a waiting operation badly; nothing happens if it was cancelled. */
  public final void fail(Failure why) {
    if (claim()) {
      finish(why);
    }
  }

  /** Fixes the deadline as the shard takes it up. */
  final void start() {
    if (timeout > 0) {
      deadline = shard().clock().now() + timeout;
    }
  }
}
