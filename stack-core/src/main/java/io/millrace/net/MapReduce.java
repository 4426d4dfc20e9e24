package io.millrace.net;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/**
 * A question to all shards, and what has been answered. <b>Thread:</b> that of the shard that asks.
 */
final class MapReduce<T> {
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private final BinaryOperator<T> reduce;
  private int missing;
  private T sum;

  MapReduce(int shards, BinaryOperator<T> reduce) {
    this.missing = shards;
    this.reduce = reduce;
  }

  CompletableFuture<T> result() {
    return result;
  }

  /** A part of a request on its way, which somebody waits for. */
  interface Message extends Runnable {
    /** The stack is closed before it arrived. */
    void cancel();
  }

  private record Question<T>(MapReduce<T> request, Shard asker, Shard asked, Function<Shard, T> map)
      implements Message {
    @Override
    public void run() {
      T value = null;
      Throwable failure = null;
      try {
        value = map.apply(asked);
      } catch (RuntimeException | Error e) {
        failure = e;
      }
      asked.group().deliver(asker.index(), new Answer<>(request, value, failure));
    }

    @Override
    public void cancel() {
      request.fail(closed());
    }
  }

  private record Answer<T>(MapReduce<T> request, T value, Throwable failure) implements Message {
    @Override
    public void run() {
      if (failure != null) {
        request.fail(failure);
      } else {
        request.add(value);
      }
    }

    @Override
    public void cancel() {
      request.fail(closed());
    }
  }

  private static Throwable closed() {
    return new RejectedExecutionException("the stack was closed");
  }

  Runnable question(Shard asker, Shard asked, Function<Shard, T> map) {
    return new Question<>(this, asker, asked, map);
  }

  private void add(T value) {
    if (result.isDone()) {
      return;
    }
    missing--;
    try {
      sum = sum == null ? value : reduce.apply(sum, value);
    } catch (RuntimeException | Error e) {
      fail(e);
      return;
    }
    if (missing == 0) {
      result.complete(sum);
    }
  }

  private void fail(Throwable e) {
    result.completeExceptionally(e);
  }
}
