package io.millrace.driver.afxdp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.os.Linux;
import java.lang.invoke.VarHandle;

/**
 * The packets that the kernel keeps and we get a copy of, in a ring that the program writes (Linux,
 * Documentation/bpf/ringbuf.rst). Positions are bytes and run on for ever; the ring is mapped twice
 * in a row, so that a record never wraps.
 *
 * <pre>
 *  page 0: our position   page 1: the kernel's position   then: the ring, the ring again
 *
 *  record:  length u32, high bits: busy, discarded | page offset u32 | length of the packet | packet
 * </pre>
 *
 * <p><b>Thread:</b> the shard's.
 */
final class CopyRing implements AutoCloseable {
  /** Bytes of the ring: a power of two of pages. */
  static final int SIZE = 1 << 17;

  private static final int PAGE = 4096;
  private static final int READ = 1;
  private static final int READ_WRITE = 3;
  private static final int SHARED = 1;

  private static final int HEADER = 8;
  private static final int BUSY = 1 << 31;
  private static final int DISCARDED = 1 << 30;

  private final Linux linux = new Linux();
  private final long ours;
  private final long theirs;
  private long position;
  private long drops;

  /** Maps the ring behind a descriptor. */
  CopyRing(String device, int map) {
    ours = linux.mmap(PAGE, READ_WRITE, SHARED, map, 0);
    theirs = ours < 0 ? ours : linux.mmap(PAGE + 2L * SIZE, READ, SHARED, map, PAGE);
    if (theirs < 0) {
      if (ours >= 0) {
        linux.munmap(ours, PAGE);
      }
      throw AfXdpError.notSet(device, "the ring of copies", (int) theirs);
    }
  }

  /** Copies packets into frames, from {@code to[from]} on; returns how many there are then. */
  int receive(Frame[] to, int from, int max, FramePool pool, long now) {
    int n = from;
    while (n < max && Bytes.getIntAcquire(theirs) != (int) position) {
      long record = theirs + PAGE + (position & (SIZE - 1));
      int length = Bytes.getIntAcquire(record);
      if ((length & BUSY) != 0) {
        break;
      }
      if ((length & DISCARDED) == 0) {
        Frame frame = frame(record + HEADER, pool);
        if (frame == null) {
          drops++;
        } else {
          frame.receiveTime(now);
          to[n++] = frame;
        }
      }
      position += HEADER + ((length & ~DISCARDED) + 7 & ~7);
      VarHandle.releaseFence();
      Bytes.put64Native(ours, position);
    }
    return n;
  }

  private static Frame frame(long copy, FramePool pool) {
    int length = Bytes.i32Native(copy);
    Frame frame = length < 0 || length > SelectionProgram.LONGEST_COPY ? null : pool.allocate();
    if (frame != null) {
      Bytes.copy(copy + 4, frame.append(length), length);
    }
    return frame;
  }

  /** Copies for which there was no frame, since the last call. */
  long takeDrops() {
    long n = drops;
    drops = 0;
    return n;
  }

  @Override
  public void close() {
    linux.munmap(ours, PAGE);
    linux.munmap(theirs, PAGE + 2L * SIZE);
  }
}
