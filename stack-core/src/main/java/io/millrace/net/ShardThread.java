package io.millrace.net;

import io.millrace.diag.Counter;
import io.millrace.os.Linux;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * The thread of a shard that is not driven: pins itself, then turns the duty cycle until it is told
 * to stop.
 */
final class ShardThread extends Thread {
  private static final Logger LOG = System.getLogger("io.millrace.shard");

  private final Shard shard;
  private final Sleeper sleeper;
  private volatile boolean stopping;
  private volatile Throwable failure;

  // Looked at by the stall watch, which takes a late value for what it is.
  private long cycles;
  private boolean asleep;

  ShardThread(Shard shard) {
    super("millrace-shard-" + shard.index());
    this.shard = shard;
    this.sleeper = Sleeper.of(shard);
    setDaemon(true);
    shard.thread(this);
    shard.sleeper(sleeper);
  }

  @Override
  public void run() {
    pin();
    try {
      turn();
    } catch (RuntimeException | Error e) {
      failure = e;
      LOG.log(
          Level.ERROR,
          "shard "
              + shard.index()
              + " has failed and stands still: its connections are reset. The other shards go on;"
              + " restart the stack to have this one back.",
          e);
    } finally {
      shard.shutDown();
      sleeper.close();
    }
  }

  private void turn() {
    boolean adaptive = shard.config().mode() == ShardMode.ADAPTIVE;
    long threshold = shard.config().stallThreshold();
    long spin = shard.config().spin();
    long begun = shard.clock().update();
    long sleepAt = begun + spin;
    while (!stopping) {
      int work = shard.step();
      cycles++;
      long now = shard.clock().now();
      if (now - begun > threshold) {
        // The clock is read at the start of a cycle, so this is how long the one before took.
        shard.counters().increment(Counter.STALLS);
      }
      begun = now;
      if (work != 0) {
        shard.counters().increment(Counter.BUSY_CYCLES);
        sleepAt = now + spin;
        continue;
      }
      Thread.onSpinWait();
      if (adaptive && now >= sleepAt) {
        sleep();
        begun = shard.clock().update();
        sleepAt = begun;
      }
    }
  }

  private void sleep() {
    long deadline = shard.nextDeadline();
    long now = shard.clock().update();
    if (deadline > now) {
      shard.counters().increment(Counter.SLEEPS);
      asleep = true;
      sleeper.sleep(deadline == Long.MAX_VALUE ? deadline : deadline - now, shard);
      asleep = false;
    }
  }

  /** Duty cycles turned, for others to see whether it turns: perhaps a little late. */
  long cycles() {
    return cycles;
  }

  /** Whether it sleeps because there is nothing to do, for others to see. */
  boolean isAsleep() {
    return asleep;
  }

  /** Why the shard stands still, or null. */
  Throwable failure() {
    return failure;
  }

  private void pin() {
    int core = shard.config().core();
    if (core < 0) {
      return;
    }
    int result = new Linux().pinThread(core);
    if (result < 0) {
      LOG.log(
          Level.WARNING,
          "shard {0} is not pinned to CPU {1}: {2}. It runs wherever the scheduler puts it; choose"
              + " a CPU that this process may use.",
          shard.index(),
          Integer.toString(core), // a logger would write 1,023
          Linux.describe(result));
    }
  }

  /** Any other thread: asks the shard to stop and waits until it has. */
  void stopAndJoin() {
    stopping = true;
    shard.nudge();
    boolean interrupted = false;
    while (isAlive()) {
      try {
        join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
