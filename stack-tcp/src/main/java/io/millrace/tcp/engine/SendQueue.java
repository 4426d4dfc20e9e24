package io.millrace.tcp.engine;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;

/**
 * The bytes that an application gave us and the peer has not acknowledged, in order, as references
 * to the application's own buffers. Small pieces are copied together instead, so that a stream of
 * tiny writes does not hold a buffer each: into a slot of a few hundred bytes that the queue always
 * has, then into frames of the pool.
 *
 * <p>Offsets count from the first unacknowledged byte. Objects are pooled per shard: a connection
 * without outstanding data has none. The first entry lies in fields, because most queues never have
 * a second one.
 */
final class SendQueue {
  /** Up to this many bytes, copying is cheaper than keeping a reference. */
  static final int COPY_LIMIT = 256;

  /** Entries beyond which an application that ignores back-pressure is refused. */
  static final int MAX_ENTRIES = 1 << 16;

  /** Memory of our own for small pieces: {@code SmallSends.SLOT} bytes. */
  private final long slot;

  /** Bytes of the slot that are in use; it starts anew when the queue is empty. */
  private int slotUsed;

  /** The first entry; its owner is null if it lies in the slot. */
  private Buffer owner;

  private long address;
  private int length;

  /** All entries, the first one included. */
  private int count;

  /** Bytes from the first unacknowledged one to the end. */
  private long bytes;

  /** The second entry and those behind it: a ring, null until it is needed. */
  private Entries more;

  /** The last entry's frame if it is ours and small pieces may still be appended to it. */
  private Frame chunk;

  SendQueue(long slot) {
    this.slot = slot;
  }

  long bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return bytes == 0;
  }

  boolean isFull() {
    return count >= MAX_ENTRIES;
  }

  // ---- at the end ----

  /** Adds bytes of {@code from}: a copy if they are few and there is room, else by reference. */
  void add(Buffer from, long at, int size, FramePool pool) {
    long to = size <= COPY_LIMIT ? room(size, pool) : 0;
    if (to != 0) {
      Bytes.copy(at, to, size);
    } else {
      from.retain();
      push(from, at, size);
      chunk = null;
      bytes += size;
    }
  }

  /** Adds a copy of an array's bytes; false, and nothing is added, if there is no room for them. */
  boolean addCopy(byte[] from, int index, int size, FramePool pool) {
    long to = room(size, pool);
    if (to == 0) {
      return false;
    }
    Bytes.copyIn(from, index, to, size);
    return true;
  }

  /** Makes room for {@code size} bytes at the end and returns where they go; 0 if there is none. */
  private long room(int size, FramePool pool) {
    if (slotUsed + size <= SmallSends.SLOT && isSlotLast()) {
      return roomInSlot(size);
    }
    Frame into = chunk;
    if (into == null || into.tailroom() < size) {
      into = pool.allocate();
      if (into == null) {
        return 0;
      }
      push(into, into.address(), 0);
      chunk = into;
    }
    lengthen(size);
    return into.append(size);
  }

  /** Whether what is added next may go to the slot: nothing, or the slot itself, is before it. */
  private boolean isSlotLast() {
    return count == 0 || (count == 1 && owner == null);
  }

  private long roomInSlot(int size) {
    long to = slot + slotUsed;
    if (count == 0) {
      push(null, to, 0);
    }
    slotUsed += size;
    length += size;
    bytes += size;
    return to;
  }

  private void lengthen(int size) {
    bytes += size;
    if (count == 1) {
      length += size;
    } else {
      more.lengthenLast(size);
    }
  }

  private void push(Buffer newOwner, long newAddress, int newLength) {
    if (count == 0) {
      owner = newOwner;
      address = newAddress;
      length = newLength;
    } else {
      if (more == null) {
        more = new Entries();
      }
      more.push(newOwner, newAddress, newLength);
    }
    count++;
  }

  // ---- at the head ----

  /**
   * Drops {@code acknowledged} bytes from the head and releases the buffers that are done. The
   * application may be told of that at once, and may add to the queue or clear it meanwhile.
   */
  void remove(int acknowledged) {
    bytes -= acknowledged;
    int left = acknowledged;
    while (left >= length && count != 0) {
      left -= length;
      pop();
    }
    if (left != 0 && count != 0) {
      address += left;
      length -= left;
    }
    if (more != null) {
      more.acknowledge(acknowledged);
    }
  }

  private void pop() {
    Buffer done = owner;
    count--;
    if (count == 0) {
      owner = null;
      length = 0;
      slotUsed = 0;
      chunk = null;
    } else {
      owner = more.firstOwner();
      address = more.firstAddress();
      length = more.firstLength();
      more.pop();
    }
    if (done != null) {
      done.release();
    }
  }

  /** Releases everything. */
  void clear() {
    while (count != 0) {
      pop();
    }
    bytes = 0;
    if (more != null) {
      more.forget();
    }
  }

  // ---- reading ----

  /**
   * How many bytes from {@code offset} on lie in one piece; {@code offset} is below {@link
   * #bytes()}.
   */
  int contiguous(long offset) {
    return offset < length ? (int) (length - offset) : more.contiguous(offset - length, length);
  }

  /**
   * Puts {@code size} bytes from {@code offset} on behind the frame's: as its tail if they are many
   * and in one piece, else as a copy, for which the frame has room.
   */
  void fill(Frame frame, long offset, int size) {
    if (offset + size <= length) {
      if (size > COPY_LIMIT && owner != null) {
        frame.tail(owner, address + offset, size);
      } else {
        Bytes.copy(address + offset, frame.append(size), size);
      }
      return;
    }
    if (offset >= length && more.tail(frame, offset - length, size, length)) {
      return;
    }
    gather(frame, offset, size);
  }

  private void gather(Frame frame, long offset, int size) {
    long to = frame.append(size);
    long from = offset;
    int left = size;
    if (from < length) {
      int piece = (int) (length - from);
      Bytes.copy(address + from, to, piece);
      to += piece;
      left -= piece;
      from = length;
    }
    more.copy(from - length, to, left, length);
  }
}
