package io.millrace.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.diag.ShardStall;
import io.millrace.spi.ScriptedPort;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who holds a shard for too long is named. */
class StallWatchTest {
  private static final long THRESHOLD = 100_000;

  private final NetStack stack =
      NetStack.builder()
          .shards(ShardConfig.defaults().withStallThreshold(THRESHOLD))
          .port(new ScriptedPort())
          .start();
  private final Shard shard = stack.shard(0);
  private final CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private final List<ShardStall> stalls = new ArrayList<>();
  private final StallWatch watch = new StallWatch(stack.threads(), THRESHOLD, stalls::add);

  @AfterEach
  void close() {
    released.countDown();
    stack.close();
  }

  /** A handler that should not have been written. */
  private void aHandlerThatWaits() {
    held.countDown();
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void hold() throws InterruptedException {
    shard.execute(this::aHandlerThatWaits);
    assertThat(held.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void the_handler_is_named_once() throws InterruptedException {
    hold();
    watch.look(0);
    watch.look(THRESHOLD - 1);
    assertThat(stalls).isEmpty();
    watch.look(THRESHOLD);
    watch.look(10 * THRESHOLD);
    assertThat(stalls).hasSize(1);
    assertThat(stalls.getFirst().shard).isZero();
    assertThat(stalls.getFirst().held).isEqualTo(THRESHOLD);
    assertThat(stalls.getFirst().at).contains("park");
  }

  @Test
  void the_handler_is_the_first_method_that_is_not_the_stacks_own() {
    StackTraceElement[] stack = {
      new StackTraceElement("java.lang.Thread", "sleep", "Thread.java", 1),
      new StackTraceElement("com.example.Database", "query", "Database.java", 7),
      new StackTraceElement("com.example.Echo", "onData", "Echo.java", 42),
      new StackTraceElement("io.millrace.tcp.Dispatcher", "tell", "Dispatcher.java", 3),
      new StackTraceElement("io.millrace.net.Shard", "step", "Shard.java", 2),
      new StackTraceElement("java.lang.Thread", "run", "Thread.java", 1),
    };
    assertThat(StallWatch.handler(stack)).isEqualTo("com.example.Echo.onData(Echo.java:42)");
  }

  @Test
  void a_shard_that_sleeps_is_not_held_up() throws InterruptedException {
    CountDownLatch ran = new CountDownLatch(1);
    shard.execute(ran::countDown);
    assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
    while (!watch.look(0)) {
      Thread.onSpinWait();
    }
    watch.look(10 * THRESHOLD);
    assertThat(stalls).isEmpty();
  }

  @Test
  void the_shard_counts_its_long_cycles() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(2);
    shard.execute(
        () -> {
          long end = System.nanoTime() + 2 * THRESHOLD;
          while (System.nanoTime() < end) {
            Thread.onSpinWait();
          }
          done.countDown();
          shard.later(() -> shard.later(done::countDown));
        });
    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(stack.count(Counter.STALLS)).isPositive();
  }

  @Test
  void long_work_can_be_done_in_parts() throws InterruptedException {
    List<Long> cycles = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(1);
    ShardThread thread = stack.threads().getFirst();
    shard.execute(
        new Runnable() {
          @Override
          public void run() {
            cycles.add(thread.cycles());
            if (cycles.size() < 5) {
              shard.later(this);
            } else {
              done.countDown();
            }
          }
        });
    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(cycles).doesNotHaveDuplicates();
  }
}
