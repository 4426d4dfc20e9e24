package io.millrace.port;

import io.millrace.buf.FramePool;
import io.millrace.capture.CaptureWriter;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;

/** A port whose traffic is written to pcapng files, one per queue. */
final class CapturingPort implements Port {
  private final Port inner;
  private final Path[] files;
  private final CaptureWriter[] writers;
  private final CapturingQueue[] queues;

  CapturingPort(Port inner, Path file, int snapLength) {
    this.inner = inner;
    int count = inner.info().queues();
    files = new Path[count];
    writers = new CaptureWriter[count];
    queues = new CapturingQueue[count];
    try {
      for (int i = 0; i < count; i++) {
        files[i] = fileOf(file, i);
        writers[i] = CaptureWriter.create(files[i], inner.info().name(), snapLength);
      }
    } catch (IOException e) {
      closeUnused();
      throw new PortException("option capture: " + e.getMessage(), e);
    }
  }

  /** The file itself for the first queue, {@code name-1.pcapng} and so on for the others. */
  private static Path fileOf(Path file, int index) {
    if (index == 0) {
      return file;
    }
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    int end = dot <= 0 ? name.length() : dot;
    return file.resolveSibling(name.substring(0, end) + "-" + index + name.substring(end));
  }

  @Override
  public PortInfo info() {
    return inner.info();
  }

  @Override
  public PortQueue queue(int index, FramePool pool) {
    Instant wall = Instant.now();
    long openedAt = wall.getEpochSecond() * 1_000_000_000L + wall.getNano();
    queues[index] =
        new CapturingQueue(
            inner.queue(index, pool), writers[index], files[index].toString(), openedAt);
    return queues[index];
  }

  @Override
  public void close() {
    try {
      inner.close();
    } finally {
      for (CapturingQueue queue : queues) {
        if (queue != null) {
          queue.close();
        }
      }
      closeUnused();
    }
  }

  /**
   * Closes the files of queues that nobody asked for; closing one of the others again does nothing.
   */
  private void closeUnused() {
    for (int i = 0; i < writers.length; i++) {
      if (queues[i] == null && writers[i] != null) {
        try {
          writers[i].close();
        } catch (IOException e) {
          // Nothing was captured into it, so there is nothing to lose.
        }
      }
    }
  }
}
