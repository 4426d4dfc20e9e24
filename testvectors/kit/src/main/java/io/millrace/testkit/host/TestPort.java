package io.millrace.testkit.host;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.spi.Port;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A port whose other end is the test: what is put in is received, what is sent can be taken out.
 */
public final class TestPort implements Port, PortQueue {
  /** The link address that a port has if it is not told another. */
  public static final long MAC = 0x02_00_00_00_00_01L;

  private final PortInfo info;
  private final Deque<byte[]> incoming = new ArrayDeque<>();
  private final List<byte[]> sent = new ArrayList<>();
  private FramePool pool;
  private boolean large;
  private int receiveFlags;
  private int segmentSize;
  private boolean forgetful;
  private long count;

  /** A port with {@link #MAC}; {@code offloads} as in {@link PortInfo}. */
  public TestPort(int mtu, int offloads) {
    this(mtu, offloads, MAC);
  }

  /** A port with a link address of its own, in the low 48 bits. */
  public TestPort(int mtu, int offloads, long mac) {
    info = new PortInfo("test", mac, mtu, 1, offloads);
  }

  /** Has a frame received with the next duty cycle, from the Ethernet header on. */
  public void put(byte[] frame) {
    incoming.add(frame);
  }

  /** Receives into large frames from now on. */
  public void large() {
    large = true;
  }

  /** Sets these flags on the frames that are received from now on. */
  public void receiveFlags(int flags) {
    receiveFlags = flags;
  }

  /** Says from now on that what is received has been put together of packets with so much data. */
  public void merged(int size) {
    segmentSize = size;
  }

  /** Only counts what is sent from now on. */
  public void forgetful() {
    forgetful = true;
  }

  /** How many frames were sent since this port is forgetful. */
  public long count() {
    return count;
  }

  /** What was sent since the last time this was asked, in order. */
  public List<byte[]> takeSent() {
    List<byte[]> taken = List.copyOf(sent);
    sent.clear();
    return taken;
  }

  @Override
  public PortInfo info() {
    return info;
  }

  @Override
  public PortQueue queue(int index, FramePool framePool) {
    pool = framePool;
    return this;
  }

  @Override
  public int rxBurst(Frame[] out, int max, long now) {
    int n = 0;
    while (n < max && !incoming.isEmpty()) {
      byte[] bytes = incoming.remove();
      Frame frame = large ? pool.allocateLarge() : pool.allocate();
      if (frame == null) {
        throw new AssertionError("the stack holds all frames");
      }
      Bytes.copyIn(bytes, 0, frame.append(bytes.length), bytes.length);
      frame.receiveTime(now);
      frame.set(receiveFlags);
      frame.segmentSize(segmentSize);
      out[n++] = frame;
    }
    return n;
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    for (int i = from; i < to; i++) {
      Frame frame = frames[i];
      if (forgetful) {
        count++;
        frame.release();
        continue;
      }
      byte[] bytes = new byte[frame.totalLength()];
      Bytes.copyOut(frame.address(), bytes, 0, frame.length());
      if (frame.tailLength() != 0) {
        Bytes.copyOut(frame.tailAddress(), bytes, frame.length(), frame.tailLength());
      }
      sent.add(bytes);
      frame.release();
    }
    return to - from;
  }

  @Override
  public void flush() {}

  @Override
  public int reclaim(int max) {
    return 0;
  }

  @Override
  public int fd() {
    return -1;
  }

  @Override
  public void close() {}
}
