package io.millrace.driver.pcap;

import io.millrace.capture.CaptureReader;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * The packets of a file, one after the other, each with the shard time at which it is due.
 * <b>Thread:</b> the shard's, once it is open.
 */
final class Replay {
  private static final Logger LOG = System.getLogger("io.millrace.pcap");

  private final PcapOptions options;
  private CaptureReader reader;

  /** Times through the file that are left after this one. */
  private int loopsLeft;

  private boolean ended;

  /** The time in the file of the first packet of all. */
  private long firstTime;

  private boolean started;

  /** The shard time of the first look, when the first packet is due. */
  private long start;

  /** The shard time of the last look. */
  private long now;

  /** When the present packet is due, since {@link #start}. */
  private long due;

  /** What is added to a packet's time in the file to make its {@link #due}. */
  private long offset;

  private Replay(PcapOptions options, CaptureReader reader) {
    this.options = options;
    this.reader = reader;
    loopsLeft = options.loops() - 1;
  }

  /**
   * Opens the file and reads its first packet.
   *
   * @throws IOException with one sentence if it cannot be read
   */
  static Replay open(PcapOptions options) throws IOException {
    CaptureReader reader = CaptureReader.open(options.in());
    try {
      Replay replay = new Replay(options, reader);
      replay.ended = !reader.next();
      if (!replay.ended) {
        replay.firstTime = reader.time();
        replay.offset = -reader.time();
      }
      return replay;
    } catch (IOException e) {
      reader.close();
      throw e;
    }
  }

  /** Whether there is a packet and its time has come. */
  boolean ready(long shardTime) {
    now = shardTime;
    if (!started) {
      started = true;
      start = shardTime;
    }
    return !ended && (!options.timed() || shardTime - start >= due);
  }

  /** Bytes of the present packet. */
  int length() {
    return reader.length();
  }

  /** Copies the present packet. */
  void copyTo(long address) {
    reader.copyTo(address);
  }

  /** Goes on to the next packet. */
  void advance() {
    try {
      if (!reader.next() && !rewind()) {
        ended = true;
        return;
      }
      // Several captures in one file, or a clock that was set: time does not go back here.
      due = Math.max(due, reader.time() + offset);
    } catch (IOException e) {
      ended = true;
      LOG.log(Level.WARNING, "the replay ends here: {0}", e.getMessage());
    }
  }

  private boolean rewind() throws IOException {
    if (loopsLeft == 0) {
      return false;
    }
    loopsLeft--;
    reader.close();
    reader = CaptureReader.open(options.in());
    if (!reader.next()) {
      return false;
    }
    // The file's first packet follows its last one at once.
    offset = due - reader.time();
    return true;
  }

  /** When the present packet is due, in shard time; {@code Long.MAX_VALUE} if there is none. */
  long nextDeadline() {
    if (ended) {
      return Long.MAX_VALUE;
    }
    return options.timed() && started ? start + due : now;
  }

  /** The present time as the file counts it: nanoseconds since 1970. */
  long fileTime() {
    return started ? firstTime + (now - start) : firstTime;
  }

  void close() {
    ended = true;
    try {
      reader.close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "closing {0}: {1}", options.in(), e.getMessage());
    }
  }
}
