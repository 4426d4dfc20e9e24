package io.millrace.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Calls into the C library. Each returns the call's own result, or the negated {@code errno} if it
 * failed.
 *
 * <p>One instance per thread of use: it owns the memory in which {@code errno} is captured.
 * Addresses are absolute.
 */
public final class Linux {
  /** No such file or directory. */
  public static final int ENOENT = 2;

  /** Operation not permitted. */
  public static final int EPERM = 1;

  /** Interrupted; call again. */
  public static final int EINTR = 4;

  /** Input or output error; a TAP that is down answers this. */
  public static final int EIO = 5;

  /** Nothing there now; would block. */
  public static final int EAGAIN = 11;

  /** No memory. */
  public static final int ENOMEM = 12;

  /** Permission denied. */
  public static final int EACCES = 13;

  /** Busy. */
  public static final int EBUSY = 16;

  /** No such device. */
  public static final int ENODEV = 19;

  /** Invalid argument. */
  public static final int EINVAL = 22;

  /** Not supported by this device or kernel. */
  public static final int EOPNOTSUPP = 95;

  /** Too long for the device. */
  public static final int EMSGSIZE = 90;

  /** This kernel has no sockets of the kind. */
  public static final int EAFNOSUPPORT = 97;

  /** The interface is switched off. */
  public static final int ENETDOWN = 100;

  /** No room for more now. */
  public static final int ENOBUFS = 105;

  /** {@code open}: read and write. */
  public static final int O_RDWR = 2;

  /** {@code open}: never block. */
  public static final int O_NONBLOCK = 0x800;

  /** {@code open}: do not pass on to child processes. */
  public static final int O_CLOEXEC = 0x80000;

  /** {@code poll}: readable. */
  public static final int POLLIN = 1;

  /** {@code send}, {@code recv}: never block. */
  public static final int MSG_DONTWAIT = 0x40;

  /** The number of {@code bpf(2)}, for which the C library has no function. */
  private static final long BPF = "aarch64".equals(System.getProperty("os.arch")) ? 280 : 321;

  /** The number of {@code mbind(2)}, for which it has none either. */
  private static final long MBIND = "aarch64".equals(System.getProperty("os.arch")) ? 235 : 237;

