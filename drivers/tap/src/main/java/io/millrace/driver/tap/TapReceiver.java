package io.millrace.driver.tap;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.link.VirtioHeader;
import io.millrace.os.Linux;
import java.lang.foreign.Arena;

/**
 * Reads packets. The kernel does not say beforehand how long a packet is, so each is read into a
 * large frame: what fits is copied from there into a standard one, which costs little beside the
 * system call, and the rest is handed up as it is. <b>Thread:</b> the shard's.
 */
final class TapReceiver {
  /** Enough for the longest packet, its link header, a tag, and our header in front. */
  private static final int SPARE_SIZE = FramePool.LARGE_SIZE;

  private final Linux linux;
  private final int fd;
  private final FramePool pool;
  private final int room;
  private final int headerSize;

  /** Where packets are read to while there is no large frame, of which there are few. */
  private final long spare;

  /** The large frame that the next packet is read into, or null. */
  private Frame landing;

  private long drops;

  TapReceiver(Linux linux, int fd, FramePool pool, boolean offload, Arena arena) {
    this.linux = linux;
    this.fd = fd;
    this.pool = pool;
    room = pool.frameSize() - FramePool.HEADROOM;
    headerSize = offload ? VirtioHeader.SIZE : 0;
    spare = arena.allocate(SPARE_SIZE, 64).address();
  }

  int receive(Frame[] out, int max, long now) {
    int n = 0;
    for (int reads = 0; reads < max; reads++) {
      Frame large = landing();
      if (large == null && headerSize != 0 && n != 0) {
        // The next packet may need one. It waits in the kernel until those of this burst are free
        // again, which is better than losing it.
        break;
      }
      long packet = (large == null ? spare : large.base()) + FramePool.HEADROOM;
      long header = packet - headerSize;
      long read = linux.read(fd, header, FramePool.LARGE_SIZE - FramePool.HEADROOM);
      if (read <= headerSize) {
        // Nothing there; or the device is gone, which the kernel says each time from now on.
        break;
      }
      Frame frame = take(large, packet, (int) read - headerSize);
      if (frame == null) {
        drops++;
        continue;
      }
      if (headerSize != 0) {
        VirtioHeader.read(header, frame);
      }
      frame.receiveTime(now);
      out[n++] = frame;
    }
    return n;
  }

  private Frame landing() {
    if (landing == null && pool.availableLarge() != 0) {
      landing = pool.allocateLarge();
    }
    return landing;
  }

  /** The frame that the packet is in from now on; null if there is none for it. */
  private Frame take(Frame large, long packet, int length) {
    if (length <= room) {
      Frame frame = pool.allocate();
      if (frame != null) {
        Bytes.copy(packet, frame.append(length), length);
      }
      return frame;
    }
    if (large != null) {
      large.append(length);
      landing = null;
    }
    return large;
  }

  long takeDrops() {
    long n = drops;
    drops = 0;
    return n;
  }

  void close() {
    if (landing != null) {
      landing.release();
      landing = null;
    }
  }
}
