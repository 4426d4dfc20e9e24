package io.millrace.threads;

import io.millrace.net.Shard;
import io.millrace.net.ShardThreads;
import io.millrace.time.TimerNode;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * The scheduler of a shard's virtual threads. Each task that it is given resumes one of them.
 *
 * <p>A resume from the shard itself (a packet, a timer, another thread on it) is put into a plain
 * queue, which a timer that is due at once empties in the same duty cycle or the next. A resume
 * from elsewhere (another thread, the end of a {@code sleep}) is put into a concurrent queue, and
 * one message tells the shard. So the mailbox never holds more than one message of ours.
 */
final class ShardScheduler extends TimerNode implements Executor, ShardThreads {
  private static final Map<Thread, ShardScheduler> BY_CARRIER = new ConcurrentHashMap<>();
  private static final long RETRY = 1_000_000;

  private final Shard shard;
  private final Thread home;
  private final ShardThreadsConfig config;
  private final ArrayDeque<Runnable> ready = new ArrayDeque<>();
  private final Queue<Runnable> remote = new ConcurrentLinkedQueue<>();

  /** The shard has been told of the remote queue, or is being told. */
  private final AtomicBoolean told = new AtomicBoolean();

  /** When threads began to run in this duty cycle. */
  private long since;

  /** Runs what is left when the shard has ended. */
  private volatile Executor afterwards;

  private ShardScheduler(Shard shard) {
    this.shard = shard;
    this.home = Thread.currentThread();
    this.config = shard.setting(ShardThreadsConfig.class, ShardThreadsConfig.defaults());
  }

  /** On the shard. */
  static ShardScheduler start(Shard shard) {
    ShardScheduler scheduler = new ShardScheduler(shard);
    BY_CARRIER.put(scheduler.home, scheduler);
    shard.onClose(scheduler::shardClosed);
    return scheduler;
  }

  static ShardScheduler current() {
    return BY_CARRIER.get(JdkInternals.carrier());
  }

  @Override
  public Thread start(String name, Runnable task) {
    return JdkInternals.builder(this).name(name).start(task);
  }

  @Override
  public boolean isCurrent() {
    return JdkInternals.carrier() == home;
  }

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // yields to this scheduler, which is known
  public boolean maybeYield() {
    if (System.nanoTime() - since < config.timeSlice() || !Thread.currentThread().isVirtual()) {
      return false;
    }
    Thread.yield();
    return true;
  }

  // ---- resuming ----

  @Override
  public void execute(Runnable resume) {
    Executor later = afterwards;
    if (later != null) {
      later.execute(resume);
    } else if (isCurrent()) {
      ready.add(resume);
      runSoon();
    } else {
      remote.add(resume);
      // Either the shard finds the queue filled as it ends, or we find that it has ended.
      later = afterwards;
      if (later != null) {
        moveRemote(later);
      } else if (told.compareAndSet(false, true)) {
        tell();
      }
    }
  }

  private void runSoon() {
    if (!isScheduled()) {
      shard.wheel().schedule(this, shard.clock().now());
    }
  }

  /** Any thread but the shard's. */
  private void tell() {
    if (!isTold()) {
      // Its mailbox is full. Who resumes a thread must not wait for it, so somebody else does.
      Thread.ofVirtual()
          .name("millrace-retry")
          .start(
              () -> {
                do {
                  LockSupport.parkNanos(RETRY);
                } while (!isTold());
              });
    }
  }

  private boolean isTold() {
    try {
      shard.execute(this::takeRemote);
      return true;
    } catch (RejectedExecutionException e) {
      return shard.isClosed(); // then it looks into the queue as it ends
    }
  }

  private void takeRemote() {
    told.set(false);
    Runnable resume;
    while ((resume = remote.poll()) != null) {
      ready.add(resume);
    }
    if (!ready.isEmpty()) {
      runSoon();
    }
  }

  @Override
  protected void onTimer(long now) {
    since = System.nanoTime();
    int most = Math.min(ready.size(), config.runsPerCycle());
    try {
      for (int i = 0; i < most; i++) {
        ready.poll().run();
        if (System.nanoTime() - since >= config.timeSlice()) {
          break;
        }
      }
    } finally {
      if (!ready.isEmpty()) {
        runSoon();
      }
    }
  }

  // ---- the end ----

  /**
   * The shard turns no more duty cycles. Its threads have been told that their connections are
   * over, and may still have something to put in order.
   */
  private void shardClosed() {
    BY_CARRIER.remove(home);
    ThreadPoolExecutor one =
        new ThreadPoolExecutor(
            0,
            1, // still one thread at a time, as on the shard
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> Thread.ofPlatform().daemon().name(home.getName() + "-end").unstarted(task));
    afterwards = one;
    Runnable resume;
    while ((resume = ready.poll()) != null) {
      one.execute(resume);
    }
    moveRemote(one);
  }

  private void moveRemote(Executor to) {
    Runnable resume;
    while ((resume = remote.poll()) != null) {
      to.execute(resume);
    }
  }
}
