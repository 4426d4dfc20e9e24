package io.millrace.driver.pcap;

import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.capture.CaptureWriter;
import io.millrace.capture.Direction;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;

/** Where the stack's frames go: into a file, or nowhere. <b>Thread:</b> the shard's. */
final class Answers {
  private static final Logger LOG = System.getLogger("io.millrace.pcap");

  private final CaptureWriter writer;
  private final Replay replay;
  private final Path file;
  private boolean failed;
  private long drops;

  /**
   * Creates it.
   *
   * @param writer null to write nothing
   */
  Answers(CaptureWriter writer, Replay replay, Path file) {
    this.writer = writer;
    this.replay = replay;
    this.file = file;
  }

  int send(Frame[] frames, int from, int to) {
    for (int i = from; i < to; i++) {
      Frame frame = frames[i];
      if (failed) {
        drops++;
      } else if (writer != null) {
        write(frame);
      }
      frame.release();
    }
    return to - from;
  }

  private void write(Frame frame) {
    if (frame.has(Frame.CHECKSUM_PARTIAL)) {
      Checksum.complete(frame);
    }
    try {
      writer.write(replay.fileTime(), Direction.OUTBOUND, frame);
    } catch (IOException e) {
      fail(e);
      drops++;
    }
  }

  /** Writes what has been collected, when there is nothing better to do. */
  void idle() {
    if (writer != null && !failed && writer.hasUnwritten()) {
      try {
        writer.flush();
      } catch (IOException e) {
        fail(e);
      }
    }
  }

  private void fail(IOException e) {
    failed = true;
    complain(file, e);
  }

  private static void complain(Path file, IOException e) {
    LOG.log(Level.WARNING, "cannot write {0}: {1}", file, e.getMessage());
  }

  long takeDrops() {
    long n = drops;
    drops = 0;
    return n;
  }

  static void close(CaptureWriter writer, Path file) {
    try {
      writer.close();
    } catch (IOException e) {
      complain(file, e);
    }
  }
}
