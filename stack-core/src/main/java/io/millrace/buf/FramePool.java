package io.millrace.buf;

import io.millrace.os.Numa;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The frames of one shard: a fixed number, made at start, in two sizes.
 *
 * <p><i>Standard</i> frames hold one packet of the port's MTU. <i>Large</i> frames hold what a port
 * merges or segments (64 KiB and its headers); there are few of them. Taking and giving back is a
 * move on an array used as a stack, so the warmest memory is used next. When there is none, {@link
 * #allocate()} answers null: the caller drops by name.
 *
 * <p><b>Thread.</b> The shard's. With {@code -Dmillrace.checks=true} a frame that comes back is
 * filled with {@code 0xdb}, so that a stale read shows.
 */
public final class FramePool implements AutoCloseable {
  /** Bytes kept free in front of a received packet or a new one, for headers to be pushed. */
  public static final int HEADROOM = 128;

  /**
   * The size of a large frame's chunk in bytes: 64 KiB of IP datagram, headroom and link headers.
   */
  public static final int LARGE_SIZE = HEADROOM + 65_535 + 1 + 64 + 320;

  private static final int POISON = 0xdb;

  private final Region region;
  private final int frameSize;
  private final long firstLarge;
  private final Frame[] free;

  /** The standard frames, in the order of their addresses. */
  private final Frame[] standard;

  /** 2^64 divided by the frames' size, to find a frame without a division. */
  private final long reciprocal;

  private final Frame[] freeLarge;

  /** Every frame, kept where the checks are on. */
  private final List<Frame> all;

  private int count;
  private int countLarge;
  private long exhausted;

  /**
   * Carves a pool from memory of its own.
   *
   * @param frames the number of standard frames, at least 1
   * @param frameSize bytes per standard frame, headroom included: at least 256, a multiple of 64
   * @param largeFrames the number of large frames, 0 or more
   * @param preferHuge whether to ask for hugepages first
   */
  public FramePool(int frames, int frameSize, int largeFrames, boolean preferHuge) {
    this(frames, frameSize, largeFrames, preferHuge, Numa.ANY);
  }

  /**
   * The same from memory near a CPU.
   *
   * @param node the NUMA node that it comes from as long as that has some, see {@link
   *     Numa#memoryFor}
   */
  public FramePool(int frames, int frameSize, int largeFrames, boolean preferHuge, int node) {
    if (frames < 1 || frameSize < 256 || frameSize % 64 != 0 || largeFrames < 0) {
      throw new IllegalArgumentException(
          "a pool needs at least 1 frame of at least 256 bytes (a multiple of 64), not "
              + frames
              + " of "
              + frameSize);
    }
    this.region =
        Region.allocate(
            (long) frames * frameSize + (long) largeFrames * LARGE_SIZE, preferHuge, node);
    this.frameSize = frameSize;
    this.free = new Frame[frames];
    this.freeLarge = new Frame[largeFrames];
    long at = region.address();
    firstLarge = at + (long) frames * frameSize;
    for (int i = frames - 1; i >= 0; i--) {
      free[i] = new Frame(this, at + (long) i * frameSize, frameSize);
    }
    standard = free.clone();
    reciprocal = Long.divideUnsigned(-1L, frameSize) + 1;
    for (int i = largeFrames - 1; i >= 0; i--) {
      freeLarge[i] = new Frame(this, firstLarge + (long) i * LARGE_SIZE, LARGE_SIZE);
    }
    count = frames;
    countLarge = largeFrames;
    all = new ArrayList<>();
    if (Owners.CHECKS) {
      Collections.addAll(all, free);
      Collections.addAll(all, freeLarge);
    }
  }

  /**
   * A standard frame, empty, with {@link #HEADROOM} bytes in front, owned by the caller; null if
   * none is left.
   */
  public Frame allocate() {
    int n = count - 1;
    if (n < 0) {
      exhausted++;
      return null;
    }
    count = n;
    return take(free[n]);
  }

  /**
   * A large frame, empty, with {@link #HEADROOM} bytes in front, owned by the caller; null if none
   * is left.
   */
  public Frame allocateLarge() {
    int n = countLarge - 1;
    if (n < 0) {
      exhausted++;
      return null;
    }
    countLarge = n;
    return take(freeLarge[n]);
  }

  private static Frame take(Frame frame) {
    frame.reset(HEADROOM);
    if (Owners.TRACED) {
      frame.trace = new Owners.Trace("taken here", frame.trace);
    }
    return frame;
  }

  void recycle(Frame frame) {
    if (Owners.CHECKS) {
      Bytes.fill(frame.base(), frame.capacity(), POISON);
    }
    if (frame.base() < firstLarge) {
      free[count++] = frame;
    } else {
      freeLarge[countLarge++] = frame;
    }
  }

  /** Bytes per standard frame, headroom included. */
  public int frameSize() {
    return frameSize;
  }

  /** Standard frames in the pool, free or not. */
  public int frames() {
    return free.length;
  }

  /**
   * The number of the standard frame in whose chunk {@code address} lies, counted from the lowest
   * address; {@link #frames()} or more if it lies behind them.
   *
   * @param address an address in the region
   */
  public int indexOf(long address) {
    // Exact: the region is far smaller than 2^64 divided by the frames' size.
    return (int) Math.unsignedMultiplyHigh(address - region.address(), reciprocal);
  }

  /**
   * The standard frame of a number, free or not, whoever owns it: for drivers whose device names
   * frames by their addresses.
   *
   * @param index 0 to {@code frames() - 1}
   */
  public Frame frame(int index) {
    return standard[index];
  }

  /** Standard frames that are free now. */
  public int available() {
    return count;
  }

  /** Large frames in the pool, free or not. */
  public int largeFrames() {
    return freeLarge.length;
  }

  /** Large frames that are free now. */
  public int availableLarge() {
    return countLarge;
  }

  /** How often a frame was asked for and there was none. */
  public long exhausted() {
    return exhausted;
  }

  /**
   * The frames that are not free, a line each with what is known about them, for the messages of
   * tests; empty if all are free. Only where the checks are on.
   *
   * @throws IllegalStateException if they are not
   */
  public String outstanding() {
    if (!Owners.CHECKS) {
      throw new IllegalStateException("start the JVM with -Dmillrace.checks=true to list frames");
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < all.size(); i++) {
      Frame frame = all.get(i);
      if (frame.references() > 0) {
        text.append("frame ").append(i).append(": ").append(frame.totalLength());
        text.append(" bytes, references: ").append(frame.references());
        if (frame.trace != null) {
          text.append(", ").append(frame.trace.inShort());
        }
        text.append('\n');
      }
    }
    return text.toString();
  }

  /** The memory behind the frames, for drivers that register it. */
  public Region region() {
    return region;
  }

  /** Unmaps the memory; no frame of this pool may be touched afterwards. */
  @Override
  public void close() {
    region.close();
  }
}
