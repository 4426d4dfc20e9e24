package io.millrace.net;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;

/** What an idle shard sleeps on, and how others wake it up. */
abstract sealed class Sleeper implements AutoCloseable permits PortSleeper, SocketSleeper {
  private static final long LONGEST_MILLIS = 1_000;

  private final AtomicBoolean asleep = new AtomicBoolean();
  private final Object closing = new Object();

  /**
   * Guarded by {@link #closing}: a late waker must not touch what is given back, or is somebody
   * else's.
   */
  private boolean closed;

  /** The sleeper for a shard whose interfaces and sockets are known. */
  static Sleeper of(Shard shard) {
    return shard.sockets() == null
        ? new PortSleeper(shard.ports())
        : new SocketSleeper(shard.sockets());
  }

  /**
   * The shard: sleeps until something is readable, {@link #wakeUp()} is called, or {@code nanos}
   * have passed.
   */
  final void sleep(long nanos, Shard shard) {
    asleep.set(true);
    // Looked at once more after saying that we sleep, so that a message cannot slip through in
    // between.
    if (shard.isIdle()) {
      block(Math.clamp(nanos / 1_000_000, 0, LONGEST_MILLIS));
    }
    asleep.set(false);
    awake();
  }

  /** Any thread: wakes the shard if it sleeps. */
  final void wakeUp() {
    // What there is to see was written before; who goes to sleep says so first and looks then.
    VarHandle.fullFence();
    if (asleep.get() && asleep.compareAndSet(true, false)) {
      synchronized (closing) {
        if (!closed) {
          unblock();
        }
      }
    }
  }

  @Override
  public final void close() {
    synchronized (closing) {
      if (!closed) {
        closed = true;
        release();
      }
    }
  }

  /** The shard: waits for at most so many milliseconds; 0 does not wait. */
  abstract void block(long millis);

  /** The shard: forgets that it was woken up. */
  abstract void awake();

  /** Any thread: ends {@link #block}, or the next one. */
  abstract void unblock();

  /** Gives back what it slept on. */
  abstract void release();
}
