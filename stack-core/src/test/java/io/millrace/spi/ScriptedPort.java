package io.millrace.spi;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.diag.Counters;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/** A port of one queue whose wire is two lists: what is to arrive, and what was sent. */
public final class ScriptedPort implements Port, PortQueue {
  public static final long MAC = 0x02_00_00_00_00_01L;

  private final Queue<byte[]> arriving = new ArrayDeque<>();
  private final PortInfo info;
  private FramePool pool;

  /** What was sent, in order. */
  public final List<byte[]> sent = new ArrayList<>();

  /** How many frames the device takes until it is flushed; the rest is refused. */
  public int capacity = Integer.MAX_VALUE;

  /** Flags set on what arrives. */
  public int receiveFlags;

  /** What the queue itself wants to be woken for. */
  public long deadline = Long.MAX_VALUE;

  public int fd = -1;
  public long receiveDrops;
  public long transmitDrops;
  public int flushes;
  public boolean closed;
  public Counters counters;
  private int taken;

  public ScriptedPort(int offloads) {
    info = new PortInfo("scripted", MAC, 1500, 1, offloads);
  }

  public ScriptedPort() {
    this(0);
  }

  /** Lets frames arrive with the next bursts. */
  public void arrive(byte[]... frames) {
    arriving.addAll(List.of(frames));
  }

  /** Whether everything has arrived. */
  public boolean isQuiet() {
    return arriving.isEmpty();
  }

  @Override
  public PortInfo info() {
    return info;
  }

  @Override
  public PortQueue queue(int index, FramePool frames) {
    pool = frames;
    return this;
  }

  @Override
  public int rxBurst(Frame[] out, int max, long now) {
    int n = 0;
    while (n < max && !arriving.isEmpty()) {
      byte[] bytes = arriving.remove();
      Frame frame = pool.allocate();
      io.millrace.buf.Bytes.copyIn(bytes, 0, frame.append(bytes.length), bytes.length);
      frame.receiveTime(now);
      frame.set(receiveFlags);
      out[n++] = frame;
    }
    return n;
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    int n = Math.min(to - from, capacity - taken);
    for (int i = from; i < from + n; i++) {
      byte[] own = frames[i].toByteArray();
      byte[] whole = new byte[frames[i].totalLength()];
      System.arraycopy(own, 0, whole, 0, own.length);
      io.millrace.buf.Bytes.copyOut(
          frames[i].tailAddress(), whole, own.length, whole.length - own.length);
      sent.add(whole);
      frames[i].release();
    }
    taken += capacity == Integer.MAX_VALUE ? 0 : n;
    return n;
  }

  @Override
  public void flush() {
    flushes++;
    taken = 0;
  }

  @Override
  public int reclaim(int max) {
    return 0;
  }

  @Override
  public int fd() {
    return fd;
  }

  @Override
  public long nextDeadline() {
    return deadline;
  }

  @Override
  public long takeTransmitDrops() {
    long drops = transmitDrops;
    transmitDrops = 0;
    return drops;
  }

  @Override
  public long takeReceiveDrops() {
    long drops = receiveDrops;
    receiveDrops = 0;
    return drops;
  }

  @Override
  public void countInto(Counters shardCounters) {
    counters = shardCounters;
  }

  @Override
  public void close() {
    closed = true;
  }
}
