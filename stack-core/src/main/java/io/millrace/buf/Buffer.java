package io.millrace.buf;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A readable range of off-heap bytes with a reference count: what a receive handler is lent, and
 * what a send takes.
 *
 * <p><b>Ownership.</b> A buffer handed to a callback is lent for the duration of that call. {@link
 * #retain()} keeps it beyond the call; every {@code retain} is paired with one {@link #release()}.
 * A transport that queues a buffer for sending retains it itself until the bytes are acknowledged
 * (TCP) or have left (UDP). When the count reaches zero the memory goes back to its owner and must
 * not be read again.
 *
 * <p><b>Thread.</b> The shard's; the count is a plain integer on purpose.
 */
public abstract sealed class Buffer permits Frame, WrappedBuffer {
  long address;
  int length;
  int references;

  /** Who had the buffer last, where that is asked for; see {@link Owners}. */
  Owners.Trace trace;

  Buffer() {}

  /** The absolute address of the first byte. */
  public final long address() {
    return address;
  }

  /** The number of readable bytes. */
  public final int length() {
    return length;
  }

  /**
   * The byte at {@code index}.
   *
   * @throws IndexOutOfBoundsException if {@code index} is not in [0, length)
   */
  public final byte getByte(int index) {
    return (byte) Bytes.u8(address + Objects.checkIndex(index, length));
  }

  /**
   * Copies bytes into an array.
   *
   * @throws IndexOutOfBoundsException if either range is not inside its buffer
   */
  public final void getBytes(int index, byte[] to, int toIndex, int count) {
    Objects.checkFromIndexSize(index, count, length);
    Objects.checkFromIndexSize(toIndex, count, to.length);
    Bytes.copyOut(address + index, to, toIndex, count);
  }

  /** A copy of all readable bytes in a new array; for tests and cold paths. */
  public final byte[] toByteArray() {
    byte[] copy = new byte[length];
    Bytes.copyOut(address, copy, 0, length);
    return copy;
  }

  /** A view of the readable bytes; valid only while the buffer is held. */
  public final MemorySegment asSegment() {
    return Bytes.segment(address, length);
  }

  /**
   * Adds one reference.
   *
   * @throws IllegalStateException if the buffer has already been given back
   */
  public final void retain() {
    if (references <= 0) {
      throw Owners.tooLate("retain()", this);
    }
    references++;
  }

  /**
   * Drops one reference; the last one gives the memory back.
   *
   * @throws IllegalStateException if the buffer has already been given back
   */
  public final void release() {
    int left = references - 1;
    if (left < 0) {
      throw Owners.tooLate("release()", this);
    }
    references = left;
    if (left == 0) {
      if (Owners.TRACED) {
        trace = new Owners.Trace("released here", trace);
      }
      recycle();
    }
  }

  /** The number of references now held; 0 once the memory has gone back. */
  public final int references() {
    return references;
  }

  abstract void recycle();
}
