package io.millrace.driver.afxdp;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;

/**
 * Which frames of the shard's pool are with the kernel: to receive into, or being sent. The kernel
 * names them by their addresses. <b>Thread:</b> the shard's.
 */
final class Loans {
  private static final byte HERE = 0;
  private static final byte TO_RECEIVE = 1;
  private static final byte TO_SEND = 2;

  private static final long ADDRESS = 0xffff_ffff_ffffL;
  private static final int OFFSET_SHIFT = 48;

  private final FramePool pool;
  private final long start;
  private final byte[] states;

  Loans(FramePool pool) {
    this.pool = pool;
    start = pool.region().address();
    states = new byte[pool.frames()];
  }

  /** Lends a frame to be received into, from its first byte on; returns its name. */
  long toReceive(Frame frame) {
    states[pool.indexOf(frame.base())] = TO_RECEIVE;
    return frame.base() - start;
  }

  /** Lends a frame to be sent; returns the name of its packet. */
  long toSend(Frame frame) {
    states[pool.indexOf(frame.base())] = TO_SEND;
    return name(frame.address());
  }

  /** The name of any byte of the memory. */
  long name(long address) {
    return address - start;
  }

  /**
   * Takes back a frame that holds a packet now.
   *
   * @param name what the kernel says: in the high 16 bits how far behind the address the packet
   *     begins
   * @return the frame, its window around the packet; null if the kernel does not have it, or the
   *     packet does not lie in it
   */
  Frame received(long name, int length) {
    int index = pool.indexOf(start + (name & ADDRESS));
    if (index < 0 || index >= states.length || states[index] != TO_RECEIVE) {
      return null;
    }
    states[index] = HERE;
    Frame frame = pool.frame(index);
    int offset = (int) (start + (name & ADDRESS) + (name >>> OFFSET_SHIFT) - frame.base());
    if (offset < 0 || length < 0 || offset + length > frame.capacity()) {
      frame.release();
      return null;
    }
    frame.window(offset, length);
    return frame;
  }

  /**
   * Takes back what was sent.
   *
   * @return the frame whose packet begins there; null if the name is that of a further piece of a
   *     packet
   */
  Frame sent(long name) {
    int index = pool.indexOf(start + name);
    if (index < 0 || index >= states.length || states[index] != TO_SEND) {
      return null;
    }
    Frame frame = pool.frame(index);
    if (frame.address() - start != name) {
      return null;
    }
    states[index] = HERE;
    return frame;
  }

  /** Releases all that is still out. The kernel must be done with it. */
  void close() {
    for (int i = 0; i < states.length; i++) {
      if (states[i] != HERE) {
        states[i] = HERE;
        pool.frame(i).release();
      }
    }
  }
}
