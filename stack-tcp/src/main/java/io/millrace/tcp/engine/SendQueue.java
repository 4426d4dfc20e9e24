package io.millrace.tcp.engine;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;

/**
 * The bytes that an application gave us and the peer has not acknowledged, in order, as references
 * to the application's own buffers. Small pieces are copied together into frames of the pool
 * instead, so that a stream of tiny writes does not hold a buffer each.
 *
 * <p>Offsets count from the first unacknowledged byte. Each entry holds one reference to its
 * buffer. Objects are pooled per shard: a connection without outstanding data has none.
 */
final class SendQueue {
  /** Up to this many bytes, copying is cheaper than keeping a reference. */
  static final int COPY_LIMIT = 256;

  /** Entries beyond which an application that ignores back-pressure is refused. */
  static final int MAX_ENTRIES = 1 << 16;

  private Buffer[] owners = new Buffer[8];
  private long[] addresses = new long[8];
  private int[] lengths = new int[8];
  private int head;
  private int count;

  /** Bytes from the first unacknowledged one to the end. */
  private long bytes;

  /** The last entry's frame if it is ours and small pieces may still be appended to it. */
  private Frame chunk;

  /** Where the last look-up ended: an entry counted from the head, and its offset. */
  private int cursor;

  private long cursorOffset;

  /** The next free queue in the shard's pool. */
  SendQueue nextFree;

  long bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return bytes == 0;
  }

  boolean isFull() {
    return count >= MAX_ENTRIES;
  }

  /** Adds bytes of {@code owner}: a copy if they are few and a frame is free, else by reference. */
  void add(Buffer owner, long address, int length, FramePool pool) {
    if (length > COPY_LIMIT || !copyIn(address, length, pool)) {
      owner.retain();
      push(owner, address, length);
      chunk = null;
    }
    bytes += length;
  }

  /**
   * Adds a copy of an array's bytes; false, and nothing is added, if the pool has no frame for
   * them.
   */
  boolean addCopy(byte[] from, int index, int length, FramePool pool) {
    Frame into = chunkWith(length, pool);
    if (into == null) {
      return false;
    }
    Bytes.copyIn(from, index, into.append(length), length);
    lengths[(head + count - 1) & (lengths.length - 1)] += length;
    bytes += length;
    return true;
  }

  private boolean copyIn(long address, int length, FramePool pool) {
    Frame into = chunkWith(length, pool);
    if (into == null) {
      return false;
    }
    Bytes.copy(address, into.append(length), length);
    lengths[(head + count - 1) & (lengths.length - 1)] += length;
    return true;
  }

  /**
   * The frame to append {@code length} bytes to, its entry being the last; null if the pool is
   * empty.
   */
  private Frame chunkWith(int length, FramePool pool) {
    Frame into = chunk;
    if (into != null && into.tailroom() >= length) {
      return into;
    }
    into = pool.allocate();
    if (into == null) {
      return null;
    }
    push(into, into.address(), 0);
    chunk = into;
    return into;
  }

  private void push(Buffer owner, long address, int length) {
    if (count == owners.length) {
      grow();
    }
    int i = (head + count) & (owners.length - 1);
    owners[i] = owner;
    addresses[i] = address;
    lengths[i] = length;
    count++;
  }

  private void grow() {
    int old = owners.length;
    Buffer[] newOwners = new Buffer[old * 2];
    long[] newAddresses = new long[old * 2];
    int[] newLengths = new int[old * 2];
    for (int i = 0; i < count; i++) {
      int from = (head + i) & (old - 1);
      newOwners[i] = owners[from];
      newAddresses[i] = addresses[from];
      newLengths[i] = lengths[from];
    }
    owners = newOwners;
    addresses = newAddresses;
    lengths = newLengths;
    head = 0;
  }

  /** Drops {@code acknowledged} bytes from the head and releases the buffers that are done. */
  void remove(int acknowledged) {
    bytes -= acknowledged;
    int mask = owners.length - 1;
    int left = acknowledged;
    while (left > 0) {
      int length = lengths[head];
      if (length > left) {
        lengths[head] = length - left;
        addresses[head] += left;
        break;
      }
      left -= length;
      Buffer owner = owners[head];
      owners[head] = null;
      head = (head + 1) & mask;
      count--;
      if (owner == chunk) {
        chunk = null;
      }
      owner.release();
      if (cursor > 0) {
        cursor--;
      }
    }
    cursorOffset -= acknowledged;
    if (cursor == 0 || cursorOffset < 0) {
      cursor = 0;
      cursorOffset = 0;
    }
  }

  /** Releases everything. */
  void clear() {
    while (count > 0) {
      Buffer owner = owners[head];
      owners[head] = null;
      head = (head + 1) & (owners.length - 1);
      count--;
      owner.release();
    }
    bytes = 0;
    chunk = null;
    cursor = 0;
    cursorOffset = 0;
  }

  /**
   * Moves the cursor to the entry with the byte at {@code offset}, and returns the entry's index.
   */
  private int seek(long offset) {
    if (offset < cursorOffset) {
      cursor = 0;
      cursorOffset = 0;
    }
    int mask = owners.length - 1;
    int i = (head + cursor) & mask;
    while (offset >= cursorOffset + lengths[i]) {
      cursorOffset += lengths[i];
      cursor++;
      i = (i + 1) & mask;
    }
    return i;
  }

  /**
   * How many bytes from {@code offset} on lie in one piece; {@code offset} is below {@link
   * #bytes()}.
   */
  int contiguous(long offset) {
    int i = seek(offset);
    return (int) (lengths[i] - (offset - cursorOffset));
  }

  /**
   * Puts {@code length} bytes from {@code offset} on behind the frame's: as its tail if they are
   * many and in one piece, else as a copy, for which the frame has room.
   */
  void fill(Frame frame, long offset, int length) {
    int i = seek(offset);
    int within = (int) (offset - cursorOffset);
    if (length > COPY_LIMIT && lengths[i] - within >= length) {
      frame.tail(owners[i], addresses[i] + within, length);
      return;
    }
    long to = frame.append(length);
    int left = length;
    while (true) {
      int piece = Math.min(left, lengths[i] - within);
      Bytes.copy(addresses[i] + within, to, piece);
      left -= piece;
      if (left == 0) {
        return;
      }
      to += piece;
      within = 0;
      i = (i + 1) & (owners.length - 1);
    }
  }
}
