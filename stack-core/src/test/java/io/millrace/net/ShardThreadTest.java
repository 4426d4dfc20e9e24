package io.millrace.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.buf.Bytes;
import io.millrace.diag.Counter;
import io.millrace.os.Linux;
import io.millrace.spi.ScriptedPort;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Shards with a thread. No test depends on how fast anything is; the time limit only ends what
 * would hang.
 */
@Timeout(120)
class ShardThreadTest {
  private final ScriptedPort port = new ScriptedPort();
  private final Linux linux = new Linux();
  private final int fd = linux.eventfd();

  @AfterEach
  void closeDescriptor() {
    linux.close(fd);
  }

  private NetStack start(ShardConfig config) {
    return NetStack.builder().shards(config.withFrames(64)).port(port).start();
  }

  private static void run(Shard shard, Runnable task) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    shard.execute(
        () -> {
          task.run();
          done.countDown();
        });
    done.await();
  }

  @ParameterizedTest
  @EnumSource(
      value = ShardMode.class,
      names = {"POLL", "ADAPTIVE"})
  void messagesRunOnTheShardsThreadInOrder(ShardMode mode) throws Exception {
    List<Integer> ran = new ArrayList<>();
    AtomicReference<Thread> thread = new AtomicReference<>();
    try (NetStack stack = start(ShardConfig.defaults().withMode(mode))) {
      Shard shard = stack.shard(0);
      assertThat(shard.isOwner()).isFalse();
      for (int i = 0; i < 1_000; i++) {
        int n = i;
        shard.execute(() -> ran.add(n));
      }
      run(
          shard,
          () -> {
            thread.set(Thread.currentThread());
            assertThat(shard.isOwner()).isTrue();
            shard.execute(() -> ran.add(-1));
            assertThat(ran.getLast()).as("at once on its own thread").isEqualTo(-1);
          });
      if (mode == ShardMode.POLL) {
        assertThat(shard.counters().get(Counter.SLEEPS)).isZero();
      }
    }
    assertThat(ran).hasSize(1_001).startsWith(0, 1, 2).isSubsetOf(range());
    assertThat(thread.get().getName()).isEqualTo("millrace-shard-0");
    assertThat(thread.get().isAlive()).isFalse();
    assertThat(port.closed).isTrue();
  }

  private static List<Integer> range() {
    return java.util.stream.IntStream.range(-1, 1_000).boxed().toList();
  }

  private void awaitSleep(Shard shard) {
    long before = shard.counters().get(Counter.SLEEPS);
    while (shard.counters().get(Counter.SLEEPS) <= before) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aMessageWakesASleepingShard() throws Exception {
    port.fd = fd; // Nothing ever arrives, so each sleep is of a second.
    AtomicInteger ran = new AtomicInteger();
    try (NetStack stack = start(ShardConfig.defaults())) {
      // Without being woken this would take longer than the time limit.
      for (int i = 0; i < 400; i++) {
        if (i % 100 == 0) {
          awaitSleep(stack.shard(0));
        }
        run(stack.shard(0), ran::incrementAndGet);
      }
    }
    assertThat(ran).hasValue(400);
  }

  @Test
  void aFrameWakesASleepingShard() throws Exception {
    port.fd = fd;
    CountDownLatch received = new CountDownLatch(1);
    try (NetStack stack = start(ShardConfig.defaults());
        Arena arena = Arena.ofConfined()) {
      Shard shard = stack.shard(0);
      RecordingFamily family = new RecordingFamily(4);
      family.action =
          frame -> {
            frame.release();
            received.countDown();
          };
      run(shard, () -> shard.families(family, null));
      awaitSleep(shard);
      byte[] packet = new byte[34];
      java.util.Arrays.fill(packet, 0, 6, (byte) 0xff);
      packet[12] = 8;
      // What the wire does in a test is done on the shard; the descriptor alone must wake it.
      run(shard, () -> port.arrive(packet));
      long one = arena.allocate(8, 8).address();
      Bytes.put64Native(one, 1);
      assertThat(linux.write(fd, one, 8)).isEqualTo(8);
      received.await();
    }
  }

  @Test
  void aShardThatMayNotBePinnedRunsUnpinned() throws Exception {
    AtomicInteger ran = new AtomicInteger();
    try (NetStack stack = start(ShardConfig.defaults().withCore(1_023))) {
      run(stack.shard(0), ran::incrementAndGet);
    }
    assertThat(ran).hasValue(1);
  }

  @Test
  void closingFromTheShardsOwnThreadReturnsAndHappens() throws Exception {
    NetStack stack = start(ShardConfig.defaults());
    CountDownLatch returned = new CountDownLatch(1);
    stack
        .shard(0)
        .execute(
            () -> {
              stack.close();
              stack.close();
              returned.countDown();
            });
    returned.await();
    stack.awaitClose();
    assertThat(port.closed).isTrue();
    stack.close();
  }

  @Test
  void everyCloseReturnsWhenTheStackIsClosed() throws Exception {
    NetStack stack = start(ShardConfig.defaults());
    AtomicInteger closed = new AtomicInteger();
    List<Thread> closers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      closers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    stack.close();
                    if (port.closed) {
                      closed.incrementAndGet();
                    }
                  }));
    }
    for (Thread closer : closers) {
      closer.join();
    }
    assertThat(closed).hasValue(4);
    stack.awaitClose();
  }

  @Test
  void anInterruptDoesNotShortenClosing() {
    NetStack stack = start(ShardConfig.defaults());
    Thread.currentThread().interrupt();
    stack.close();
    assertThat(port.closed).isTrue();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void whatIsAcceptedRunsAndWhatComesTooLateIsRefused() throws Exception {
    for (int round = 0; round < 100; round++) {
      ScriptedPort quiet = new ScriptedPort();
      quiet.fd = fd;
      NetStack stack =
          NetStack.builder().shards(ShardConfig.defaults().withFrames(2)).port(quiet).start();
      Shard shard = stack.shard(0);
      AtomicInteger ran = new AtomicInteger();
      AtomicInteger accepted = new AtomicInteger();
      CountDownLatch going = new CountDownLatch(2);
      List<Thread> writers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        writers.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      going.countDown();
                      while (true) {
                        try {
                          shard.execute(ran::incrementAndGet);
                          accepted.incrementAndGet();
                        } catch (RejectedExecutionException e) {
                          if (e.getMessage().equals("shard 0 is closed")) {
                            return;
                          }
                        }
                      }
                    }));
      }
      going.await();
      stack.close();
      for (Thread writer : writers) {
        writer.join();
      }
      assertThat(ran.get()).isEqualTo(accepted.get());
    }
  }

  @Test
  void aFullMailboxRefusesAndSaysSo() throws Exception {
    try (NetStack stack =
        start(new ShardConfig(ShardMode.ADAPTIVE, -1, 8, 0, 0, 4, false, 10_000_000, 50_000))) {
      Shard shard = stack.shard(0);
      CountDownLatch release = new CountDownLatch(1);
      CountDownLatch blocked = new CountDownLatch(1);
      shard.execute(
          () -> {
            blocked.countDown();
            try {
              release.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
      blocked.await();
      for (int i = 0; i < 4; i++) {
        shard.execute(() -> {});
      }
      assertThatThrownBy(() -> shard.execute(() -> {}))
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("shard 0 has 4 messages waiting");
      release.countDown();
    }
  }
}
