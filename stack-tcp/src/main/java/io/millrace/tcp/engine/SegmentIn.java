package io.millrace.tcp.engine;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.tcp.wire.TcpHeader;
import io.millrace.tcp.wire.TcpOptions;

/** The segment that has arrived, parsed once into the RFC's names. One object per shard. */
public final class SegmentIn {
  /** RFC 9293 §3.7.1 (MUST-15): what a peer takes over IPv6 that does not say. */
  private static final int DEFAULT_MSS_IPV6 = 1220;

  /** At most four SACK blocks fit into an option (RFC 2018 §3). */
  static final int MAX_SACK = 4;

  int seq;
  int ack;
  int flags;

  /** SEG.WND, not scaled. */
  int window;

  /** Bytes of data, SYN and FIN not counted. */
  int dataLength;

  /** The maximum segment size option, 0 if there is none. */
  int mss;

  /** The window scale option, -1 if there is none. */
  int windowScale;

  boolean sackPermitted;
  boolean hasTimestamps;
  int tsValue;
  int tsEcho;
  int sackCount;
  final int[] sackStart = new int[MAX_SACK];
  final int[] sackEnd = new int[MAX_SACK];

  /** The machine asks for a reset in answer to this segment. */
  boolean answerReset;

  /** The frame, its window on the data; null once the machine has taken it. */
  Frame frame;

  /** Creates an empty segment. */
  public SegmentIn() {}

  /**
   * Parses a header of {@code headerSize} bytes, which {@link TcpHeader#validate} has checked, and
   * moves the frame's window behind it.
   *
   * @return false if an option is malformed
   */
  public boolean parse(Frame newFrame, int headerSize) {
    long header = newFrame.address();
    frame = newFrame;
    seq = Bytes.i32(header + 4);
    ack = Bytes.i32(header + 8);
    int word = Bytes.i32(header + 12);
    flags = word >>> 16 & 0xff;
    window = word & 0xffff;
    dataLength = newFrame.length() - headerSize;
    sackCount = 0;
    answerReset = false;
    newFrame.pull(headerSize);
    if (headerSize == TcpHeader.MIN_SIZE + TcpOptions.TIMESTAMPS_SIZE
        && Bytes.i32(header + TcpHeader.MIN_SIZE) == TcpOptions.TIMESTAMPS_PREFIX) {
      hasTimestamps = true;
      tsValue = Bytes.i32(header + 24);
      tsEcho = Bytes.i32(header + 28);
      if ((flags & TcpHeader.SYN) != 0) {
        noHandshakeOptions();
      }
      return true;
    }
    hasTimestamps = false;
    if ((flags & TcpHeader.SYN) != 0) {
      noHandshakeOptions();
    }
    return headerSize == TcpHeader.MIN_SIZE
        || parseOptions(header + TcpHeader.MIN_SIZE, header + headerSize);
  }

  private void noHandshakeOptions() {
    // The first half of IPv4's addresses is 0.
    mss = frame.sourceHi() == 0 ? 0 : DEFAULT_MSS_IPV6;
    windowScale = -1;
    sackPermitted = false;
  }

  /**
   * RFC 9293 §3.1 (MUST-5 to MUST-7, MUST-64): any option in any segment, unknown ones skipped by
   * their length.
   */
  private boolean parseOptions(long at, long end) {
    while (at < end) {
      int kind = Bytes.u8(at);
      if (kind == TcpOptions.END) {
        return true;
      }
      if (kind == TcpOptions.NOP) {
        at++;
        continue;
      }
      if (at + 2 > end) {
        return false;
      }
      int length = Bytes.u8(at + 1);
      if (length < 2 || at + length > end) {
        return false;
      }
      option(kind, at, length);
      at += length;
    }
    return true;
  }

  /** An option of a known kind but another length than its own is skipped like an unknown one. */
  private void option(int kind, long at, int length) {
    switch (kind) {
      case TcpOptions.MSS -> {
        if (length == 4) {
          mss = Bytes.u16(at + 2);
        }
      }
      case TcpOptions.WINDOW_SCALE -> {
        if (length == 3) {
          // RFC 7323 §2.3: more than 14 is used as 14.
          windowScale = Math.min(Bytes.u8(at + 2), 14);
        }
      }
      case TcpOptions.SACK_PERMITTED -> sackPermitted |= length == 2;
      case TcpOptions.SACK -> sackBlocks(at + 2, length - 2);
      case TcpOptions.TIMESTAMPS -> {
        if (length == 10) {
          hasTimestamps = true;
          tsValue = Bytes.i32(at + 2);
          tsEcho = Bytes.i32(at + 6);
        }
      }
      default -> {
        // Unknown: skipped (RFC 9293 §3.1, MUST-6).
      }
    }
  }

  private void sackBlocks(long at, int length) {
    if (length % 8 != 0) {
      return;
    }
    int count = Math.min(length / 8, MAX_SACK);
    for (int i = 0; i < count; i++) {
      sackStart[i] = Bytes.i32(at + 8L * i);
      sackEnd[i] = Bytes.i32(at + 8L * i + 4);
    }
    sackCount = count;
  }

  /** Whether all bits of {@code mask} are set. */
  boolean has(int mask) {
    return (flags & mask) == mask;
  }

  /** SEG.LEN: data, and SYN and FIN as one each. */
  int length() {
    return dataLength + (flags & TcpHeader.FIN) + (flags >>> 1 & 1);
  }

  /** The frame if the machine has not taken it: the caller releases it. */
  public Frame takeFrame() {
    Frame left = frame;
    frame = null;
    return left;
  }

  /** Holds a frame that has not been parsed. */
  public void hold(Frame newFrame) {
    frame = newFrame;
  }

  /** Whether this opens a connection: SYN without ACK or RST. */
  public boolean isOnlySyn() {
    return (flags & (TcpHeader.SYN | TcpHeader.ACK | TcpHeader.RST)) == TcpHeader.SYN;
  }

  /** Whether the machine asks for a reset in answer to this segment (RFC 9293 §3.5.2). */
  public boolean answerReset() {
    return answerReset;
  }

  /** The control bits. */
  public int flags() {
    return flags;
  }

  /** The sequence number. */
  public int sequence() {
    return seq;
  }

  /** The acknowledgment number. */
  public int acknowledgment() {
    return ack;
  }

  /** SEG.LEN, for a reset in answer to it. */
  public int segmentLength() {
    return length();
  }
}
