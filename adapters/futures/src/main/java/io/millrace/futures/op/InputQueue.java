package io.millrace.futures.op;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.WrappedBuffer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Received bytes that nobody has read yet, in the frames they came in: the frames are retained, so
 * their bytes count against the window. <b>Thread:</b> the shard's.
 */
public final class InputQueue {
  private Buffer[] ring = new Buffer[4];
  private int head;
  private int count;
  private int bytes;

  /** Bytes of the first buffer that have been read. */
  private int consumed;

  /** Bytes that were taken out and come before all others; null if there are none. */
  private byte[] givenBack;

  private int givenBackFrom;

  InputQueue() {}

  int bytes() {
    return bytes;
  }

  int buffers() {
    return count;
  }

  boolean isEmpty() {
    return bytes == 0;
  }

  /** Adds and retains a buffer. */
  void add(Buffer data) {
    if (data.length() == 0) {
      return;
    }
    data.retain();
    if (count == ring.length) {
      grow();
    }
    ring[(head + count++) & (ring.length - 1)] = data;
    bytes += data.length();
  }

  private void grow() {
    Buffer[] larger = new Buffer[2 * ring.length];
    for (int i = 0; i < count; i++) {
      larger[i] = ring[(head + i) & (ring.length - 1)];
    }
    ring = larger;
    head = 0;
  }

  /** Copies as much as there is, up to {@code length}, and returns how much. */
  int read(byte[] to, int offset, int length) {
    int done = takeGivenBack(to, offset, length);
    while (done < length && count > 0) {
      Buffer first = ring[head];
      int n = Math.min(length - done, first.length() - consumed);
      first.getBytes(consumed, to, offset + done, n);
      done += n;
      skip(first, n);
    }
    bytes -= done;
    return done;
  }

  /** The same into a byte buffer, up to its limit. */
  int read(ByteBuffer to) {
    int done = 0;
    if (givenBack != null) {
      byte[] piece = new byte[Math.min(to.remaining(), givenBack.length - givenBackFrom)];
      done = takeGivenBack(piece, 0, piece.length);
      to.put(piece, 0, done);
    }
    MemorySegment target = MemorySegment.ofBuffer(to);
    long at = 0;
    while (at < target.byteSize() && count > 0) {
      Buffer first = ring[head];
      int n = (int) Math.min(target.byteSize() - at, first.length() - consumed);
      MemorySegment.copy(Bytes.segment(first.address() + consumed, n), 0, target, at, n);
      at += n;
      skip(first, n);
    }
    to.position(to.position() + (int) at);
    done += (int) at;
    bytes -= done;
    return done;
  }

  private int takeGivenBack(byte[] to, int offset, int length) {
    if (givenBack == null) {
      return 0;
    }
    int n = Math.min(length, givenBack.length - givenBackFrom);
    System.arraycopy(givenBack, givenBackFrom, to, offset, n);
    givenBackFrom += n;
    if (givenBackFrom == givenBack.length) {
      givenBack = null;
    }
    return n;
  }

  private void skip(Buffer first, int n) {
    consumed += n;
    if (consumed == first.length()) {
      removeFirst().release();
    }
  }

  private Buffer removeFirst() {
    Buffer first = ring[head];
    ring[head] = null;
    head = (head + 1) & (ring.length - 1);
    count--;
    consumed = 0;
    return first;
  }

  /** Takes the first piece out as it is; the caller owns the reference. There must be one. */
  Buffer take() {
    if (givenBack != null) {
      byte[] piece = new byte[givenBack.length - givenBackFrom];
      bytes -= takeGivenBack(piece, 0, piece.length);
      MemorySegment copy = java.lang.foreign.Arena.ofAuto().allocate(piece.length);
      MemorySegment.copy(piece, 0, copy, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, piece.length);
      return WrappedBuffer.of(copy);
    }
    int from = consumed;
    Buffer first = removeFirst();
    bytes -= first.length() - from;
    if (from == 0) {
      return first;
    }
    return WrappedBuffer.of(
        Bytes.segment(first.address() + from, first.length() - from), first::release);
  }

  /**
   * How many bytes of the next piece go up to and including {@code delimiter}; 0 if it is not in
   * it.
   */
  int find(byte delimiter) {
    if (givenBack != null) {
      for (int i = givenBackFrom; i < givenBack.length; i++) {
        if (givenBack[i] == delimiter) {
          return i - givenBackFrom + 1;
        }
      }
      return 0;
    }
    Buffer first = ring[head];
    for (int i = consumed; i < first.length(); i++) {
      if (first.getByte(i) == delimiter) {
        return i - consumed + 1;
      }
    }
    return 0;
  }

  /** The bytes of the next piece. There must be one. */
  int pieceLength() {
    return givenBack != null ? givenBack.length - givenBackFrom : ring[head].length() - consumed;
  }

  /** Puts bytes that were read back to the front. */
  void giveBack(byte[] from, int length) {
    if (length == 0) {
      return;
    }
    int left = givenBack == null ? 0 : givenBack.length - givenBackFrom;
    byte[] all = java.util.Arrays.copyOf(from, length + left);
    if (left > 0) {
      System.arraycopy(givenBack, givenBackFrom, all, length, left);
    }
    givenBack = all;
    givenBackFrom = 0;
    bytes += length;
  }

  /** Lets go of everything. */
  void clear() {
    while (count > 0) {
      removeFirst().release();
    }
    givenBack = null;
    bytes = 0;
  }
}
