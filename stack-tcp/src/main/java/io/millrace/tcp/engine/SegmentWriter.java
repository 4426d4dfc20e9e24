package io.millrace.tcp.engine;

import io.millrace.buf.Bytes;
import io.millrace.buf.Checksum;
import io.millrace.buf.Frame;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.tcp.wire.TcpOptions;

/**
 * Writes what {@link SegmentOut} describes into a frame: header, options, data, checksum.
 * Stateless.
 */
public final class SegmentWriter {
  /** SACK permitted, and the kind and length of timestamps: together they need no padding. */
  private static final int SACK_AND_TIMESTAMPS = 0x0402_080a;

  /** Two NOPs and SACK permitted. */
  private static final int PADDED_SACK = 0x0101_0402;

  private SegmentWriter() {}

  /**
   * Writes the segment behind the headroom of an empty frame.
   *
   * @param ports our port in the high 16 bits, the peer's in the low ones
   * @param pseudo the pseudo-header's sum without the length
   * @param offload whether the port fills in the checksum
   */
  public static void write(Frame frame, SegmentOut out, int ports, long pseudo, boolean offload) {
    int size = TcpHeader.MIN_SIZE + out.optionsSize();
    long header = frame.append(size);
    TcpHeader.write(header, ports, out.seq, out.ack, size, out.flags, out.window);
    if (size != TcpHeader.MIN_SIZE) {
      options(out, header + TcpHeader.MIN_SIZE);
    }
    if (out.dataLength != 0) {
      out.data.fill(frame, out.dataOffset, out.dataLength);
    }
    long sum = pseudo + size + out.dataLength;
    if (offload) {
      Bytes.put16(header + TcpHeader.CHECKSUM, Checksum.fold(sum));
      frame.requestChecksum(header, TcpHeader.CHECKSUM);
      frame.segmentSize(out.segmentSize);
      return;
    }
    sum = Checksum.add(sum, header, frame.length());
    if (frame.tailLength() != 0) {
      sum = Checksum.add(sum, frame.tailAddress(), frame.tailLength());
    }
    Bytes.put16(header + TcpHeader.CHECKSUM, Checksum.finish(sum));
  }

  private static void options(SegmentOut out, long at) {
    if (out.mss != 0) {
      at = handshakeOptions(out, at);
    } else if (out.hasTimestamps) {
      Bytes.put32(at, TcpOptions.TIMESTAMPS_PREFIX);
      at = timestamps(out, at + 4);
    }
    if (out.sackCount != 0) {
      sack(out, at);
    }
  }

  private static long timestamps(SegmentOut out, long at) {
    Bytes.put32(at, out.tsValue);
    Bytes.put32(at + 4, out.tsEcho);
    return at + 8;
  }

  /** MSS; SACK permitted with the timestamps, or padded; window scale, padded. */
  private static long handshakeOptions(SegmentOut out, long at) {
    Bytes.put32(at, TcpOptions.MSS << 24 | 4 << 16 | out.mss);
    at += 4;
    if (out.hasTimestamps) {
      Bytes.put32(at, out.sackPermitted ? SACK_AND_TIMESTAMPS : TcpOptions.TIMESTAMPS_PREFIX);
      at = timestamps(out, at + 4);
    } else if (out.sackPermitted) {
      Bytes.put32(at, PADDED_SACK);
      at += 4;
    }
    if (out.windowScale >= 0) {
      Bytes.put32(
          at, TcpOptions.NOP << 24 | TcpOptions.WINDOW_SCALE << 16 | 3 << 8 | out.windowScale);
      at += 4;
    }
    return at;
  }

  private static void sack(SegmentOut out, long at) {
    Bytes.put32(
        at,
        TcpOptions.NOP << 24 | TcpOptions.NOP << 16 | TcpOptions.SACK << 8 | 2 + 8 * out.sackCount);
    at += 4;
    for (int i = 0; i < out.sackCount; i++) {
      Bytes.put32(at, out.sackStart[i]);
      Bytes.put32(at + 4, out.sackEnd[i]);
      at += 8;
    }
  }

  /**
   * Describes a reset in answer to a segment that belongs to nothing (RFC 9293 §3.5.2, group 1).
   */
  public static void reset(SegmentOut out, SegmentIn s) {
    out.clear();
    out.window = 0;
    if (s.has(TcpHeader.ACK)) {
      out.seq = s.ack;
      out.ack = 0;
      out.flags = TcpHeader.RST;
    } else {
      out.seq = 0;
      out.ack = s.seq + s.length();
      out.flags = TcpHeader.RST | TcpHeader.ACK;
    }
  }
}
