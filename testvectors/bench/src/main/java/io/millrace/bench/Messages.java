package io.millrace.bench;

import io.millrace.net.NetStack;
import io.millrace.net.Shard;
import io.millrace.net.ShardConfig;
import io.millrace.net.ShardMode;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.HdrHistogram.Histogram;

/** Messages between two shards that spin, each on a core of its own. */
final class Messages {
  private static final int BATCH = 256;
  private static final int BATCHES = 4;
  private static final int WARM_UP = 2_000_000;
  private static final int ROUND_TRIPS = 2_000_000;
  private static final long MESSAGES = 100_000_000;
  private static final long LONGEST = 1_000_000_000L;

  private Messages() {}

  static List<Row> run() {
    try {
      return measure();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while messages were on their way", e);
    }
  }

  private static List<Row> measure() throws InterruptedException {
    if (Runtime.getRuntime().availableProcessors() < 2) {
      return List.of(new Row("message to another shard", 0, "ns", "needs two cores"));
    }
    try (NetStack stack =
        NetStack.builder()
            .shards(ShardConfig.defaults().withMode(ShardMode.POLL))
            .cores(0, 1)
            .port("mem:messages,queues=2", "10.0.0.1/24")
            .start()) {
      PingPong pingPong = new PingPong(stack);
      pingPong.run();
      Flood flood = new Flood(stack);
      double perSecond = flood.run();
      Histogram nanos = pingPong.nanos;
      String spread =
          String.format(
              "p90 %.0f, p99 %.0f; half of a round trip",
              nanos.getValueAtPercentile(90) / 2.0, nanos.getValueAtPercentile(99) / 2.0);
      return List.of(
          new Row(
              "message to another shard, one way",
              nanos.getValueAtPercentile(50) / 2.0,
              "ns",
              spread),
          new Row("messages to another shard", perSecond / 1e6, "M/s", "batches of " + BATCH));
    }
  }

  /** One message there and back, again and again. */
  private static final class PingPong {
    private final Shard near;
    private final Shard far;
    private final CountDownLatch done = new CountDownLatch(1);
    private final Histogram nanos = new Histogram(LONGEST, 3);
    private final Runnable ping = this::ping;
    private final Runnable pong = this::pong;
    private long sentAt;
    private int left = WARM_UP + ROUND_TRIPS;

    PingPong(NetStack stack) {
      near = stack.shard(0);
      far = stack.shard(1);
    }

    void run() throws InterruptedException {
      near.execute(this::send);
      done.await();
    }

    private void send() {
      sentAt = System.nanoTime();
      near.group().submitTo(1, ping);
    }

    private void ping() {
      far.group().submitTo(0, pong);
    }

    private void pong() {
      if (left-- < ROUND_TRIPS) {
        nanos.recordValue(Math.min(LONGEST, System.nanoTime() - sentAt));
      }
      if (left == 0) {
        done.countDown();
      } else {
        send();
      }
    }
  }

  /** As many as go through: each batch that has arrived makes another one leave. */
  private static final class Flood {
    private final Shard near;
    private final Shard far;
    private final CountDownLatch done = new CountDownLatch(1);
    private final Runnable message = this::arrive;
    private final Runnable batch = this::send;
    private long arrived;
    private long start;
    private long nanos;

    Flood(NetStack stack) {
      near = stack.shard(0);
      far = stack.shard(1);
    }

    /** Messages per second, of the second half. */
    double run() throws InterruptedException {
      for (int i = 0; i < BATCHES; i++) {
        near.execute(batch);
      }
      done.await();
      return MESSAGES * 1e9 / 2 / nanos;
    }

    private void send() {
      for (int i = 0; i < BATCH; i++) {
        near.group().submitTo(1, message);
      }
    }

    private void arrive() {
      arrived++;
      if (arrived == MESSAGES / 2) {
        start = System.nanoTime();
      } else if (arrived == MESSAGES) {
        nanos = System.nanoTime() - start;
        done.countDown();
      }
      if (arrived % BATCH == 0 && arrived < MESSAGES) {
        far.group().submitTo(0, batch);
      }
    }
  }
}
