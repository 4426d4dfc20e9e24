package io.millrace.blocking;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.futures.ConnectionLostException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many clients at once, of which some are closed, interrupted or run out of time in the middle. */
class StressTest {
  private static final int PORT = 7;
  private static final int ROUNDS = 8;

  /** How a client is disturbed. */
  private enum Trouble {
    NONE,
    CLOSE,
    INTERRUPT,
    TIMEOUT,
    ABORT
  }

  @ParameterizedTest
  @CsvSource({"SHARD, 1000", "ORDINARY, 1000", "PLATFORM, 100"})
  void nothing_is_left_when_clients_end_in_every_way(ThreadKind kind, int clients) {
    try (Pair pair = new Pair(kind)) {
      BlockingServer server = BlockingTcp.serve(pair.right, PORT, StressTest::echo);
      SplittableRandom random = new SplittableRandom(42);
      AtomicInteger echoed = new AtomicInteger();
      List<Pair.Running<Trouble>> running = new ArrayList<>();
      List<Thread> troubled = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        Trouble trouble =
            random.nextInt(3) > 0
                ? Trouble.NONE
                : Trouble.values()[1 + random.nextInt(Trouble.values().length - 1)];
        long seed = random.nextLong();
        Pair.Running<Trouble> client =
            pair.onLeft(() -> client(pair, trouble, new SplittableRandom(seed), echoed));
        running.add(client);
        if (trouble == Trouble.INTERRUPT) {
          troubled.add(client.thread);
        }
      }
      Await.until("some have been echoed", () -> echoed.get() > clients / 2);
      troubled.forEach(Thread::interrupt);
      int unharmed = 0;
      for (Pair.Running<Trouble> each : running) {
        unharmed += each.value() == Trouble.NONE ? 1 : 0;
      }
      assertThat(unharmed).isBetween(clients / 2, clients);
      assertThat(echoed.get()).isGreaterThanOrEqualTo(unharmed * ROUNDS);
      running.forEach(each -> Await.until("a thread has ended", () -> !each.thread.isAlive()));
      server.close();
      pair.assertNothingLeft();
    }
  }

  private static void echo(BlockingConnection c) throws IOException {
    byte[] data = new byte[2_048];
    int n;
    while ((n = c.read(data)) >= 0) {
      c.write(data, 0, n);
    }
  }

  /** Returns what has disturbed the client, which is nothing unless it was meant to be. */
  private static Trouble client(
      Pair pair, Trouble trouble, SplittableRandom random, AtomicInteger echoed)
      throws IOException {
    BlockingConnection c = null;
    try {
      c = BlockingTcp.connect(pair.left, Pair.RIGHT, PORT);
      for (int i = 0; i < ROUNDS; i++) {
        byte[] data = new byte[1 + random.nextInt(6_000)];
        random.nextBytes(data);
        c.write(data);
        if (i == ROUNDS / 2) {
          disturb(c, trouble);
        }
        byte[] answer = new byte[data.length];
        c.readFully(answer);
        if (!Arrays.equals(answer, data)) {
          throw new AssertionError("another answer");
        }
        echoed.incrementAndGet();
      }
      if (trouble == Trouble.INTERRUPT) {
        c.read(new byte[1]); // until it is interrupted
      }
      return Trouble.NONE;
    } catch (InterruptedIOException | ClosedChannelException | ConnectionLostException e) {
      if (trouble == Trouble.NONE) {
        throw e;
      }
      return trouble;
    } finally {
      if (c != null) {
        c.close();
      }
    }
  }

  private static void disturb(BlockingConnection c, Trouble trouble) {
    switch (trouble) {
      case NONE, INTERRUPT -> {}
      case CLOSE -> Thread.ofVirtual().start(c::close);
      case ABORT -> Thread.ofPlatform().daemon().start(c::abort);
      case TIMEOUT -> c.readTimeout(Duration.ofNanos(1));
    }
  }
}
