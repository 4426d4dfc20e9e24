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

  /** Empty duty cycles before an adaptive shard sleeps. */
  private static final int SPINS = 2_000;

  private final Shard shard;
  private final Sleeper sleeper;
  private volatile boolean stopping;

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
    boolean adaptive = shard.config().mode() == ShardMode.ADAPTIVE;
    int idle = 0;
    while (!stopping) {
      if (shard.step() != 0) {
        shard.counters().increment(Counter.BUSY_CYCLES);
        idle = 0;
        continue;
      }
      Thread.onSpinWait();
      if (adaptive && ++idle >= SPINS) {
        long deadline = shard.nextDeadline();
        long now = shard.clock().update();
        if (deadline > now) {
          shard.counters().increment(Counter.SLEEPS);
          sleeper.sleep(deadline == Long.MAX_VALUE ? deadline : deadline - now, shard);
        }
        idle = SPINS - SPINS / 20;
      }
    }
    shard.shutDown();
    sleeper.close();
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
