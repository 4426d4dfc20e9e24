package io.millrace.net;

import io.millrace.buf.Bytes;
import io.millrace.os.Linux;
import java.lang.foreign.Arena;
import org.agrona.BitUtil;

/**
 * Sleeps on the descriptors of a shard's ports and on one of its own, which other threads write to
 * wake it up.
 *
 * <p>A port without a descriptor cannot wake anybody: with one, sleeping is a short nap.
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
