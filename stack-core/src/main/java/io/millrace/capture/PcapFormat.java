package io.millrace.capture;

import java.io.IOException;

/**
 * The classic pcap format, in both byte orders, with microseconds or nanoseconds.
 *
 * <pre>
 *  file:   magic 4 | major 2 | minor 2 | zone 4 | accuracy 4 | snap length 4 | link type 4
 *  packet: seconds 4 | fraction 4 | captured length 4 | original length 4 | bytes
 * </pre>
 */
final class PcapFormat extends CaptureFormat {
  static final int MICROSECONDS = 0xa1b2c3d4;
  static final int NANOSECONDS = 0xa1b23c4d;

  private static final int FILE_HEADER = 20;
  private static final int PACKET_HEADER = 16;

  private final byte[] header = new byte[FILE_HEADER];
  private final int nanosPerUnit;

  /** The magic number has been read, and the input's byte order set by it. */
  PcapFormat(CaptureInput input, boolean nanoseconds) throws IOException {
    super(input);
    nanosPerUnit = nanoseconds ? 1 : 1_000;
    input.read(header, FILE_HEADER, "the file header");
    int major = input.u16(header, 0);
    if (major != 2) {
      throw input.refused("is pcap of version " + major + "; only version 2 can be read");
    }
    // The upper 16 bits may say that frames end with a check sequence.
    checkLinkType((int) input.u32(header, 16) & 0xffff);
  }

  @Override
  boolean next() throws IOException {
    if (input.atEnd()) {
      return false;
    }
    long start = input.position();
    input.read(header, PACKET_HEADER, "the header of packet", packets + 1);
    long captured = input.u32(header, 8);
    if (captured > MAX_PACKET) {
      throw input.damaged(
          start, packetName() + " claims " + captured + " bytes, more than " + MAX_PACKET);
    }
    length = (int) captured;
    originalLength = input.u32(header, 12);
    time = input.u32(header, 0) * 1_000_000_000L + input.u32(header, 4) * nanosPerUnit;
    room(length);
    input.read(data, length, "packet", packets + 1);
    packets++;
    return true;
  }
}
