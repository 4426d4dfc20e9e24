package io.millrace.driver.afxdp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Region;
import io.millrace.os.Linux;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * An AF_XDP socket: registers memory, maps the four rings, binds to a queue of a device. Made in
 * the device's network namespace. Cold but for {@link #wake} and {@link #poll}.
 */
final class XdpSocket implements AutoCloseable {
  static final int COPY = 2;
  static final int ZERO_COPY = 4;
  static final int NEED_WAKEUP = 8;
  static final int MULTI_BUFFER = 16;

  /** Memory flag: packets may begin anywhere, not only in chunks of a power of two. */
  static final int UNALIGNED = 1;

  /** Memory flag: wishes to the device lie in front of packets that are sent. */
  static final int METADATA = 4;

  private static final int AF_XDP = 44;
  private static final int SOCK_RAW = 3;
  private static final int SOL_XDP = 283;

  private static final int MMAP_OFFSETS = 1;
  private static final int RECEIVE_RING = 2;
  private static final int TRANSMIT_RING = 3;
  private static final int MEMORY = 4;
  private static final int FILL_RING = 5;
  private static final int COMPLETION_RING = 6;
  private static final int STATISTICS = 7;
  private static final int TRANSMIT_BUDGET = 9;

  private static final long TRANSMIT_PAGE = 0x8000_0000L;
  private static final long FILL_PAGE = 0x1_0000_0000L;
  private static final long COMPLETION_PAGE = 0x1_8000_0000L;

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED_POPULATED = 0x8001;

  /** Bytes of what {@link #MMAP_OFFSETS} says of a ring. */
  private static final int OFFSETS = 32;

  private static final int SOL_SOCKET = 1;
  private static final int BUSY_POLL = 46;
  private static final int PREFER_BUSY_POLL = 69;
  private static final int BUSY_POLL_BUDGET = 70;

  private static final int BIND_ATTEMPTS = 200;
  private static final long BIND_PAUSE = 10_000_000;

  /** In {@link Linux}'s terms: no such call on this socket, an option that is not known. */
  private static final int ENOPROTOOPT = 92;

  private record Mapping(long address, long length) {}

  private final Linux linux = new Linux();
  private final Arena arena = Arena.ofShared();
  private final long scratch = arena.allocate(128, 8).address();
  private final long length = arena.allocate(8, 8).address();
  private final List<Mapping> mappings = new ArrayList<>();
  private final String device;
  private final int fd;
  private int either = -1;
  private boolean closed;

  XdpSocket(String device) {
    this.device = device;
    fd = linux.socket(AF_XDP, SOCK_RAW | Linux.O_CLOEXEC, 0);
    if (fd < 0) {
      arena.close();
      throw AfXdpError.noSocket(fd);
    }
  }

  int fd() {
    return fd;
  }

  /** A descriptor that is readable when this or the other one is; it goes with the socket. */
  int readableWith(int other) {
    either = linux.epoll();
    require("what wakes it up", either);
    require("what wakes it up", linux.epollAdd(either, fd));
    require("what wakes it up", linux.epollAdd(either, other));
    return either;
  }

  private void require(String what, int result) {
    if (result < 0) {
      throw AfXdpError.notSet(device, what, result);
    }
  }

  private int set(int level, int option, int value) {
    Bytes.put32Native(scratch, value);
    return linux.setsockopt(fd, level, option, scratch, 4);
  }

  /**
   * Registers the memory that packets lie in.
   *
   * @param chunk the most bytes of a packet in one piece, with the kernel's headroom
   * @param metadata bytes in front of packets that are sent, or 0
   */
  void register(Region region, long size, int chunk, int flags, int metadata) {
    Bytes.put64Native(scratch, region.address());
    Bytes.put64Native(scratch + 8, size);
    Bytes.put32Native(scratch + 16, chunk);
    Bytes.put32Native(scratch + 20, 0);
    Bytes.put32Native(scratch + 24, metadata == 0 ? flags : flags | METADATA);
    Bytes.put32Native(scratch + 28, metadata);
    int result = linux.setsockopt(fd, SOL_XDP, MEMORY, scratch, 32);
    if (result == -Linux.EINVAL && metadata != 0) {
      throw AfXdpError.noMetadata(device);
    }
    if (result < 0) {
      throw AfXdpError.notRegistered(device, size, result);
    }
  }

