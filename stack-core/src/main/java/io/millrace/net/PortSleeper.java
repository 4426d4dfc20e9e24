package io.millrace.net;

import io.millrace.buf.Bytes;
import io.millrace.os.Linux;
import io.millrace.spi.PortQueue;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BitUtil;

/**
 * Sleeps on the descriptors of a shard's ports and on one of its own, which other threads write to
 * wake it up.
 *
 * <p>A port without a descriptor wakes the shard up itself; while there is one that cannot,
 * sleeping is a short nap.
 */
final class PortSleeper extends Sleeper {
  private static final int NAP_MILLIS = 1;

  private final Arena arena = Arena.ofShared();
  private final Linux linux = new Linux();
  private final Linux waker = new Linux();
  private final int eventFd;
  private final long pollFds;
  private final int count;
  private final boolean allWake;

  /** Queues that wake us up themselves. */
  private final List<PortQueue> waking = new ArrayList<>();

  private final long scratch;
  private final long one;

  PortSleeper(NetInterface[] interfaces) {
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
      } else if (each.queue().wakes(this::wakeUp)) {
        waking.add(each.queue());
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

  @Override
  void block(long millis) {
    for (int i = 0; i < waking.size(); i++) {
      if (waking.get(i).hasArrivals()) {
        return; // came before we said that we sleep
      }
    }
    linux.poll(pollFds, count, (int) (allWake ? millis : Math.min(millis, NAP_MILLIS)));
  }

  @Override
  void awake() {
    linux.read(eventFd, scratch, BitUtil.SIZE_OF_LONG);
  }

  @Override
  void unblock() {
    waker.write(eventFd, one, BitUtil.SIZE_OF_LONG);
  }

  @Override
  void release() {
    linux.close(eventFd);
    arena.close();
  }
}
