package io.millrace.tcp.engine;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;

/**
 * The entries of a {@link SendQueue} behind its first one: a ring that grows. Offsets count from
 * the first byte of this ring.
 *
 * <p>Look-ups start where the last one ended, since data is mostly sent in order. The cursor's
 * offset counts from the head of the queue, so that dropping acknowledged bytes moves it too.
 */
final class Entries {
  private static final int FIRST_CAPACITY = 16;

  private Buffer[] owners = new Buffer[FIRST_CAPACITY];
  private long[] addresses = new long[FIRST_CAPACITY];
  private int[] lengths = new int[FIRST_CAPACITY];
  private int head;
  private int count;

  /** Where the last look-up ended: an entry counted from the head of the ring. */
  private int cursor = -1;

  /** Where that entry begins, counted from the head of the whole queue. */
  private long cursorOffset;

  void push(Buffer owner, long address, int length) {
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

  void lengthenLast(int by) {
    lengths[(head + count - 1) & (lengths.length - 1)] += by;
  }

  Buffer firstOwner() {
    return owners[head];
  }

  long firstAddress() {
    return addresses[head];
  }

  int firstLength() {
    return lengths[head];
  }

  /** Takes the first entry out; its reference goes with it. */
  void pop() {
    owners[head] = null;
    head = (head + 1) & (owners.length - 1);
    count--;
    cursor--;
  }

  /** The queue has dropped {@code bytes} from its head. */
  void acknowledge(int bytes) {
    cursorOffset -= bytes;
    if (cursor < 0) {
      forget();
    }
  }

  /** Look-ups start at the head again. */
  void forget() {
    cursor = -1;
  }

  /** Moves the cursor to the entry with the byte at {@code offset}; returns its index. */
  private int seek(long offset, int first) {
    long position = offset + first;
    if (cursor < 0 || position < cursorOffset) {
      cursor = 0;
      cursorOffset = first;
    }
    int mask = owners.length - 1;
    int i = (head + cursor) & mask;
    while (position >= cursorOffset + lengths[i]) {
      cursorOffset += lengths[i];
      cursor++;
      i = (i + 1) & mask;
    }
    return i;
  }

  /** How many bytes from {@code offset} on lie in one piece; {@code first} is before the ring. */
  int contiguous(long offset, int first) {
    int i = seek(offset, first);
    return (int) (lengths[i] - (offset + first - cursorOffset));
  }

  /** Makes bytes the frame's tail if they are many and in one piece; false if not. */
  boolean tail(Frame frame, long offset, int size, int first) {
    int i = seek(offset, first);
    int within = (int) (offset + first - cursorOffset);
    if (size <= SendQueue.COPY_LIMIT || lengths[i] - within < size) {
      return false;
    }
    frame.tail(owners[i], addresses[i] + within, size);
    return true;
  }

  void copy(long offset, long to, int size, int first) {
    int i = seek(offset, first);
    int within = (int) (offset + first - cursorOffset);
    int left = size;
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
