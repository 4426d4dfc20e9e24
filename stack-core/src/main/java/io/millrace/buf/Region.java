package io.millrace.buf;

import io.millrace.os.Linux;
import io.millrace.os.Numa;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One range of off-heap memory that frames are carved from and that drivers can register: shared
 * memory behind a file descriptor ({@code memfd}), on hugepages where the system has them free.
 *
 * <p>Created and closed by any one thread; retained and released by any. Once it is closed and
 * nobody retains it, it is unmapped: nothing carved from it may be touched afterwards.
 */
@SuppressWarnings("MustBeClosedChecker") // the arena is closed with the region
public final class Region implements AutoCloseable {
  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_HUGETLB = 4;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final long HUGE_PAGE = 2L << 20;
  private static final long PAGE = 4096;

  private final long address;
  private final long size;
  private final int fd;
  private final boolean huge;
  private final int node;
  private final Arena arena;
  private final AtomicInteger holders = new AtomicInteger(1);
  private boolean closed;

  private Region(long address, long size, int fd, boolean huge, int node, Arena arena) {
    this.address = address;
    this.size = size;
    this.fd = fd;
    this.huge = huge;
    this.node = node;
    this.arena = arena;
  }

  /**
   * Maps at least {@code bytes} bytes, zeroed, aligned to a page: on 2 MiB hugepages if {@code
   * preferHuge} and enough are free, else on ordinary pages, else (no {@code memfd}) from the C
   * library's heap.
   */
  public static Region allocate(long bytes, boolean preferHuge) {
    return allocate(bytes, preferHuge, Numa.ANY);
  }

  /**
   * The same, on a NUMA node as long as that has memory, hugepages included.
   *
   * @param node 0 to 1023, see {@link Numa#memoryFor}; {@link Numa#ANY} asks for none
   */
  public static Region allocate(long bytes, boolean preferHuge, int node) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("a region needs at least one byte, not " + bytes);
    }
    Linux linux = new Linux();
    if (preferHuge) {
      Region region = map(linux, roundUp(bytes, HUGE_PAGE), true, node);
      if (region != null) {
        return region;
      }
    }
    Region region = map(linux, roundUp(bytes, PAGE), false, node);
    if (region != null) {
      return region;
    }
    Arena arena = Arena.ofShared();
    return new Region(arena.allocate(bytes, PAGE).address(), bytes, -1, false, Numa.ANY, arena);
  }

  private static Region map(Linux linux, long bytes, boolean huge, int node) {
    int fd = linux.memfdCreate("millrace", MFD_CLOEXEC | (huge ? MFD_HUGETLB : 0));
    if (fd < 0) {
      return null;
    }
    long at =
        linux.ftruncate(fd, bytes) < 0 ? -1 : linux.mmap(bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0);
    if (at < 0) {
      linux.close(fd);
      return null;
    }
    // Before anything is touched. Where it cannot be, the memory is as good, only further away.
    boolean near = node != Numa.ANY && linux.preferNode(at, bytes, node) >= 0;
    return new Region(at, bytes, fd, huge, near ? node : Numa.ANY, null);
  }

  private static long roundUp(long bytes, long unit) {
    return (bytes + unit - 1) / unit * unit;
  }

  /** The first address. */
  public long address() {
    return address;
  }

  /** The size in bytes. */
  public long size() {
    return size;
  }

  /** The descriptor of the memory, or -1 if it has none. */
  public int fd() {
    return fd;
  }

  /** Whether the memory lies on hugepages. */
  public boolean onHugePages() {
    return huge;
  }

  /**
   * The NUMA node that the memory comes from as long as that has some, or {@link Numa#ANY} if none
   * was asked for or the kernel refused.
   */
  public int node() {
    return node;
  }

  /**
   * Keeps the memory mapped beyond {@link #close()}, until {@link #release()}: for a driver whose
   * other end, on another thread, may still write into it for a moment after the owner is gone.
   */
  public void retain() {
    holders.incrementAndGet();
  }

  /** Takes one {@link #retain()} back. */
  public void release() {
    if (holders.decrementAndGet() == 0) {
      unmap();
    }
  }

  /** Gives the memory back, once nobody retains it any more. Calling it again does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      release();
    }
  }

  private void unmap() {
    if (arena != null) {
      arena.close();
      return;
    }
    Linux linux = new Linux();
    linux.munmap(address, size);
    linux.close(fd);
  }
}
