package io.millrace.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.diag.Counter;
import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.net.ShardThreads;
import io.millrace.time.ShardClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Virtual threads on a shard, without any network. */
class ShardSchedulerTest {
  /** Far beyond what anything takes. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static final AtomicInteger WIRES = new AtomicInteger();

  private static NetStack stack(ShardConfig config) {
    return NetStack.builder().shards(config).port("mem:threads-" + WIRES.incrementAndGet()).start();
  }

  private static ShardThreads threads(NetStack stack) throws Exception {
    Shard shard = stack.shard(0);
    CompletableFuture<ShardThreads> made = new CompletableFuture<>();
    shard.execute(
        () -> {
          ShardThreads threads = new VirtualThreadsProvider().create(shard);
          shard.threads(threads);
          made.complete(threads);
        });
    return made.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  private static void join(List<Thread> all) throws InterruptedException {
    for (Thread each : all) {
      assertThat(each.join(LIMIT)).as("%s has ended", each).isTrue();
    }
  }

  @Test
  void threads_run_on_the_shard_one_at_a_time() throws Exception {
    try (NetStack stack = stack(ShardConfig.defaults())) {
      Shard shard = stack.shard(0);
      ShardThreads threads = threads(stack);
      int[] counter = new int[1]; // no lock, no volatile
      List<Thread> all = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        all.add(
            threads.start(
                "count-" + i,
                () -> {
                  for (int n = 0; n < 100; n++) {
                    if (shard.isOwner() && new VirtualThreadsProvider().current() == threads) {
                      counter[0]++;
                      LockSupport.parkNanos(1);
                    }
                  }
                }));
      }
      join(all);
      assertThat(counter[0]).isEqualTo(10_000);
      assertThat(shard.isOwner()).isFalse();
      assertThat(new VirtualThreadsProvider().current()).isNull();
      assertThat(shard.counters().get(Counter.EXCEPTIONS)).isZero();
    }
  }

  @Test
  void threads_that_are_woken_from_elsewhere_come_back_although_the_mailbox_is_full()
      throws Exception {
    try (NetStack stack = stack(ShardConfig.defaults())) {
      Shard shard = stack.shard(0);
      ShardThreads threads = threads(stack);
      CountDownLatch parked = new CountDownLatch(50);
      AtomicInteger woken = new AtomicInteger();
      List<Thread> all = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        all.add(
            threads.start(
                "park-" + i,
                () -> {
                  int want = woken.get() + 1;
                  parked.countDown();
                  while (woken.get() < want) {
                    LockSupport.park();
                  }
                }));
      }
      assertThat(parked.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      CountDownLatch gate = new CountDownLatch(1);
      shard.execute(() -> await(gate)); // the shard is busy, and its mailbox fills
      int waiting = 0;
      while (offer(shard)) {
        waiting++;
      }
      assertThat(waiting).isPositive();
      woken.incrementAndGet();
      all.forEach(LockSupport::unpark);
      gate.countDown();
      join(all);
    }
  }

  private static boolean offer(Shard shard) {
    try {
      shard.execute(() -> {});
      return true;
    } catch (java.util.concurrent.RejectedExecutionException e) {
      return false;
    }
  }

  private static void await(CountDownLatch gate) {
    try {
      gate.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void threads_outlive_their_shard_and_end() throws Exception {
    List<Thread> all = new ArrayList<>();
    CountDownLatch gate = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(20);
    AtomicInteger ended = new AtomicInteger();
    AtomicInteger inside = new AtomicInteger();
    Shard shard;
    try (NetStack stack = stack(ShardConfig.defaults())) {
      shard = stack.shard(0);
      ShardThreads threads = threads(stack);
      for (int i = 0; i < 20; i++) {
        all.add(
            threads.start(
                "outlive-" + i,
                () -> {
                  begun.countDown();
                  await(gate);
                  assertThat(inside.incrementAndGet()).as("one at a time").isEqualTo(1);
                  inside.decrementAndGet();
                  if (!threads.isCurrent()) {
                    ended.incrementAndGet();
                  }
                }));
      }
      assertThat(begun.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }
    gate.countDown();
    join(all);
    assertThat(ended).hasValue(20);
    assertThat(shard.isClosed()).isTrue();
  }

  @Test
  void a_driven_shard_carries_no_threads() {
    try (NetStack stack =
        NetStack.builder()
            .driven(ShardClock.system())
            .port("mem:threads-" + WIRES.incrementAndGet())
            .start()) {
      assertThat(new VirtualThreadsProvider().create(stack.shard(0))).isNull();
    }
  }
}
