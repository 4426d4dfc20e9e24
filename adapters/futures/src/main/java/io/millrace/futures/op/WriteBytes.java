package io.millrace.futures.op;

import io.millrace.buf.Buffer;
import io.millrace.tcp.TcpConnection;
import java.nio.ByteBuffer;

/**
 * Hands bytes to TCP, which copies them, or a buffer, which it holds until it is acknowledged. May
 * be used again.
 */
public final class WriteBytes extends WriteOp {
  /** Copied at once, at most: what is behind the end of the room is as much at the most. */
  private static final int PIECE = 16 * 1024;

  /** What is tried when there is no memory for a whole piece. */
  private static final int SMALL_PIECE = 1_024;

  private byte[] array;
  private int offset;
  private int left;
  private ByteBuffer bytes;
  private Buffer buffer;
  private boolean all;
  private int count;

  /** Creates an operation; say next what to write. */
  public WriteBytes(Stream stream, Waiter waiter) {
    super(stream, waiter);
  }

  /**
   * Writes from an array.
   *
   * @param whole whether it is done only when all bytes are handed over, else when there is no room
   *     for more
   */
  public WriteBytes from(byte[] from, int start, int length, boolean whole) {
    return source(from, start, length, null, null, whole);
  }

  /** Writes from a byte buffer's position on, and moves the position. */
  public WriteBytes from(ByteBuffer from, boolean whole) {
    return from.hasArray()
        ? source(
            from.array(), from.arrayOffset() + from.position(), from.remaining(), from, null, whole)
        : source(null, 0, from.remaining(), from, null, whole);
  }

  /** Writes a buffer by reference, and takes over the caller's reference. */
  public WriteBytes from(Buffer from) {
    return source(null, 0, from.length(), null, from, true);
  }

  private WriteBytes source(
      byte[] a, int start, int length, ByteBuffer b, Buffer reference, boolean whole) {
    array = a;
    offset = start;
    left = length;
    bytes = b;
    buffer = reference;
    all = whole;
    count = 0;
    reset();
    return this;
  }

  /** How many bytes TCP has taken. */
  public int count() {
    return count;
  }

  /** Forgets where the bytes came from, so that it is not kept alive. */
  public void forget() {
    array = null;
    bytes = null;
  }

  /** What became of a write that was tried. */
  enum Progress {
    /** It is done, and there is room for more. */
    DONE,
    /** It is done, and no room is left. */
    DONE_AND_FULL,
    /** A part is sent, and no room is left. */
    FULL,
    /** The shard has no memory for a copy now. */
    NO_MEMORY
  }

  /** Sends as much as there is room for; claimed, the first in the queue, and there is room. */
  Progress advance(TcpConnection connection) {
    if (buffer != null) {
      return lend(connection);
    }
    boolean room = true;
    while (left > 0 && room) {
      int n = Math.min(left, PIECE);
      try {
        room = copy(connection, n);
      } catch (IllegalStateException e) {
        if (!connection.isSendable()) {
          throw e;
        }
        n = Math.min(left, SMALL_PIECE);
        try {
          room = copy(connection, n);
        } catch (IllegalStateException again) {
          return count > 0 && !all ? Progress.DONE : Progress.NO_MEMORY;
        }
      }
      offset += n;
      left -= n;
      count += n;
      stream.sent(n);
      if (bytes != null && array != null) {
        bytes.position(bytes.position() + n);
      }
    }
    if (left == 0) {
      return room ? Progress.DONE : Progress.DONE_AND_FULL;
    }
    return all ? Progress.FULL : Progress.DONE_AND_FULL;
  }

  private boolean copy(TcpConnection connection, int n) {
    if (array != null) {
      return connection.send(array, offset, n);
    }
    byte[] piece = new byte[n];
    bytes.get(bytes.position(), piece);
    boolean room = connection.send(piece, 0, n);
    bytes.position(bytes.position() + n);
    return room;
  }

  private Progress lend(TcpConnection connection) {
    boolean room = connection.send(buffer);
    stream.sent(left);
    count = left;
    left = 0;
    dropBuffer();
    return room ? Progress.DONE : Progress.DONE_AND_FULL;
  }

  /** Lets go of a buffer that was not sent. On the shard. */
  void dropBuffer() {
    if (buffer != null) {
      buffer.release();
      buffer = null;
    }
  }
}
