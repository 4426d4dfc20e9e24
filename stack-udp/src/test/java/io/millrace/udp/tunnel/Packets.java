package io.millrace.udp.tunnel;

import io.millrace.buf.Bytes;
import io.millrace.buf.Frame;
import io.millrace.buf.FramePool;
import java.util.HexFormat;

/** Frames from bytes, and bytes from frames. */
final class Packets {
  private static final HexFormat HEX = HexFormat.of();

  private Packets() {}

  static byte[] hex(String text) {
    return HEX.parseHex(text.replace(" ", ""));
  }

  static String hex(Frame frame) {
    byte[] bytes = new byte[frame.length()];
    Bytes.copyOut(frame.address(), bytes, 0, bytes.length);
    return HEX.formatHex(bytes);
  }

  static Frame frame(FramePool pool, byte[] bytes) {
    Frame frame = pool.allocate();
    Bytes.copyIn(bytes, 0, frame.append(bytes.length), bytes.length);
    return frame;
  }

  static Frame frame(FramePool pool, String text) {
    return frame(pool, hex(text));
  }
}
