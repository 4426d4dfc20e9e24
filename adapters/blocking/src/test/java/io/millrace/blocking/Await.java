package io.millrace.blocking;

import io.millrace.net.Shard;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waiting for other threads, with limits that only catch what hangs. */
final class Await {
  /** Far beyond what anything takes, on a slow and busy machine too. */
  private static final long SECONDS = Long.getLong("millrace.await", 120);

  private Await() {}

  static void until(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("not after " + SECONDS + " s: " + what);
      }
      LockSupport.parkNanos(200_000);
    }
  }

  /** A thread is in a blocking call. */
  static void waiting(Thread thread) {
    until(
        "a thread waits",
        () ->
            thread.getState() == Thread.State.WAITING
                || thread.getState() == Thread.State.TIMED_WAITING);
  }

  static <T> T value(CompletableFuture<T> future) {
    try {
      return future.get(SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("not after " + SECONDS + " s", e);
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause().toString(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** What a future fails with. */
  static Throwable failure(CompletableFuture<?> future) {
    try {
      Object value = future.get(SECONDS, TimeUnit.SECONDS);
      throw new AssertionError("it did not fail, but answered " + value);
    } catch (TimeoutException e) {
      throw new AssertionError("not after " + SECONDS + " s", e);
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** What {@code question} answers on the shard. */
  static <T> T ask(Shard shard, Supplier<T> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    shard.execute(
        () -> {
          try {
            answer.complete(question.get());
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        });
    return value(answer);
  }
}
