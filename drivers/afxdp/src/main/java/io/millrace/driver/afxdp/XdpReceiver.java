package io.millrace.driver.afxdp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;

/**
 * Keeps the kernel in frames to receive into, and takes back those that hold packets. A packet of
 * several pieces is gathered into one frame. <b>Thread:</b> the shard's.
 */
final class XdpReceiver {
  /** Empty bursts after which the kernel is asked what it has dropped. */
  private static final int BURSTS_PER_QUESTION = 1024;

  private final XdpSocket socket;
  private final FramePool pool;
  private final Loans loans;
  private final Ring ring;
  private final Ring fill;
  private final CopyRing copies;
  private final boolean busyPoll;

  /** What the device's driver says of each packet, or null if it is not asked. */
  private final ReceiveMetadata metadata;

  private final HardwareClock clock;

  /** What is set on each frame, {@link Frame#RX_CHECKSUM_OK} or nothing. */
  private final int flags;

  /** Frames that the kernel has at most. */
  private final int level;

  /** Frames that are left to others. */
  private final int reserve;

  private int taken;
  private int filled;
  private int out;

  /** The packet whose last piece has not come yet, or null. */
  private Frame partial;

  /** Whether the rest of a packet is to be thrown away, piece by piece. */
  private boolean skipping;

  private int bursts;
  private long drops;
  private long kernelDrops;

  XdpReceiver(
      XdpSocket socket,
      FramePool pool,
      Loans loans,
      XdpSocket.Rings rings,
      CopyRing copies,
      ReceiveMetadata metadata,
      AfXdpOptions options) {
    this.socket = socket;
    this.pool = pool;
    this.loans = loans;
    ring = rings.receive();
    fill = rings.fill();
    this.copies = copies;
    this.metadata = metadata;
    clock = metadata == null ? null : HardwareClock.system();
    busyPoll = options.busyPoll() != 0;
    flags = options.trust() ? Frame.RX_CHECKSUM_OK : 0;
    level = Math.min(fill.size(), pool.frames() / 2);
    reserve = pool.frames() / 16;
    refill();
  }

  int receive(Frame[] to, int max, long now) {
    int index = taken;
    int available = ring.produced() - index;
    int n = copies == null ? 0 : copies.receive(to, 0, max, pool, now);
    if (available == 0) {
      idle();
      return n;
    }
    if (metadata != null) {
      clock.begin(now);
    }
    int end = index + available;
    while (index != end && n < max) {
      Frame frame = take(ring.descriptor(index++), now);
      if (frame != null) {
        if (metadata == null) {
          frame.receiveTime(now);
        }
        frame.set(flags);
        to[n++] = frame;
      }
    }
    taken = index;
    ring.consumed(index);
    refill();
    return n;
  }

  /** The packet that is complete with this descriptor, or null. */
  private Frame take(long descriptor, long now) {
    int length = Bytes.i32Native(descriptor + 8);
    int options = Bytes.i32Native(descriptor + 12);
    Frame frame = loans.received(Bytes.i64Native(descriptor), length);
    out--;
    if (metadata != null && partial == null && frame != null) {
      metadata.read(frame, clock, now);
    }
    if (((options & Ring.CONTINUED) | (partial == null ? 0 : 1)) == 0 && !skipping) {
      if (frame == null) {
        drops++;
      }
      return frame;
    }
    return gather(frame, (options & Ring.CONTINUED) != 0);
  }

  private Frame gather(Frame piece, boolean continued) {
    if (skipping) {
      skipping = continued;
      if (piece != null) {
        piece.release();
      }
      return null;
    }
    Frame whole = partial == null ? piece : append(partial, piece);
    if (whole == null) {
      drops++;
      partial = null;
      skipping = continued;
      return null;
    }
    partial = continued ? whole : null;
    return continued ? null : whole;
  }

  /** The first frame with the piece behind it, or a large one with both; null if there is none. */
  private Frame append(Frame first, Frame piece) {
    if (piece == null) {
      first.release();
      return null;
    }
    Frame whole = first.tailroom() >= piece.length() ? first : larger(first, piece.length());
    if (whole != null) {
      Bytes.copy(piece.address(), whole.append(piece.length()), piece.length());
    }
    piece.release();
    return whole;
  }

  /** Moves the bytes of a frame to where {@code more} fit behind them. */
  private Frame larger(Frame first, int more) {
    int length = first.length();
    if (FramePool.HEADROOM + length + more <= first.capacity()) {
      Bytes.copy(first.address(), first.base() + FramePool.HEADROOM, length);
      first.window(FramePool.HEADROOM, length);
      return first;
    }
    Frame large =
        FramePool.HEADROOM + length + more <= FramePool.LARGE_SIZE ? pool.allocateLarge() : null;
    if (large != null) {
      Bytes.copy(first.address(), large.append(length), length);
      large.receiveTime(first.receiveTime());
      large.receiveHash(first.receiveHash());
    }
    first.release();
    return large;
  }

  private void refill() {
    int count = Math.min(level - out, pool.available() - reserve);
    if (count <= 0) {
      return;
    }
    int index = filled;
    for (int i = 0; i < count; i++) {
      Bytes.put64Native(fill.entry(index++), loans.toReceive(pool.allocate()));
    }
    filled = index;
    out += count;
    fill.produced(index);
  }

  /** Nothing has come: looks after what can wait. */
  private void idle() {
    refill();
    if (busyPoll || fill.needsWakeup()) {
      socket.poll();
    }
  }

  /** Packets lost since the last call. */
  long takeDrops() {
    if (++bursts == BURSTS_PER_QUESTION) {
      bursts = 0;
      long now = socket.drops();
      drops += now - kernelDrops;
      kernelDrops = now;
    }
    long n = copies == null ? drops : drops + copies.takeDrops();
    drops = 0;
    return n;
  }

  void close() {
    if (partial != null) {
      partial.release();
      partial = null;
    }
  }
}
