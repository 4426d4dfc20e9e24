package io.millrace.driver.pcap;

import io.millrace.capture.CaptureReader;
import io.millrace.capture.CaptureWriter;
import io.millrace.capture.Direction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Capture files for tests, in and out. */
final class Captures {
  /** A packet and its time, in nanoseconds since 1970. */
  record Packet(long time, byte[] bytes) {}

  private Captures() {}

  static Path write(Path file, List<Packet> packets) {
    try (CaptureWriter writer = CaptureWriter.create(file, "test")) {
      for (Packet packet : packets) {
        writer.write(packet.time, Direction.UNKNOWN, packet.bytes);
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Packet> read(Path file) {
    List<Packet> packets = new ArrayList<>();
    try (CaptureReader reader = CaptureReader.open(file)) {
      while (reader.next()) {
        packets.add(new Packet(reader.time(), reader.toByteArray()));
      }
      return packets;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
