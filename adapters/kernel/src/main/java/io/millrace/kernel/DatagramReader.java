package io.millrace.kernel;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.DropReason;
import io.millrace.net.Shard;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

/**
 * Receives datagrams whole: into a large frame, and from there, if they are small, into a standard
 * one, so that whoever retains them does not keep 64 KiB.
 */
final class DatagramReader {
  private final Shard shard;
  private final FramePool pool;
  private final FrameViews views;
  private final ByteBuffer nothing = ByteBuffer.allocateDirect(0);

  /** The datagram that came last, owned by who asked for it. */
  private Frame frame;

  DatagramReader(Shard shard, FrameViews views) {
    this.shard = shard;
    this.pool = shard.pool();
    this.views = views;
  }

  /**
   * Receives one datagram. One for which there is no frame is dropped by name.
   *
   * @return the sender, or null if there is none now
   */
  InetSocketAddress receive(DatagramChannel channel) throws IOException {
    Frame large = pool.allocateLarge();
    Frame into = large != null ? large : pool.allocate();
    InetSocketAddress from = null;
    try {
      ByteBuffer view = into == null ? nothing : views.free(into);
      int room = view.remaining();
      from = (InetSocketAddress) channel.receive(view);
      if (from != null) {
        int size = room - view.remaining();
        // A standard frame that is full has cut the datagram, for all we know.
        frame = into == null || (large == null && size == room) ? null : keep(into, size);
        if (frame == null) {
          shard.counters().drop(DropReason.NO_FRAME);
        }
      }
      return from;
    } finally {
      if (into != null && (from == null || frame != into)) {
        into.release();
      }
    }
  }

  private Frame keep(Frame into, int size) {
    into.append(size);
    if (size > pool.frameSize() - FramePool.HEADROOM) {
      return into;
    }
    Frame small = pool.allocate();
    if (small == null) {
      return into;
    }
    Bytes.copy(into.address(), small.append(size), size);
    return small;
  }

  /** The datagram that {@link #receive} found, or null if there was no frame for it. */
  Frame take() {
    Frame taken = frame;
    frame = null;
    return taken;
  }
}
