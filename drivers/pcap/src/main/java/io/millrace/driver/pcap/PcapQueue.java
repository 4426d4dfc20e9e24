package io.millrace.driver.pcap;

import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import io.millrace.spi.PortQueue;

/** The one queue of a replay. <b>Thread:</b> the shard's. */
final class PcapQueue implements PortQueue {
  private final Replay replay;
  private final Answers answers;
  private final FramePool pool;
  private final int room;
  private final int roomLarge;
  private final boolean trust;
  private long drops;

  PcapQueue(Replay replay, Answers answers, FramePool pool, boolean trust) {
    this.replay = replay;
    this.answers = answers;
    this.pool = pool;
    this.trust = trust;
    room = pool.frameSize() - FramePool.HEADROOM;
    roomLarge = pool.largeFrames() == 0 ? 0 : FramePool.LARGE_SIZE - FramePool.HEADROOM;
  }

  @Override
  public int rxBurst(Frame[] out, int max, long now) {
    int n = 0;
    for (int packets = 0; packets < max && replay.ready(now); packets++) {
      int length = replay.length();
      if (length > Math.max(room, roomLarge)) {
        drops++;
      } else {
        Frame frame = take(length);
        if (frame == null) {
          break;
        }
        frame.receiveTime(now);
        out[n++] = frame;
      }
      replay.advance();
    }
    if (n == 0) {
      answers.idle();
    }
    return n;
  }

  private Frame take(int length) {
    boolean small = length <= room;
    if ((small ? pool.available() : pool.availableLarge()) == 0) {
      return null; // The packet waits in its file.
    }
    Frame frame = small ? pool.allocate() : pool.allocateLarge();
    replay.copyTo(frame.append(length));
    if (trust) {
      frame.set(Frame.RX_CHECKSUM_OK);
    }
    return frame;
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    return answers.send(frames, from, to);
  }

  /** Nothing to do: packets are collected, and written when there are many or nothing arrives. */
  @Override
  public void flush() {}

  /** Nothing to do: {@link #txBurst} has copied the frames and released them. */
  @Override
  public int reclaim(int max) {
    return 0;
  }

  @Override
  public int fd() {
    return -1;
  }

  @Override
  public long nextDeadline() {
    return replay.nextDeadline();
  }

  @Override
  public long takeReceiveDrops() {
    long n = drops;
    drops = 0;
    return n;
  }

  @Override
  public long takeTransmitDrops() {
    return answers.takeDrops();
  }
}
