package io.millrace.port;

import io.millrace.buf.Frame;
import io.millrace.capture.CaptureWriter;
import io.millrace.capture.Direction;
import io.millrace.spi.PortQueue;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Writes every frame that passes to a capture file. If the file cannot be written, it says so once
 * and goes on without.
 */
final class CapturingQueue extends ForwardingQueue {
  private static final Logger LOG = System.getLogger("io.millrace.capture");

  /** How long the file may lag behind, in nanoseconds. */
  static final long FLUSH_INTERVAL = 250_000_000;

  private final String file;
  private final long openedAt;
  private CaptureWriter writer;

  /** What to add to shard time to get nanoseconds since 1970; known from the first burst on. */
  private long timeOffset;

  private boolean timeKnown;
  private long now;
  private long lastFlush;

  /**
   * Frames at the head of the next transmit burst that are in the file already, because the device
   * was full.
   */
  private int captured;

  /**
   * Captures into {@code writer}.
   *
   * @param openedAt the wall-clock time of the first burst, in nanoseconds since 1970
   */
  CapturingQueue(PortQueue inner, CaptureWriter writer, String file, long openedAt) {
    super(inner);
    this.writer = writer;
    this.file = file;
    this.openedAt = openedAt;
    this.timeOffset = openedAt;
  }

  @Override
  public int rxBurst(Frame[] out, int max, long time) {
    int n = inner.rxBurst(out, max, time);
    if (writer != null) {
      if (!timeKnown) {
        timeKnown = true;
        timeOffset = openedAt - time;
        lastFlush = time;
      }
      now = time;
      capture(Direction.INBOUND, out, 0, n);
      if (time - lastFlush >= FLUSH_INTERVAL) {
        lastFlush = time;
        write();
      }
    }
    return n;
  }

  @Override
  public int txBurst(Frame[] frames, int from, int to) {
    // Before the device gets them: afterwards they are not ours to read. What it does not take now
    // is offered again
    // first, and must not be in the file twice.
    capture(Direction.OUTBOUND, frames, Math.min(from + captured, to), to);
    int taken = inner.txBurst(frames, from, to);
    captured = Math.max(captured, to - from) - taken;
    return taken;
  }

  private void capture(Direction direction, Frame[] frames, int from, int to) {
    if (writer == null) {
      return;
    }
    try {
      for (int i = from; i < to; i++) {
        writer.write(now + timeOffset, direction, frames[i]);
      }
    } catch (IOException e) {
      stop(e);
    }
  }

  private void write() {
    try {
      writer.flush();
    } catch (IOException e) {
      stop(e);
    }
  }

  private void stop(IOException why) {
    LOG.log(
        Level.WARNING,
        "capturing to {0} stopped after {1} packets: {2}",
        file,
        writer.packets(),
        why.getMessage() == null ? why : why.getMessage());
    CaptureWriter failed = writer;
    writer = null;
    try {
      failed.close();
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  @Override
  public long nextDeadline() {
    long deadline = inner.nextDeadline();
    return writer != null && writer.hasUnwritten()
        ? Math.min(deadline, lastFlush + FLUSH_INTERVAL)
        : deadline;
  }

  /** Completes the file. The shard has stopped. */
  void close() {
    if (writer == null) {
      return;
    }
    write();
    if (writer != null) {
      try {
        writer.close();
      } catch (IOException e) {
        stop(e);
      }
      writer = null;
    }
  }
}
