package io.millrace.lane;

import io.millrace.buf.Bytes;
import io.millrace.buf.Region;

/**
 * One direction of a wire: what its sender and its receiver share, off the heap.
 *
 * <p>It works like a network card's rings. The receiver <i>posts</i> the addresses of empty frames
 * of its own pool; the sender copies each packet into the next one and <i>fills</i> a completion
 * in, in the order of the packets. Each position has one writer, which stores it with release after
 * what it stands for; the reader loads it with acquire. No position ever goes back; they wrap at
 * 2^32.
 *
 * <pre>
 *    0  posted, posted large           written by the receiver
 *    8  longest packet for a standard frame, for a large one (0: none is ever posted)
 *  128  filled, lost                   written by the sender
 *  256  closed                         written once, when the receiver is gone
 *  384  addresses of posted standard frames, 8 bytes each
 *       addresses of posted large frames, 8 bytes each
 *       completions, 16 bytes each:
 *
 *         0                             32              48    52        63
 *        +-----------------------------+---------------+---------------+
 *        | length                      | segment size  |flags|   tag   |
 *        +-----------------------------+---------------+---------------+
 *        | checksum start, from the first byte         | offset        |   only if PARTIAL
 *        +---------------------------------------------+---------------+
 * </pre>
 *
 * <p>What the sender writes often and what the receiver writes often lie 128 bytes apart: two cache
 * lines, because adjacent ones are fetched in pairs.
 */
public final class Lane {
  /** Completion flag: the packet is in a large frame. */
  static final int LARGE = 1;

  /** Completion flag: the checksum has not been filled in. */
  static final int PARTIAL = 2;

  /** Completion flag: the transport checksum has been verified or is vouched for. */
  static final int CHECKED = 4;

  /** Where the sender's tag begins in a completion. */
  static final int TAG_SHIFT = 52;

  /** Large frames that are posted at most. */
  static final int LARGE_RING = 32;

  static final int LARGE_MASK = LARGE_RING - 1;

  private static final int POSTED = 0;
  private static final int POSTED_LARGE = 4;
  private static final int LIMIT = 8;
  private static final int LIMIT_LARGE = 12;
  private static final int FILLED = 128;
  private static final int LOST = 132;
  private static final int CLOSED = 256;
  private static final int RINGS = 384;

  private final Region memory;
  private final int ring;
  private final int completionCount;
  private Region framesMemory;

  /** Wakes the receiver up, or null. */
  private volatile Runnable bell;

  /**
   * Makes a lane, its memory zeroed.
   *
   * @param ring standard frames that can be posted, a power of two
   */
  public Lane(int ring) {
    this.ring = ring;
    // A completion for every frame that can be posted, rounded up to a power of two.
    completionCount = Integer.highestOneBit(ring + LARGE_RING - 1) * 2;
    memory = Region.allocate(RINGS + 8L * (ring + LARGE_RING) + 16L * completionCount, false);
  }

  int ring() {
    return ring;
  }

  /** The first address of the ring of standard frames. */
  long addresses() {
    return memory.address() + RINGS;
  }

  /** The first address of the ring of large frames. */
  long largeAddresses() {
    return addresses() + 8L * ring;
  }

  /** The first completion's address. */
  long completions() {
    return largeAddresses() + 8L * LARGE_RING;
  }

  int completionMask() {
    return completionCount - 1;
  }

  long postedAt() {
    return memory.address() + POSTED;
  }

  long postedLargeAt() {
    return memory.address() + POSTED_LARGE;
  }

  long filledAt() {
    return memory.address() + FILLED;
  }

  long lostAt() {
    return memory.address() + LOST;
  }

  long closedAt() {
    return memory.address() + CLOSED;
  }

  /** The receiver, before it first posts. */
  void limits(int standard, int large) {
    Bytes.put32Native(memory.address() + LIMIT, standard);
    Bytes.put32Native(memory.address() + LIMIT_LARGE, large);
  }

  /** The sender, after it has seen something posted. */
  int limit() {
    return Bytes.i32Native(memory.address() + LIMIT);
  }

  /** The sender, after it has seen something posted. */
  int limitLarge() {
    return Bytes.i32Native(memory.address() + LIMIT_LARGE);
  }

  /**
   * Keeps the receiver's frames mapped until {@link #free()}: the sender may be in the middle of a
   * burst when the receiver goes away, and then writes into memory that nobody reads any more, but
   * that must be there.
   */
  void hold(Region frames) {
    frames.retain();
    framesMemory = frames;
  }

  /** The receiver: what the sender is to run when it has sent something and rings. */
  void bell(Runnable newBell) {
    bell = newBell;
  }

  /** The sender: wakes the receiver up, if it asked for that. */
  void ringBell() {
    Runnable each = bell;
    if (each != null) {
      each.run();
    }
  }

  /** Any thread: says that the receiver is gone. */
  void close() {
    Bytes.setIntRelease(closedAt(), 1);
  }

  /** Whether the receiver is gone. Any thread. */
  public boolean isClosed() {
    return Bytes.getIntAcquire(closedAt()) != 0;
  }

  /** Unmaps it, once neither end looks at it any more. */
  public void free() {
    if (framesMemory != null) {
      framesMemory.release();
    }
    memory.close();
  }
}
