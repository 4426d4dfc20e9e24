package io.millrace.blocking;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.tcp.Tcp;
import io.millrace.tcp.TcpConfig;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** Two stacks with threads of their own, on a wire in memory. */
final class Pair implements AutoCloseable {
  static final String LEFT = "10.0.0.1";
  static final String RIGHT = "10.0.0.2";

  private static final AtomicInteger WIRES = new AtomicInteger();

  final NetStack left;
  final NetStack right;
  final ThreadKind kind;
  private final int leftFrames;
  private final int rightFrames;

  Pair(ThreadKind kind) {
    this(kind, TcpConfig.defaults());
  }

  Pair(ThreadKind kind, TcpConfig config) {
    this.kind = kind;
    String wire = "mem:blocking-" + WIRES.incrementAndGet();
    left = stack(wire, LEFT, config);
    right = stack(wire, RIGHT, config);
    leftFrames = frames(left);
    rightFrames = frames(right);
  }

  private static NetStack stack(String wire, String address, TcpConfig config) {
    return NetStack.builder()
        .shards(ShardConfig.defaults().withFrames(8_192))
        .port(wire, address + "/24")
        .with(config)
        .start();
  }

  /** Code of a test on a thread of its kind. */
  static final class Running<T> {
    final CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread;

    T value() {
      return Await.value(result);
    }

    Throwable failure() {
      return Await.failure(result);
    }

    /** The code is in a blocking call. */
    Running<T> waiting() {
      Await.waiting(thread);
      return this;
    }
  }

  <T> Running<T> onLeft(Callable<T> code) {
    return on(left, code);
  }

  <T> Running<T> onRight(Callable<T> code) {
    return on(right, code);
  }

  private <T> Running<T> on(NetStack stack, Callable<T> code) {
    Running<T> running = new Running<>();
    running.thread =
        kind.start(
            stack.shard(0),
            () -> {
              try {
                running.result.complete(code.call());
              } catch (Throwable e) {
                running.result.completeExceptionally(e);
              }
            });
    return running;
  }

  private static int frames(NetStack stack) {
    Shard shard = stack.shard(0);
    Await.ask(shard, shard::step); // what has waited for the other end to be plugged in, leaves
    return Await.ask(shard, () -> shard.pool().available() + shard.pool().availableLarge());
  }

  /** Both ends have let go of everything. */
  void assertNothingLeft() {
    assertNothingLeft(left, leftFrames);
    assertNothingLeft(right, rightFrames);
  }

  private static void assertNothingLeft(NetStack stack, int frames) {
    Shard shard = stack.shard(0);
    Await.until(
        "no connection is left",
        () -> Await.ask(shard, () -> Tcp.of(shard).connectionCount() == 0));
    Await.until("all frames are back", () -> frames(stack) == frames);
    assertThat(shard.counters().get(Counter.EXCEPTIONS)).isZero();
  }

  @Override
  public void close() {
    left.close();
    right.close();
  }
}
