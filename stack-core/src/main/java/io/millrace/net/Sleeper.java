package io.millrace.net;

import io.millrace.buf.Bytes;
import io.millrace.os.Linux;
import java.lang.foreign.Arena;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.BitUtil;

/**
 * Sleeps on the descriptors of a shard's ports and on one of its own, which other threads write to
 * wake it up.
 *
 * <p>A port without a descriptor cannot wake anybody: with one, sleeping is a short nap.
 */
final class Sleeper implements AutoCloseable {
  private static final int NAP_MILLIS = 1;
  private static final int LONGEST_MILLIS = 1_000;

  private final Arena arena = Arena.ofShared();
  private final Linux linux = new Linux();
  private final Linux waker = new Linux();
  private final int eventFd;
  private final long pollFds;
  private final int count;
  private final boolean allWake;
  private final long scratch;
  private final long one;
  private final AtomicBoolean asleep = new AtomicBoolean();

  /**
   * Guarded by {@link #waker}: a late waker must not write to a descriptor that is somebody else's.
   */
  private boolean closed;

  Sleeper(NetInterface[] interfaces) {
    eventFd = linux.eventfd();
    if (eventFd < 0) {
      throw new IllegalStateException(
          "no event descriptor to sleep on: " + Linux.describe(eventFd));
    }
    pollFds = arena.allocate(8L * (interfaces.length + 1), 8).address();
    scratch = arena.allocate(8, 8).address();
    one = arena.allocate(8, 8).address();
    Bytes.put64Native(one, 1);
    int n = 0;
    boolean all = true;
    add(n++, eventFd);
    for (NetInterface each : interfaces) {
      if (each.queue() instanceof RelayQueue) {
        continue; // what comes is handed over, and the bell wakes us
      }
      int fd = each.queue().fd();
      if (fd >= 0) {
        add(n++, fd);
      } else {
        all = false;
      }
    }
    count = n;
    allWake = all;
  }

  private void add(int i, int fd) {
    Bytes.put32Native(pollFds + i * 8L, fd);
    Bytes.put16Native(pollFds + i * 8L + 4, Linux.POLLIN);
  }

  /**
   * The shard: sleeps until something is readable, {@link #wakeUp()} is called, or {@code nanos}
   * have passed.
   */
  void sleep(long nanos, Shard shard) {
    asleep.set(true);
    // Looked at once more after saying that we sleep, so that a message cannot slip through in
    // between.
    if (shard.isIdle()) {
      long millis = Math.min(nanos / 1_000_000, allWake ? LONGEST_MILLIS : NAP_MILLIS);
      linux.poll(pollFds, count, (int) Math.max(0, millis));
    }
    asleep.set(false);
    linux.read(eventFd, scratch, BitUtil.SIZE_OF_LONG);
  }

  /** Any thread: wakes the shard if it sleeps. */
  void wakeUp() {
    // What there is to see was written before; who goes to sleep says so first and looks then.
    VarHandle.fullFence();
    if (asleep.get() && asleep.compareAndSet(true, false)) {
      synchronized (waker) {
        if (!closed) {
          waker.write(eventFd, one, BitUtil.SIZE_OF_LONG);
        }
      }
    }
  }

  @Override
  public void close() {
    synchronized (waker) {
      if (!closed) {
        closed = true;
        linux.close(eventFd);
        arena.close();
      }
    }
  }
}