  private static final long MPOL_PREFERRED = 1;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final VarHandle ERRNO_VALUE =
      Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle OPEN = handle("open", JAVA_INT, 1, ADDRESS, JAVA_INT);
  private static final MethodHandle CLOSE = handle("close", JAVA_INT, JAVA_INT);
  private static final MethodHandle READ =
      handle("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle WRITE =
      handle("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle WRITEV =
      handle("writev", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle IOCTL =
      handle("ioctl", JAVA_INT, 2, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle POLL = handle("poll", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle EVENTFD = handle("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle MEMFD_CREATE =
      handle("memfd_create", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle FTRUNCATE = handle("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MMAP =
      handle("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP = handle("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle SETAFFINITY =
      handle("sched_setaffinity", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle SOCKET =
      handle("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = handle("bind", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SETSOCKOPT =
      handle("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle GETSOCKOPT =
      handle("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle GETSOCKNAME =
      handle("getsockname", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle SENDMMSG =
      handle("sendmmsg", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle SETNS = handle("setns", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SEND =
      handle("send", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle RECV =
      handle("recv", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SYSCALL =
      handle("syscall", JAVA_LONG, 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle EPOLL_CREATE1 = handle("epoll_create1", JAVA_INT, JAVA_INT);
  private static final MethodHandle EPOLL_CTL =
      handle("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle SYSCALL6 =
      handle(
          "syscall", JAVA_LONG, 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
          JAVA_LONG);
  private static final MethodHandle CLOCK_GETTIME =
      handle("clock_gettime", JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle STRERROR =
      LINKER.downcallHandle(
          LINKER.defaultLookup().find("strerror").orElseThrow(),
          FunctionDescriptor.of(ADDRESS, JAVA_INT));

  private final Arena arena = Arena.ofAuto();
  private final MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());

  /**
   * Creates an instance for one thread, or for one owner that sees to it that calls do not overlap.
   */
  public Linux() {}

  private static MethodHandle handle(String name, MemoryLayout result, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().find(name).orElseThrow(() -> new UnsatisfiedLinkError(name)),
        FunctionDescriptor.of(result, arguments),
        ERRNO);
  }

  /** The same for a C function whose arguments from {@code firstVariadic} on are variadic. */
  private static MethodHandle handle(
      String name, MemoryLayout result, int firstVariadic, MemoryLayout... arguments) {
    int index = Math.min(firstVariadic + 1, arguments.length - 1);
    return LINKER.downcallHandle(
        LINKER.defaultLookup().find(name).orElseThrow(() -> new UnsatisfiedLinkError(name)),
        FunctionDescriptor.of(result, arguments),
        ERRNO,
        Linker.Option.firstVariadicArg(index));
  }

  private long check(long result) {
    return result >= 0 ? result : -(long) (int) ERRNO_VALUE.get(state, 0L);
  }

  /** {@code open(2)}. */
  public int open(String path, int flags) {
    try (Arena scratch = Arena.ofConfined()) {
      return (int) check((int) OPEN.invokeExact(state, scratch.allocateFrom(path), flags));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code close(2)}. */
  public int close(int fd) {
    try {
      return (int) check((int) CLOSE.invokeExact(state, fd));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code read(2)}. */
  public long read(int fd, long address, long count) {
    try {
      return check((long) READ.invokeExact(state, fd, address, count));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code write(2)}. */
  public long write(int fd, long address, long count) {
    try {
      return check((long) WRITE.invokeExact(state, fd, address, count));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /**
   * {@code writev(2)}: {@code vector} is the address of {@code count} pairs of 64-bit address and
   * length.
   */
  public long writev(int fd, long vector, int count) {
    try {
      return check((long) WRITEV.invokeExact(state, fd, vector, count));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code ioctl(2)} with an address or a number as its argument. */
  public int ioctl(int fd, long request, long argument) {
    try {
      return (int) check((int) IOCTL.invokeExact(state, fd, request, argument));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code poll(2)}: {@code fds} is the address of {@code count} 8-byte {@code pollfd}s. */
  public int poll(long fds, int count, int timeoutMillis) {
    try {
      return (int) check((int) POLL.invokeExact(state, fds, (long) count, timeoutMillis));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code eventfd(2)}, not blocking, closed on exec. */
  public int eventfd() {
    try {
      return (int) check((int) EVENTFD.invokeExact(state, 0, O_NONBLOCK | O_CLOEXEC));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code memfd_create(2)}; {@code flags} 1 is close-on-exec, 4 is hugepages. */
  public int memfdCreate(String name, int flags) {
    try (Arena scratch = Arena.ofConfined()) {
      return (int) check((int) MEMFD_CREATE.invokeExact(state, scratch.allocateFrom(name), flags));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code ftruncate(2)}. */
  public int ftruncate(int fd, long length) {
    try {
      return (int) check((int) FTRUNCATE.invokeExact(state, fd, length));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code mmap(2)}; the address, or the negated {@code errno} (small and negative). */
  public long mmap(long length, int protection, int flags, int fd, long offset) {
    try {
      long result = (long) MMAP.invokeExact(state, 0L, length, protection, flags, fd, offset);
      return result == -1 ? check(result) : result;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /**
   * {@code mbind(2)}: memory that is touched for the first time from now on comes from a NUMA node,
   * 0 to 1023, as long as that has some.
   */
  public int preferNode(long address, long length, int node) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment mask = scratch.allocate(128, 8);
      mask.set(JAVA_LONG, (node >>> 6) * 8L, 1L << (node & 63));
      // The kernel takes one bit less than it is told.
      long bits = 128 * 8 + 1;
      return (int)
          check(
              (long)
                  SYSCALL6.invokeExact(
                      state, MBIND, address, length, MPOL_PREFERRED, mask.address(), bits, 0L));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code munmap(2)}. */
  public int munmap(long address, long length) {
    try {
      return (int) check((int) MUNMAP.invokeExact(state, address, length));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Pins the calling thread to one CPU, 0 to 1023. */
  public int pinThread(int cpu) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment mask = scratch.allocate(128, 8);
      mask.set(JAVA_LONG, (cpu >>> 6) * 8L, 1L << (cpu & 63));
      return (int) check((int) SETAFFINITY.invokeExact(state, 0, 128L, mask.address()));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code socket(2)}: the numbers are the system's. */
  public int socket(int domain, int type, int protocol) {
    try {
      return (int) check((int) SOCKET.invokeExact(state, domain, type, protocol));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code bind(2)} to the {@code length} bytes of the {@code sockaddr} at {@code address}. */
  public int bind(int fd, long address, int length) {
    try {
      return (int) check((int) BIND.invokeExact(state, fd, address, length));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code setsockopt(2)}: the value is the {@code length} bytes at {@code address}. */
  public int setsockopt(int fd, int level, int option, long address, int length) {
    try {
      return (int) check((int) SETSOCKOPT.invokeExact(state, fd, level, option, address, length));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /**
   * {@code getsockopt(2)}: writes the value to {@code address}; the 32-bit value at {@code length}
   * says how many bytes there are, and then how many it has.
   */
  public int getsockopt(int fd, int level, int option, long address, long length) {
    try {
      return (int) check((int) GETSOCKOPT.invokeExact(state, fd, level, option, address, length));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /**
   * {@code getsockname(2)}: writes the {@code sockaddr} to {@code address}; the 32-bit value at
   * {@code length} says how many bytes there are.
   */
  public int getsockname(int fd, long address, long length) {
    try {
      return (int) check((int) GETSOCKNAME.invokeExact(state, fd, address, length));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code sendmmsg(2)} of {@code count} 64-byte {@code mmsghdr}s; how many were sent. */
  public int sendmmsg(int fd, long messages, int count, int flags) {
    try {
      return (int) check((int) SENDMMSG.invokeExact(state, fd, messages, count, flags));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code setns(2)}: moves the calling thread, and no other, into the namespace of {@code fd}. */
  public int setns(int fd, int type) {
    try {
      return (int) check((int) SETNS.invokeExact(state, fd, type));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code send(2)}; one of nothing tells an AF_XDP socket that its transmit ring is filled. */
  public long send(int fd, long address, long count, int flags) {
    try {
      return check((long) SEND.invokeExact(state, fd, address, count, flags));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code recv(2)}; one of nothing lets an AF_XDP socket's device work. */
  public long recv(int fd, long address, long count, int flags) {
    try {
      return check((long) RECV.invokeExact(state, fd, address, count, flags));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code epoll_create1(2)}, closed on exec: a descriptor that stands for several. */
  public int epoll() {
    try {
      return (int) check((int) EPOLL_CREATE1.invokeExact(state, O_CLOEXEC));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code epoll_ctl(2)}: from now on {@code epoll} is readable when {@code fd} is. */
  public int epollAdd(int epoll, int fd) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment event = scratch.allocate(16, 8);
      event.set(JAVA_INT, 0, POLLIN);
      return (int) check((int) EPOLL_CTL.invokeExact(state, epoll, 1, fd, event.address()));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code clock_gettime(2)}: writes seconds and nanoseconds, 8 bytes each, to {@code address}. */
  public int clockGettime(int clock, long address) {
    try {
      return (int) check((int) CLOCK_GETTIME.invokeExact(state, clock, address));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** {@code bpf(2)}: {@code size} bytes of attributes at {@code attributes}. */
  public long bpf(int command, long attributes, int size) {
    try {
      return check((long) SYSCALL.invokeExact(state, BPF, (long) command, attributes, (long) size));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** The C library's text for an {@code errno} (positive or negated), for messages to people. */
  public static String describe(long errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact((int) Math.abs(errno));
      return text.reinterpret(256).getString(0) + " (errno " + Math.abs(errno) + ")";
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
