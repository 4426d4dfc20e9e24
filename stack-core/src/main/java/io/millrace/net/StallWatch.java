package io.millrace.net;

import io.millrace.diag.ShardStall;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Looks from outside whether shards turn, and finds out who holds one that does not: a handler that
 * computes for too long, or waits for something.
 *
 * <p>A thread of its own takes a look twice per threshold while shards are awake, and rarely while
 * all sleep. What it finds is a {@link ShardStall} event for JFR. The shard itself counts its long
 * cycles ({@link io.millrace.diag.Counter#STALLS}).
 */
final class StallWatch implements Runnable {
  private static final Logger LOG = System.getLogger("io.millrace.shard");
  private static final long REST = 50_000_000;

  private final List<ShardThread> threads;
  private final long threshold;
  private final Consumer<ShardStall> report;
  private final long[] cycles;
  private final long[] since;
  private final boolean[] reported;
  private volatile boolean stopping;

  /**
   * Watches shards.
   *
   * @param threshold how long a duty cycle may take, nanoseconds
   * @param report is told of each stall once, while it lasts
   */
  StallWatch(List<ShardThread> threads, long threshold, Consumer<ShardStall> report) {
    this.threads = List.copyOf(threads);
    this.threshold = threshold;
    this.report = report;
    this.cycles = new long[threads.size()];
    this.since = new long[threads.size()];
    this.reported = new boolean[threads.size()];
  }

  /** Starts a thread that watches until {@link #stop}. */
  static StallWatch start(List<ShardThread> threads, long threshold) {
    StallWatch watch = new StallWatch(threads, threshold, StallWatch::publish);
    Thread thread = new Thread(watch, "millrace-stall-watch");
    thread.setDaemon(true);
    thread.start();
    return watch;
  }

  private static void publish(ShardStall stall) {
    stall.commit();
    LOG.log(
        Level.DEBUG, "shard {0} is held up by {1}", Integer.toString(stall.shard), stall.handler);
  }

  @Override
  public void run() {
    while (!stopping) {
      boolean allAsleep = look(System.nanoTime());
      LockSupport.parkNanos(allAsleep ? Math.max(REST, threshold) : threshold / 2);
    }
  }

  void stop() {
    stopping = true;
  }

  /** Looks once at all shards; returns whether all of them sleep. */
  boolean look(long now) {
    boolean allAsleep = true;
    for (int i = 0; i < cycles.length; i++) {
      ShardThread thread = threads.get(i);
      long turned = thread.cycles();
      if (turned != cycles[i] || thread.isAsleep()) {
        cycles[i] = turned;
        since[i] = now;
        reported[i] = false;
      } else if (now - since[i] >= threshold && !reported[i]) {
        reported[i] = true;
        held(i, thread, now - since[i]);
      }
      allAsleep &= thread.isAsleep();
    }
    return allAsleep;
  }

  private void held(int shard, ShardThread thread, long nanos) {
    StackTraceElement[] stack = thread.getStackTrace();
    if (thread.cycles() != cycles[shard] || stack.length == 0) {
      return; // it has gone on meanwhile, or ended
    }
    ShardStall stall = new ShardStall();
    stall.shard = shard;
    stall.held = nanos;
    stall.handler = handler(stack);
    stall.at = stack[0].toString();
    report.accept(stall);
  }

  /** The first method that is not the stack's own, seen from the duty cycle. */
  static String handler(StackTraceElement[] stack) {
    for (int i = stack.length - 1; i >= 0; i--) {
      String name = stack[i].getClassName();
      if (!isStack(name) && !name.startsWith("java.") && !name.startsWith("jdk.")) {
        return stack[i].toString();
      }
    }
    return stack[0].toString();
  }

  private static boolean isStack(String name) {
    for (String each : STACK) {
      if (name.startsWith(each)) {
        return true;
      }
    }
    return false;
  }

  private static final List<String> STACK =
      List.of("net", "tcp", "udp", "sctp", "ipv4", "ipv6", "link", "time", "driver", "kernel")
          .stream()
          .map(each -> "io.millrace." + each + ".")
          .toList();
}
