package io.millrace.futures.op;

import io.millrace.buf.Buffer;
import java.nio.ByteBuffer;

/** Reads what there is: at least one byte, at most as many as fit. May be used again. */
public final class ReadSome extends ReadOp {
  private byte[] array;
  private int offset;
  private int length;
  private ByteBuffer buffer;
  private boolean whole;
  private int count;
  private Buffer lent;

  /** Creates an operation; say next where the bytes go. */
  public ReadSome(Stream stream, Waiter waiter) {
    super(stream, waiter);
  }

  /** Reads into an array. */
  public ReadSome into(byte[] to, int from, int most) {
    return target(to, from, most, null, false);
  }

  /** Reads into a byte buffer from its position to its limit, and moves the position. */
  public ReadSome into(ByteBuffer to) {
    return target(null, 0, 0, to, false);
  }

  /** Reads into a new array of the size that it takes. */
  public ReadSome atMost(int most) {
    return target(null, 0, most, null, false);
  }

  /** Takes one received buffer as it is. */
  public ReadSome lent() {
    return target(null, 0, 0, null, true);
  }

  private ReadSome target(byte[] to, int from, int most, ByteBuffer other, boolean asItIs) {
    array = to;
    offset = from;
    length = most;
    buffer = other;
    whole = asItIs;
    count = 0;
    lent = null;
    reset();
    return this;
  }

  /** The number of bytes that were read, -1 at the end of the peer's data. */
  public int count() {
    return count;
  }

  /** What {@link #atMost} has read. */
  public byte[] array() {
    return array;
  }

  /** What {@link #lent()} has taken, owned by the caller; null at the end. */
  public Buffer buffer() {
    return lent;
  }

  /** Forgets where the bytes went, so that it is not kept alive. */
  public void forget() {
    array = null;
    buffer = null;
    lent = null;
  }

  @Override
  boolean isSatisfiedBy(InputQueue in) {
    return true;
  }

  @Override
  void take(InputQueue in) {
    if (whole) {
      lent = in.take();
      count = lent.length();
    } else if (buffer != null) {
      count = in.read(buffer);
    } else {
      if (array == null) {
        array = new byte[Math.min(length, in.bytes())];
        length = array.length;
      }
      count = in.read(array, offset, length);
    }
  }

  @Override
  void end() {
    count = -1;
    if (array == null) {
      array = new byte[0];
    }
    succeed();
  }
}
