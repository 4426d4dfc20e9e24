package io.millrace.driver.pcap;

import io.millrace.buf.FramePool;
import io.millrace.capture.CaptureReader;
import io.millrace.capture.CaptureWriter;
import io.millrace.spi.Port;
import io.millrace.spi.PortException;
import io.millrace.spi.PortInfo;
import io.millrace.spi.PortQueue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** An open capture file, and perhaps a second one for what is sent. */
final class PcapPort implements Port {
  private static final long DEFAULT_MAC = 0x0200_0000_0001L;

  private final PortInfo info;
  private final PcapOptions options;
  private final Replay replay;
  private final CaptureWriter writer;
  private PcapQueue queue;
  private boolean closed;

  private PcapPort(PortInfo info, PcapOptions options, Replay replay, CaptureWriter writer) {
    this.info = info;
    this.options = options;
    this.replay = replay;
    this.writer = writer;
  }

  static PcapPort open(PcapOptions options) {
    try {
      long mac = options.mac() != 0 ? options.mac() : firstDestination(options.in());
      Replay replay = Replay.open(options);
      try {
        PortInfo info =
            new PortInfo(
                "pcap:" + options.in(),
                mac,
                options.mtu(),
                1,
                // Captures hold packets that a machine has merged, or not cut yet.
                PortInfo.RX_LARGE | (options.trust() ? PortInfo.RX_CHECKSUM : 0));
        return new PcapPort(info, options, replay, writer(options));
      } catch (IOException | RuntimeException e) {
        replay.close();
        throw e;
      }
    } catch (IOException e) {
      throw new PortException(e.getMessage(), e);
    }
  }

  private static CaptureWriter writer(PcapOptions options) throws IOException {
    Path out = options.out();
    if (out == null) {
      return null;
    }
    if (Files.exists(out) && Files.isSameFile(options.in(), out)) {
      throw new PortException(
          "option out=" + out + " is the file to be replayed; name another one");
    }
    return CaptureWriter.create(out, "millrace");
  }

  /** The address of the station that the capture is about, most likely. */
  private static long firstDestination(Path file) throws IOException {
    try (CaptureReader reader = CaptureReader.open(file)) {
      while (reader.next()) {
        long mac = destination(reader.toByteArray());
        if (mac != 0) {
          return mac;
        }
      }
      return DEFAULT_MAC;
    }
  }

  /** A single station's address, or 0: an odd first byte is a group's. */
  private static long destination(byte[] packet) {
    if (packet.length < 6 || (packet[0] & 1) != 0) {
      return 0;
    }
    long mac = 0;
    for (int i = 0; i < 6; i++) {
      mac = mac << 8 | (packet[i] & 0xff);
    }
    return mac;
  }

  @Override
  public PortInfo info() {
    return info;
  }

  @Override
  public PortQueue queue(int index, FramePool pool) {
    Objects.checkIndex(index, 1);
    if (queue != null || closed) {
      throw new IllegalStateException(info.name() + ": its queue has been given away already");
    }
    queue =
        new PcapQueue(replay, new Answers(writer, replay, options.out()), pool, options.trust());
    return queue;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    replay.close();
    if (writer != null) {
      Answers.close(writer, options.out());
    }
  }
}
