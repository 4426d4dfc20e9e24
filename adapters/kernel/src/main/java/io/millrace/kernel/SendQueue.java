package io.millrace.kernel;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.Arrays;

/**
 * The bytes that the kernel has not taken yet: references to buffers, and frames with copies of
 * what is too small to refer to. Goes from connection to connection: an idle one has none.
 */
final class SendQueue {
  /** Up to this many bytes are copied: cheaper than a reference. */
  static final int COPY_LIMIT = 256;

  static final int MAX_ENTRIES = 1 << 16;

  /** Ranges that are written at once. */
  private static final int GATHER = 64;

  private static final int INITIAL = 16;

  /** Beyond this a queue is not kept for the next connection. */
  private static final int KEPT = 1024;

  private final FramePool pool;
  private final FrameViews views;
  private final ByteBuffer[] gather = new ByteBuffer[GATHER];

  /** A ring; its length is a power of two. */
  private Buffer[] owners = new Buffer[INITIAL];

  private long[] addresses = new long[INITIAL];
  private int[] lengths = new int[INITIAL];
  private int first;
  private int count;
  private long bytes;

  /** The last entry if it is a frame of ours that may take more copies, else null. */
  private Frame open;

  SendQueue(FramePool pool, FrameViews views) {
    this.pool = pool;
    this.views = views;
  }

  long bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return count == 0;
  }

  boolean isFull() {
    return count >= MAX_ENTRIES;
  }

  boolean isWorthKeeping() {
    return owners.length <= KEPT;
  }

  /** Adds bytes of {@code from}: a copy if they are few and there is a frame, else by reference. */
  void add(Buffer from, long address, int length) {
    Frame into = length <= COPY_LIMIT ? room(length) : null;
    if (into != null) {
      Bytes.copy(address, append(into, length), length);
      return;
    }
    from.retain();
    push(from, address, length);
    open = null;
  }

  /** Adds a copy of an array's bytes; false, and nothing is added, if there is no memory for it. */
  boolean add(byte[] from, int offset, int length) {
    int chunk = pool.frameSize() - FramePool.HEADROOM;
    if (pool.available() < length / chunk + 1) {
      return false;
    }
    int done = 0;
    while (done < length) {
      Frame into = room(1);
      int size = Math.min(length - done, into.tailroom());
      Bytes.copyIn(from, offset + done, append(into, size), size);
      done += size;
    }
    return true;
  }

  /** A frame of ours with room at the end of the queue, or null if the pool has none. */
  private Frame room(int length) {
    if (open == null || open.tailroom() < length) {
      Frame frame = pool.allocate();
      if (frame == null) {
        return null;
      }
      push(frame, frame.address(), 0);
      open = frame;
    }
    return open;
  }

  /** Lengthens the last entry; returns where its new bytes go. */
  private long append(Frame into, int length) {
    lengths[first + count - 1 & lengths.length - 1] += length;
    bytes += length;
    return into.append(length);
  }

  private void push(Buffer owner, long address, int length) {
    if (count == owners.length) {
      grow();
    }
    int at = first + count & owners.length - 1;
    owners[at] = owner;
    addresses[at] = address;
    lengths[at] = length;
    count++;
    bytes += length;
  }

  private void grow() {
    int old = owners.length;
    owners = Arrays.copyOf(owners, 2 * old);
    addresses = Arrays.copyOf(addresses, 2 * old);
    lengths = Arrays.copyOf(lengths, 2 * old);
    // What stood before the first entry goes behind the last one.
    System.arraycopy(owners, 0, owners, old, first);
    System.arraycopy(addresses, 0, addresses, old, first);
    System.arraycopy(lengths, 0, lengths, old, first);
    Arrays.fill(owners, 0, first, null);
  }

  /**
   * Gives the channel what one write takes, and releases it.
   *
   * @return whether it took all that was offered
   */
  boolean writeTo(GatheringByteChannel channel) throws IOException {
    int n = 0;
    long offered = 0;
    int most = Math.min(count, GATHER);
    while (n < most) {
      int at = first + n & owners.length - 1;
      if (isGathered(owners[at], n)) {
        break; // one view of a frame cannot stand for two ranges
      }
      gather[n] = views.readable(owners[at], addresses[at], lengths[at]);
      offered += lengths[at];
      n++;
    }
    long taken = n == 1 ? channel.write(gather[0]) : channel.write(gather, 0, n);
    Arrays.fill(gather, 0, n, null);
    take(taken);
    return taken == offered;
  }

  private boolean isGathered(Buffer owner, int n) {
    for (int i = 0; i < n; i++) {
      if (owners[first + i & owners.length - 1] == owner) { // by identity on purpose
        return true;
      }
    }
    return false;
  }

  private void take(long taken) {
    long left = taken;
    bytes -= taken;
    while (count != 0 && left >= lengths[first]) {
      left -= lengths[first];
      pop();
    }
    if (left != 0) {
      addresses[first] += left;
      lengths[first] -= (int) left;
    }
  }

  private void pop() {
    Buffer owner = owners[first];
    owners[first] = null;
    first = first + 1 & owners.length - 1;
    count--;
    if (count == 0) {
      open = null;
    }
    owner.release();
  }

  /** Releases everything. */
  void clear() {
    while (count != 0) {
      pop();
    }
    bytes = 0;
  }
}