  /** The four rings, mapped. */
  record Rings(Ring receive, Ring transmit, Ring fill, Ring completion) {}

  /** Makes the rings, each of {@code size} entries. */
  Rings rings(int size) {
    require("the fill ring", set(SOL_XDP, FILL_RING, size));
    require("the completion ring", set(SOL_XDP, COMPLETION_RING, size));
    require("the receive ring", set(SOL_XDP, RECEIVE_RING, size));
    require("the transmit ring", set(SOL_XDP, TRANSMIT_RING, size));
    // Since Linux 6.17: how many packets one system call sends. Without it, it takes several.
    int budget = set(SOL_XDP, TRANSMIT_BUDGET, size);
    if (budget != -ENOPROTOOPT) {
      require("the transmit budget", budget);
    }
    Bytes.put32Native(length, 4 * OFFSETS);
    require("the rings", linux.getsockopt(fd, SOL_XDP, MMAP_OFFSETS, scratch, length));
    return new Rings(
        map(scratch, size, 16, 0),
        map(scratch + OFFSETS, size, 16, TRANSMIT_PAGE),
        map(scratch + 2 * OFFSETS, size, 8, FILL_PAGE),
        map(scratch + 3 * OFFSETS, size, 8, COMPLETION_PAGE));
  }

  private Ring map(long offsets, int size, int entry, long page) {
    long bytes = Bytes.i64Native(offsets + 16) + (long) size * entry;
    long address = linux.mmap(bytes, PROT_READ_WRITE, MAP_SHARED_POPULATED, fd, page);
    require("the rings", (int) Math.min(0, address));
    mappings.add(new Mapping(address, bytes));
    return new Ring(address, offsets, size);
  }

  /**
   * Lets the kernel poll the device in our system calls and not of its own accord.
   *
   * @param micros how long a call may look for packets, 0 to 1000
   * @param budget packets per call
   */
  void preferBusyPoll(int micros, int budget) {
    require("busy polling", set(SOL_SOCKET, PREFER_BUSY_POLL, 1));
    require("busy polling", set(SOL_SOCKET, BUSY_POLL, micros));
    require("busy polling", set(SOL_SOCKET, BUSY_POLL_BUDGET, budget));
  }

  /**
   * Binds to a queue; 0 or a negated errno. Waits a while for a socket that was closed just before:
   * the kernel takes its time to forget it.
   */
  int bind(int index, int queue, int flags) {
    Bytes.put16Native(scratch, AF_XDP);
    Bytes.put16Native(scratch + 2, flags);
    Bytes.put32Native(scratch + 4, index);
    Bytes.put32Native(scratch + 8, queue);
    Bytes.put32Native(scratch + 12, 0);
    int result = linux.bind(fd, scratch, 16);
    for (int i = 0; result == -Linux.EBUSY && i < BIND_ATTEMPTS; i++) {
      LockSupport.parkNanos(BIND_PAUSE);
      result = linux.bind(fd, scratch, 16);
    }
    return result;
  }

  /** Tells the kernel that there is something to send; 0 or more, or a negated errno. */
  int wake() {
    return (int) linux.send(fd, 0, 0, Linux.MSG_DONTWAIT);
  }

  /** Lets the device receive, where it waits for that. */
  void poll() {
    linux.recv(fd, 0, 0, Linux.MSG_DONTWAIT);
  }

  /** Packets that the kernel dropped since the socket was made: no frame, or no room in a ring. */
  long drops() {
    Bytes.put32Native(length, 48);
    int result = linux.getsockopt(fd, SOL_XDP, STATISTICS, scratch, length);
    return result < 0 ? 0 : Bytes.i64Native(scratch) + Bytes.i64Native(scratch + 24);
  }

  /** Gives the queue back. Nothing is received or sent afterwards. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (either >= 0) {
      linux.close(either);
    }
    linux.close(fd);
    for (Mapping mapping : mappings) {
      linux.munmap(mapping.address(), mapping.length());
    }
    arena.close();
  }
}
