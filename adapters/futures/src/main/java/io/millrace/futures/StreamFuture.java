package io.millrace.futures;

import io.millrace.futures.op.Calls;
import io.millrace.futures.op.Op;
import io.millrace.futures.op.Waiter;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * The future of an operation. Whoever completes it from outside (cancels it, or through {@code
 * orTimeout}) gives the operation up; if that is too late because it is just being done, nothing
 * happens and the result follows.
 */
final class StreamFuture<O extends Op, T> extends CompletableFuture<T> implements Waiter {
  private final Function<O, T> result;

  /** A write that has begun goes on when nobody waits for it any more: half a message is none. */
  private final boolean goesOn;

  private O op;

  private StreamFuture(Function<O, T> result, boolean goesOn) {
    this.result = result;
    this.goesOn = goesOn;
  }

  /** Makes the operation and gives it to its shard. */
  static <O extends Op, T> CompletableFuture<T> of(
      Function<Waiter, O> operation, Function<O, T> result) {
    return begin(new StreamFuture<>(result, false), operation);
  }

  /** The same for writes. */
  static <O extends Op, T> CompletableFuture<T> ofWrite(
      Function<Waiter, O> operation, Function<O, T> result) {
    return begin(new StreamFuture<>(result, true), operation);
  }

  private static <O extends Op, T> CompletableFuture<T> begin(
      StreamFuture<O, T> future, Function<Waiter, O> operation) {
    future.op = operation.apply(future);
    if (!Calls.tryCall(future.op)) {
      future.completeExceptionally(
          new RejectedExecutionException(
              future.op.subject() + ": the shard has too many messages waiting; try again later"));
    }
    return future;
  }

  @Override
  @SuppressWarnings("unchecked") // the waiter of one operation only
  public void completed(Op done) {
    if (done.failure() != null) {
      super.completeExceptionally(done.failure().exception(done.subject()));
    } else {
      super.complete(result.apply((O) done));
    }
  }

  private boolean giveUp() {
    return op.cancel() || (goesOn && !op.isDone());
  }

  @Override
  public boolean complete(T value) {
    return giveUp() && super.complete(value);
  }

  @Override
  public boolean completeExceptionally(Throwable failure) {
    return giveUp() && super.completeExceptionally(failure);
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    return giveUp() && super.cancel(mayInterruptIfRunning);
  }

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>(); // what depends on it is an ordinary one
  }

  // ---- waiting ----

  @Override
  public T get() throws InterruptedException, ExecutionException {
    checkMayWait();
    return super.get();
  }

  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    checkMayWait();
    return super.get(timeout, unit);
  }

  @Override
  public T join() {
    checkMayWait();
    return super.join();
  }

  private void checkMayWait() {
    if (!isDone() && !Thread.currentThread().isVirtual() && op.shard().isOwner()) {
      throw new IllegalStateException(
          "waiting on the shard's own thread would wait for ever: use thenApply and the like");
    }
  }
}
