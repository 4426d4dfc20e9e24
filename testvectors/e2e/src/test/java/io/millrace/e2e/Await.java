package io.millrace.e2e;

import io.millrace.net.Shard;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waiting for other threads and processes, with limits that only catch what hangs. */
final class Await {
  /** Far beyond what anything takes, on a slow and busy machine too: only for what hangs. */
  static final Duration LIMIT =
      Duration.ofSeconds(Integer.getInteger("millrace.interop.limit", Lab.FULL ? 1_800 : 180));

  private Await() {}

  /** Looks until {@code condition} holds. */
  static void until(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("not after " + LIMIT.toSeconds() + " s: " + what);
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** The value of a future. */
  static <T> T value(String what, CompletableFuture<T> future) {
    try {
      return future.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("not after " + LIMIT.toSeconds() + " s: " + what, e);
    } catch (ExecutionException e) {
      throw new AssertionError(what + ": " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting for " + what, e);
    }
  }

  /** What {@code question} answers on the shard's thread. */
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
    return value("an answer of the shard", answer);
  }
}
