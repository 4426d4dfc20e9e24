package io.millrace.kernel;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import java.nio.ByteBuffer;

/**
 * The byte buffers through which channels see memory. That of a frame of the shard's pool is made
 * once and lies over the whole chunk; the same object is answered each time.
 */
final class FrameViews {
  private final FramePool pool;
  private final ByteBuffer[] standard;
  private final ByteBuffer[] large;
  private final long firstLarge;

  FrameViews(FramePool pool) {
    this.pool = pool;
    this.standard = new ByteBuffer[pool.frames()];
    this.large = new ByteBuffer[pool.largeFrames()];
    this.firstLarge = pool.region().address() + (long) pool.frames() * pool.frameSize();
  }

  /** The free bytes behind a frame's window. */
  ByteBuffer free(Frame frame) {
    int end = (int) (frame.address() - frame.base()) + frame.length();
    return of(frame).limit(frame.capacity()).position(end);
  }

  /** A range of a buffer's bytes. */
  ByteBuffer readable(Buffer owner, long address, int length) {
    if (owner instanceof Frame frame && frame.pool() == pool) {
      int from = (int) (address - frame.base());
      return of(frame).limit(from + length).position(from);
    }
    return Bytes.segment(address, length).asByteBuffer();
  }

  private ByteBuffer of(Frame frame) {
    long base = frame.base();
    boolean isLarge = base >= firstLarge;
    ByteBuffer[] views = isLarge ? large : standard;
    int index = isLarge ? (int) ((base - firstLarge) / FramePool.LARGE_SIZE) : pool.indexOf(base);
    ByteBuffer view = views[index];
    if (view == null) {
      view = Bytes.segment(base, frame.capacity()).asByteBuffer();
      views[index] = view;
    }
    return view;
  }
}
