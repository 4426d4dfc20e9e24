package io.millrace.kernel;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Reads from a connection into frames of the pool, as many at once as the last reads have filled.
 */
final class TcpReader {
  /** Frames that one read fills at most. */
  static final int MOST_FRAMES = 32;

  private final FramePool pool;
  private final FrameViews views;
  private final Frame[] frames = new Frame[MOST_FRAMES];
  private final ByteBuffer[] scatter = new ByteBuffer[MOST_FRAMES];

  TcpReader(FramePool pool, FrameViews views) {
    this.pool = pool;
    this.views = views;
  }

  /**
   * Reads once. What comes is linked behind {@code c.lastReceived}.
   *
   * @param most the bytes that are wanted at most, 1 or more; up to a frame more may come
   * @return the bytes that came; -1 at the end of the stream; 0 if there are none now or no frame
   *     is free
   */
  long read(KernelTcpConnection c, long most) throws IOException {
    int n = allocate(c.readFrames, most);
    if (n == 0) {
      return 0;
    }
    try {
      long count = read(c.channel, n);
      if (count > 0) {
        keep(c, n, count);
      }
      return count;
    } finally {
      releaseRest(n);
    }
  }

  private int allocate(int wanted, long most) {
    int n = 0;
    long room = 0;
    while (n < wanted && room < most) {
      Frame frame = pool.allocate();
      if (frame == null) {
        break;
      }
      frames[n] = frame;
      scatter[n] = views.free(frame);
      room += scatter[n].remaining();
      n++;
    }
    return n;
  }

  private long read(SocketChannel channel, int n) throws IOException {
    return n == 1 ? channel.read(scatter[0]) : channel.read(scatter, 0, n);
  }

  private void keep(KernelTcpConnection c, int n, long count) {
    long left = count;
    int used = 0;
    while (left > 0) {
      Frame frame = frames[used];
      int size = (int) Math.min(left, frame.tailroom());
      frame.append(size);
      frames[used] = null;
      used++;
      left -= size;
      if (c.lastReceived == null) {
        c.firstReceived = frame;
      } else {
        c.lastReceived.next(frame);
      }
      c.lastReceived = frame;
    }
    c.held += count;
    if (used == n) {
      c.readFrames = Math.min(MOST_FRAMES, 2 * n);
    } else if (used <= n / 4) {
      c.readFrames = Math.max(1, n / 2);
    }
  }

  private void releaseRest(int n) {
    for (int i = 0; i < n; i++) {
      scatter[i] = null;
      if (frames[i] != null) {
        frames[i].release();
        frames[i] = null;
      }
    }
  }
}
