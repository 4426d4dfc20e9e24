package io.millrace.driver.afxdp;

import io.millrace.buf.Bytes;
import io.millrace.os.Linux;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;

/**
 * Says in the log what happens to the device while the port is open: switched off and on, cable
 * out, another MTU, gone. Listens to the kernel's announcements (rtnetlink(7)) on a thread of its
 * own, which sleeps otherwise; shards never wait for it.
 *
 * <pre>
 *  message:    length u32 | type u16 | flags u16 | sequence u32 | port u32
 *  interface:  family u8, 0 | link type u16 | index i32 | flags u32 | change u32
 *  attributes: length u16 | type u16 | value, padded to 4 bytes
 * </pre>
 */
final class LinkMonitor implements AutoCloseable {
  private static final Logger LOG = System.getLogger("io.millrace.driver.afxdp");

  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int ROUTE = 0;
  private static final int GROUP_LINK = 1;

  private static final int NEW_LINK = 16;
  private static final int REMOVED_LINK = 17;
  private static final int ATTRIBUTE_MTU = 4;

  private static final int FLAG_UP = 1;
  private static final int FLAG_CARRIER = 0x1_0000;

  private static final int HEADER = 16;
  private static final int ATTRIBUTES = 32;
  private static final int SIZE = 1 << 15;

  private final Linux linux = new Linux();
  private final Arena arena = Arena.ofShared();
  private final long buffer = arena.allocate(SIZE, 8).address();
  private final long polled = arena.allocate(16, 8).address();
  private final String device;
  private final int index;
  private final int socket;
  private final int stop;
  private final Thread thread;

  private boolean up;
  private boolean carrier = true;
  private int mtu;

  private LinkMonitor(String device, int index, boolean up, int mtu) {
    this.device = device;
    this.index = index;
    this.up = up;
    this.mtu = mtu;
    socket = linux.socket(AF_NETLINK, SOCK_RAW | Linux.O_NONBLOCK | Linux.O_CLOEXEC, ROUTE);
    stop = linux.eventfd();
    // struct sockaddr_nl: family u16, 2 unused, port u32, groups u32.
    Bytes.put64Native(buffer, AF_NETLINK);
    Bytes.put32Native(buffer + 8, GROUP_LINK);
    linux.bind(socket, buffer, 12);
    Bytes.put32Native(polled, socket);
    Bytes.put16Native(polled + 4, Linux.POLLIN);
    Bytes.put32Native(polled + 8, stop);
    Bytes.put16Native(polled + 12, Linux.POLLIN);
    thread = new Thread(this::watch, "millrace-link-" + device);
    thread.setDaemon(true);
  }

  /** Watches a device of the calling thread's network namespace. */
  static LinkMonitor start(String device, int index, boolean up, int mtu) {
    LinkMonitor monitor = new LinkMonitor(device, index, up, mtu);
    monitor.thread.start();
    return monitor;
  }

  private void watch() {
    while (true) {
      int ready = linux.poll(polled, 2, -1);
      if (ready < 0 && ready != -Linux.EINTR || Bytes.u16Native(polled + 14) != 0) {
        return;
      }
      long count = linux.read(socket, buffer, SIZE);
      if (count > 0) {
        read(buffer, buffer + count);
      }
    }
  }

  private void read(long at, long end) {
    while (at + ATTRIBUTES <= end) {
      long length = Bytes.i32Native(at) & 0xffff_ffffL;
      if (length < HEADER || at + length > end) {
        return;
      }
      int type = Bytes.u16Native(at + 4);
      boolean ours =
          length >= ATTRIBUTES && Bytes.u8(at + HEADER) == 0 && Bytes.i32Native(at + 20) == index;
      if (ours && type == NEW_LINK) {
        changed(Bytes.i32Native(at + 24), mtu(at + ATTRIBUTES, at + length));
      } else if (ours && type == REMOVED_LINK) {
        say(
            Level.WARNING,
            "{0} is gone: nothing comes or goes any more; open the port again when it is back");
      }
      at += length + 3 & ~3L;
    }
  }

  private int mtu(long at, long end) {
    while (at + 4 <= end) {
      int length = Bytes.u16Native(at);
      if (length < 4 || at + length > end) {
        break;
      }
      if (Bytes.u16Native(at + 2) == ATTRIBUTE_MTU && length == 8) {
        return Bytes.i32Native(at + 4);
      }
      at += length + 3 & ~3;
    }
    return mtu;
  }

  private void changed(int flags, int newMtu) {
    boolean nowUp = (flags & FLAG_UP) != 0;
    boolean nowCarrier = !nowUp || (flags & FLAG_CARRIER) != 0;
    if (nowUp != up) {
      say(
          nowUp ? Level.INFO : Level.WARNING,
          nowUp
              ? "{0} has been switched on"
              : "{0} has been switched off: nothing comes or goes until ''ip link set {0} up''");
    }
    if (nowCarrier != carrier) {
      say(
          nowCarrier ? Level.INFO : Level.WARNING,
          nowCarrier
              ? "{0} has a link again"
              : "{0} has no link: the cable is out, or the other end is off");
    }
    if (newMtu != mtu) {
      LOG.log(
          Level.WARNING,
          "{0} has an MTU of {1} bytes now: the stack goes on with the one before; open the port"
              + " again to use it",
          device,
          Integer.toString(newMtu));
    }
    up = nowUp;
    carrier = nowCarrier;
    mtu = newMtu;
  }

  private void say(Level level, String sentence) {
    LOG.log(level, sentence, device);
  }

  @Override
  public void close() {
    try (Arena scratch = Arena.ofConfined()) {
      long one = scratch.allocate(8, 8).address();
      Bytes.put64Native(one, 1);
      new Linux().write(stop, one, 8);
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    linux.close(socket);
    linux.close(stop);
    arena.close();
  }
}
