package io.millrace.driver.afxdp;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.os.Linux;

/**
 * Hands packets to the transmit ring and takes them back from the completion ring. <b>Thread:</b>
 * the shard's.
 */
final class XdpSender {
  /** Linux: the network interface is switched off. */
  private static final int ENETDOWN = 100;

  /** Linux: the socket is bound to nothing any more, because the device is gone. */
  private static final int ENXIO = 6;

  /** System calls per flush, where one sends only some of the packets. */
  private static final int MOST_CALLS = 64;

  /** How long completions may take before they are looked for again, nanoseconds. */
  private static final long COMPLETION_TIME = 10_000_000;

  private final XdpSocket socket;
  private final FramePool pool;
  private final Loans loans;
  private final Ring ring;
  private final Ring completion;
  private final int longest;

  /** The most bytes in one piece. */
  private final int chunk;

  /** Whether the device takes over checksums. */
  private final boolean checksums;

  private int put;
  private int completed;

  /** Whether the kernel takes nothing at present. */
  private boolean down;

  private long drops;

  XdpSender(XdpSocket socket, FramePool pool, Loans loans, XdpSocket.Rings rings, AfXdpMode mode) {
    this.socket = socket;
    this.pool = pool;
    this.loans = loans;
    ring = rings.transmit();
    completion = rings.completion();
    longest = mode.longest();
    chunk = AfXdpMode.chunk(pool.frameSize());
    checksums = mode.checksums();
  }

  int send(Frame[] frames, int from, int to) {
    if (down) {
      wake();
      if (down) {
        return discard(frames, from, to);
      }
    }
    // As many descriptors as there is room for completions: the kernel never has to wait for us.
    int end = completed + ring.size();
    int index = put;
    int i = from;
    while (i < to) {
      int pieces = pieces(frames[i].totalLength());
      if (end - index < pieces) {
        break;
      }
      Frame frame = ready(frames[i++]);
      if (frame == null) {
        drops++;
      } else {
        index = put(frame, index, pieces);
      }
    }
    put = index;
    ring.produced(index);
    return i - from;
  }

  private int pieces(int length) {
    return length <= chunk ? 1 : (length + chunk - 1) / chunk;
  }

  private int discard(Frame[] frames, int from, int to) {
    for (int i = from; i < to; i++) {
      frames[i].release();
    }
    drops += to - from;
    return to - from;
  }

  /** Puts a packet into the ring; returns the index behind it. */
  private int put(Frame frame, int index, int pieces) {
    long descriptor = ring.descriptor(index);
    Bytes.put64Native(descriptor, loans.toSend(frame));
    int length = frame.length();
    if (pieces == 1) {
      Bytes.put32Native(descriptor + 8, length);
      Bytes.put32Native(descriptor + 12, options(frame));
      return index + 1;
    }
    Bytes.put32Native(descriptor + 8, chunk);
    Bytes.put32Native(descriptor + 12, options(frame) | Ring.CONTINUED);
    int done = chunk;
    while (done < length) {
      index++;
      int piece = Math.min(chunk, length - done);
      descriptor = ring.descriptor(index);
      Bytes.put64Native(descriptor, loans.name(frame.address() + done));
      Bytes.put32Native(descriptor + 8, piece);
      done += piece;
      Bytes.put32Native(descriptor + 12, done < length ? Ring.CONTINUED : 0);
    }
    return index + 1;
  }

  /** Writes what is asked of the device in front of the packet. */
  private static int options(Frame frame) {
    if (!frame.has(Frame.CHECKSUM_PARTIAL)) {
      return 0;
    }
    long metadata = frame.address() - TransmitMetadata.SIZE;
    int start = (int) (frame.checksumAddress() - frame.address());
    TransmitMetadata.checksum(metadata, start, frame.checksumOffset());
    return Ring.METADATA;
  }

  /**
   * The frame as the kernel takes it: a standard one of this pool, its tail behind its own bytes,
   * its checksum filled in or asked for.
   *
   * @return null if it cannot be sent; it is released then
   */
  private Frame ready(Frame frame) {
    if (frame.totalLength() > longest) {
      frame.release();
      return null;
    }
    if (frame.has(Frame.CHECKSUM_PARTIAL)
        && !(checksums && frame.headroom() >= TransmitMetadata.SIZE)) {
      Checksum.complete(frame);
    }
    int tail = frame.tailLength();
    if (frame.pool() != pool
        || frame.capacity() != pool.frameSize()
        || tail > frame.tailroom()
        || frame.references() != 1) {
      return copied(frame);
    }
    if (tail != 0) {
      Bytes.copy(frame.tailAddress(), frame.append(tail), tail);
    }
    return frame;
  }

  /** The packet in a frame of this pool, where it is not in one or is somebody else's as well. */
  private Frame copied(Frame frame) {
    Frame copy = pool.allocate();
    if (copy != null && frame.totalLength() <= copy.tailroom()) {
      frame.gather(copy.append(frame.totalLength()));
      if (frame.has(Frame.CHECKSUM_PARTIAL)) {
        long start = copy.address() + (frame.checksumAddress() - frame.address());
        copy.requestChecksum(start, frame.checksumOffset());
      }
    } else if (copy != null) {
      copy.release();
      copy = null;
    }
    frame.release();
    return copy;
  }

  /** Lets the kernel send what it has not sent yet. */
  void flush() {
    if (ring.consumed() != put && !down && ring.needsWakeup()) {
      wake();
    }
  }

  /** One system call sends everything, or a few dozen packets, depending on the kernel. */
  private void wake() {
    for (int i = 0; i < MOST_CALLS; i++) {
      int result = socket.wake();
      down = result == -ENETDOWN || result == -ENXIO;
      if (result == -Linux.EBUSY) {
        // The device has dropped a packet.
        drops++;
      } else if (result != -Linux.EAGAIN) {
        return;
      }
      if (ring.consumed() == put) {
        return;
      }
    }
  }

  int reclaim(int max) {
    int index = completed;
    int available = Math.min(max, completion.produced() - index);
    int released = 0;
    for (int i = 0; i < available; i++) {
      Frame frame = loans.sent(Bytes.i64Native(completion.entry(index++)));
      if (frame != null) {
        frame.release();
        released++;
      }
    }
    if (available != 0) {
      completed = index;
      completion.consumed(index);
    }
    return released;
  }

  /** When to look after what has been put into the ring; {@code now} is the time of the burst. */
  long nextDeadline(long now) {
    if (put == completed || down) {
      return Long.MAX_VALUE;
    }
    return ring.consumed() == put ? now + COMPLETION_TIME : now;
  }

  long takeDrops() {
    long n = drops;
    drops = 0;
    return n;
  }
}
